#include "lib/reference/operators/Parallel.h"

#include "lib/reference/Exact.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace jarana::reference {

void inParallel(int64_t count, double cost,
                const std::function<void(int64_t, int64_t)> &body) {
  constexpr double worthAThread = 4e6;
  int64_t threads = std::min<int64_t>(
      {count, static_cast<int64_t>(std::thread::hardware_concurrency()),
       static_cast<int64_t>(cost / worthAThread)});
  if (threads <= 1)
    return body(0, count);
  struct Part {
    std::thread thread;
    uint64_t decisions = 0;
    uint32_t assumptions = 0;
    std::exception_ptr thrown;
  };
  std::vector<Part> parts(threads);
  auto run = [&](int64_t i) {
    try {
      body(count * i / threads, count * (i + 1) / threads);
    } catch (...) {
      parts[i].thrown = std::current_exception();
    }
  };
  bool usesPlaces = ExactPlaces::areUsed;
  int64_t started = 1;
  try {
    for (; started < threads; ++started)
      parts[started].thread = std::thread([&, i = started] {
        ExactPlaces::areUsed = usesPlaces;
        run(i);
        parts[i].decisions = ExactEvents::decisions;
        parts[i].assumptions = ExactEvents::assumptions;
      });
  } catch (const std::system_error &) { // no more threads: the work is ours
  }
  run(0);
  for (int64_t i = started; i < threads; ++i)
    run(i);
  for (Part &part : parts) {
    if (part.thread.joinable())
      part.thread.join();
    ExactEvents::decisions += part.decisions;
    ExactEvents::assumptions |= part.assumptions;
  }
  for (const Part &part : parts)
    if (part.thrown)
      std::rethrow_exception(part.thrown);
}

} // namespace jarana::reference
