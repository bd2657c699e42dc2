#include "lib/probe/Probe.h"
#include "lib/probe/Loops.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstring>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace jarana::probe {
namespace {

using Clock = std::chrono::steady_clock;

// A result that depends on all work is stored here, so that no work can be left
// out.
volatile float sink;

/// Seconds from when the first of the threads, all of which have run
/// prepare(t), starts work(t) until the last has ended it. The threads read the
/// clock: this one may be asleep when they start.
template <class Prepare, class Work>
double timed(int threads, Prepare prepare, Work work) {
  std::barrier ready(threads);
  std::vector<std::thread> team;
  std::vector<Clock::time_point> starts(threads), ends(threads);
  for (int t = 0; t < threads; ++t)
    team.emplace_back([&, t] {
      prepare(t);
      ready.arrive_and_wait();
      starts[t] = Clock::now();
      work(t);
      ends[t] = Clock::now();
    });
  for (std::thread &thread : team)
    thread.join();
  auto first = *std::min_element(starts.begin(), starts.end());
  auto last = *std::max_element(ends.begin(), ends.end());
  return std::chrono::duration<double>(last - first).count();
}

struct AlignedDelete {
  void operator()(float *p) const {
    ::operator delete(p, std::align_val_t(64));
  }
};

constexpr double kSeconds = 0.1;

} // namespace

double readBandwidth(size_t bytes, int threads) {
  threads = std::max(threads, 1);
  // Whole steps per thread; small requests are rounded up to one step each.
  constexpr size_t step = 512;
  size_t perThread =
      std::max<size_t>(bytes / sizeof(float) / threads / step, 1) * step;
  size_t count = perThread * threads;
  std::unique_ptr<float, AlignedDelete> data(static_cast<float *>(
      ::operator new(count * sizeof(float), std::align_val_t(64))));
  auto fill = [&](int t) {
    std::fill_n(data.get() + t * perThread, perThread, 1.0f);
  };
  auto read = [&](int t, size_t times) {
    float total = 0;
    for (size_t i = 0; i < times; ++i)
      total += loops().sum(data.get() + t * perThread, perThread);
    sink = total;
  };
  timed(threads, fill, [](int) {});
  auto nothing = [](int) {};
  // One pass warms up and tells how many passes fill the time.
  double once = timed(threads, nothing, [&](int t) { read(t, 1); });
  size_t times = std::clamp<size_t>(
      static_cast<size_t>(kSeconds / std::max(once, 1e-7)), 1, 1000000);
  double seconds = timed(threads, nothing, [&](int t) { read(t, times); });
  return static_cast<double>(count * sizeof(float)) * times / seconds;
}

double fmaPeak(int threads) {
  threads = std::max(threads, 1);
  auto work = [&](size_t rounds) {
    return timed(
        threads, [](int) {}, [&](int) { sink = loops().multiplyAdd(rounds); });
  };
  constexpr size_t trial = 200000;
  double once = work(trial);
  size_t rounds = std::max<size_t>(
      static_cast<size_t>(trial * kSeconds / std::max(once, 1e-5)), trial);
  double seconds = work(rounds);
  return static_cast<double>(loops().operationsPerRound) * rounds * threads /
         seconds;
}

} // namespace jarana::probe
