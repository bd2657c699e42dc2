#include "lib/reference/operators/Parallel.h"

#include <algorithm>
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
  std::vector<std::thread> workers;
  for (int64_t i = 1; i < threads; ++i)
    workers.emplace_back(
        [&, i] { body(count * i / threads, count * (i + 1) / threads); });
  body(0, count / threads);
  for (std::thread &worker : workers)
    worker.join();
}

} // namespace jarana::reference
