#include "Measure.h"

#include "lib/probe/Probe.h"
#include "runtime/Manifest.h"

#include <algorithm>
#include <chrono>
#include <sys/resource.h>
#include <thread>

namespace jarana::tools {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle]
                           : (values[middle - 1] + values[middle]) / 2;
}

/// Ids that differ, so that no row of an embedding stays in a cache; the same
/// in each run.
std::vector<int64_t> someIds(size_t count, int64_t vocabulary) {
  std::vector<int64_t> ids(count);
  uint64_t state = 1;
  for (int64_t &id : ids) {
    state = state * 6364136223846793005 +
            1442695040888963407; // Knuth's MMIX generator
    id = static_cast<int64_t>((state >> 33) % vocabulary);
  }
  return ids;
}

double peakMib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024.0;
}

int64_t vocabularyOf(const Bundle &bundle, const bundle::Manifest &manifest) {
  for (const TensorSpec &spec : bundle.outputs(manifest.state->entry))
    if (spec.name == manifest.state->logits && spec.shape.back() > 0)
      return spec.shape.back();
  throw Error("the size of the vocabulary is not known");
}

/// Seconds per step of `count` steps from `start`, each with the token that the
/// last one gave.
double decodeSeconds(Session &session, const Snapshot &start, size_t count,
                     std::vector<int64_t> ids) {
  session.rollback(start);
  session.decode(ids); // the first step touches memory that the prefill did not
  std::vector<double> steps;
  for (size_t i = 0; i < count; ++i) {
    auto begin = Clock::now();
    session.decode(ids);
    ids = session.sample();
    steps.push_back(seconds(begin));
  }
  return median(steps);
}

} // namespace

Times measure(const Bundle &bundle, const BenchOptions &options) {
  bundle::Manifest manifest = bundle::parseManifest(bundle.manifest());
  if (!manifest.state)
    throw Error("the bundle's model has no states: prefill and decode cannot "
                "be measured");
  int64_t vocabulary = vocabularyOf(bundle, manifest);
  uint32_t threads = options.threads
                         ? options.threads
                         : std::max(1u, std::thread::hardware_concurrency());
  uint64_t readBytes = manifest.weightBytesPerToken
                           ? manifest.weightBytesPerToken
                           : bundle.weightBytes();
  std::vector<int64_t> prompt =
                           someIds(options.prompt * options.batch, vocabulary),
                       first = someIds(options.batch, vocabulary);

  Session session(
      bundle, {options.batch, threads, options.context + options.generate + 1});
  Session prefiller(bundle, {options.batch, threads, 0});
  session.prefill(someIds(options.context * options.batch, vocabulary));
  Snapshot start = session.snapshot();
  prefiller.prefill(prompt);
  decodeSeconds(session, start, std::min<size_t>(options.generate, 4), first);

  Times times;
  times.peakMib = peakMib();
  std::vector<double> read, fma, prefill, fmaShare, decode, bandwidthShare;
  for (size_t round = 0; round < options.rounds; ++round) {
    fma.push_back(probe::fmaPeak(static_cast<int>(threads)));
    prefiller.reset();
    auto begin = Clock::now();
    prefiller.prefill(prompt);
    double took = seconds(begin);
    prefill.push_back(prompt.size() / took);
    fmaShare.push_back(double(manifest.flopsPerToken) * prompt.size() / took /
                       fma.back());

    read.push_back(probe::readBandwidth(readBytes, static_cast<int>(threads)));
    double step = decodeSeconds(session, start, options.generate, first);
    decode.push_back(step * 1e3);
    bandwidthShare.push_back(double(manifest.weightBytesPerToken) / step /
                             read.back());
  }
  times.readBandwidth = median(read);
  times.fmaPeak = median(fma);
  times.prefillTokensPerSecond = median(prefill);
  times.fmaShare = median(fmaShare);
  times.decodeMsPerToken = median(decode);
  times.bandwidthShare = median(bandwidthShare);
  return times;
}

} // namespace jarana::tools
