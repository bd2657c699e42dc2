// jarana-bench: times a bundle next to probes of the machine, and computes the
// perplexity of a text.
#include "Measure.h"

#include "tools/common/Options.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace jarana;
using namespace jarana::tools;

namespace {

constexpr const char *benchOptions[] = {"prompt", "generate", "context",
                                        "batch", "rounds"};

void writeReport(const std::string &path, const std::string &text) {
  std::ofstream file(path);
  file << text << "\n";
  file.close();
  if (!file)
    throw Error("cannot write '" + path + "'");
}

int run(const Options &options) {
  if (options.positional().size() != 1)
    throw UsageError("one bundle is needed; see --help");
  if (options.has("perplexity") != options.has("tokenizer"))
    throw UsageError("--perplexity=TEXT and --tokenizer=FILE go together");
  BenchOptions bench;
  bench.prompt = options.number("prompt", bench.prompt, 1, 1 << 20);
  bench.generate = options.number("generate", bench.generate, 1, 1 << 20);
  bench.context = options.number("context", bench.context, 1, 1 << 20);
  bench.rounds = options.number("rounds", bench.rounds, 1, 1000);
  bench.batch = static_cast<uint32_t>(options.number("batch", 1, 1, 1 << 16));
  bench.threads = static_cast<uint32_t>(options.number("threads", 0, 1, 4096));

  auto start = std::chrono::steady_clock::now();
  Bundle bundle(options.positional()[0]);
  nlohmann::ordered_json report;
  if (bundle.hasState())
    Session session(bundle, {bench.batch, bench.threads, 0});
  double loadMs = std::chrono::duration<double, std::milli>(
                      std::chrono::steady_clock::now() - start)
                      .count();

  // A perplexity alone is about the model, not the machine: times are taken too
  // where they were asked for.
  bool times = !options.has("perplexity");
  for (const char *name : benchOptions)
    times = times || options.has(name);
  if (times) {
    Times measured = measure(bundle, bench);
    report["probe"] = {{"read_gb_per_s", measured.readBandwidth / 1e9},
                       {"fma_gflop_per_s", measured.fmaPeak / 1e9}};
    report["prefill"] = {{"tokens", bench.prompt * bench.batch},
                         {"tokens_per_s", measured.prefillTokensPerSecond},
                         {"fma_share", measured.fmaShare}};
    report["decode"] = {{"context", bench.context},
                        {"batch", bench.batch},
                        {"ms_per_token", measured.decodeMsPerToken},
                        {"bandwidth_share", measured.bandwidthShare}};
    report["load_ms"] = loadMs;
    report["peak_mib"] = measured.peakMib;
    std::printf("probe     %.1f GB/s read, %.1f GFLOP/s multiply-add\n",
                measured.readBandwidth / 1e9, measured.fmaPeak / 1e9);
    std::printf(
        "prefill   %zu tokens: %.1f tokens/s, %.3f of the multiply-add probe\n",
        bench.prompt * bench.batch, measured.prefillTokensPerSecond,
        measured.fmaShare);
    std::printf("decode    context %zu, batch %u: %.3f ms/step, %.3f of the "
                "read probe\n",
                bench.context, bench.batch, measured.decodeMsPerToken,
                measured.bandwidthShare);
    std::printf("load      %.2f ms\npeak      %.1f MiB\n", loadMs,
                measured.peakMib);
  }
  if (options.has("perplexity")) {
    Perplexity found = perplexity(bundle, options.text("perplexity"),
                                  options.text("tokenizer"), bench.threads);
    report["perplexity"] = found.perplexity;
    report["nll_per_token"] = found.nllPerToken;
    report["predictions"] = found.predictions;
    std::printf("perplexity %.6f over %zu predictions\n", found.perplexity,
                found.predictions);
  }
  if (options.has("json"))
    writeReport(options.text("json"), report.dump(1));
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  Options options(
      "usage: jarana-bench OUT.jarana [--prompt=512 --generate=64 "
      "--context=128 --batch=1] [--json=FILE]\n"
      "       jarana-bench OUT.jarana --perplexity=TEXT "
      "--tokenizer=tokenizer.json [--json=FILE]\n"
      "\n"
      "Times prefill and decode in rounds interleaved with probes of this "
      "machine (multiply-add peak, and read bandwidth over\n"
      "as many bytes as a decode step reads), and gives medians and shares of "
      "the probes.\n"
      "\n"
      "examples:\n"
      "  jarana-bench demo.jarana --json=bench.json\n"
      "  jarana-bench demo.jarana --perplexity=heldout.txt "
      "--tokenizer=tokenizer.json\n",
      {{"prompt", "N", "tokens of a prefill (default 512)"},
       {"generate", "N", "decode steps per round (default 64)"},
       {"context", "N", "tokens before the first decode step (default 128)"},
       {"batch", "N", "sequences that advance together (default 1)"},
       {"rounds", "N", "default 5"},
       {"threads", "N", "default: all processors"},
       {"perplexity", "TEXT", "a text file, in windows of 512 predictions"},
       {"tokenizer", "FILE", "tokenizer.json (byte-level BPE)"},
       {"json", "FILE", "write the figures as JSON too"}});
  return runTool("jarana-bench", options, argc, argv, run);
}
