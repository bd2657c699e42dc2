// The threads that work for one session or call.
//
// Work is cut into as many parts as threads were asked for, whatever became of
// them: a part is done by the thread of its number, or by the caller where that
// thread does not exist or comes too late. So the results are the same when the
// system gives fewer threads, and the caller never waits for a thread that has
// not begun.
#pragma once

#include "runtime/CodeContext.h"
#include "runtime/Memory.h"

#include <atomic>
#include <memory>
#include <pthread.h>
#include <vector>

namespace jarana::runtime {

class Team {
public:
  struct Options {
    uint32_t threads = 1;      ///< the caller's included
    uint64_t scratchBytes = 0; ///< for each part
    uint64_t stackBytes = 0;   ///< that a part needs
    bool pinned = false;       ///< each thread stays on a processor of its own
  };
  /// Throws StatusError where there is no memory. Threads start with the first
  /// work; where the system refuses some, there are fewer.
  explicit Team(const Options &options);
  ~Team();
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;

  /// What compiled code gets; one thread at a time may use it.
  jarana_code_context *context() { return &parts.front().context; }
  uint32_t threads() const { return static_cast<uint32_t>(parts.size()); }
  /// Threads that were started, without the caller's.
  uint32_t started() const { return running; }

private:
  struct alignas(64) Part {
    jarana_code_context context; ///< the first: a context is in its part
    Team *team = nullptr;
    std::atomic<uint32_t> claimed{0}; ///< the last job of which it was taken
  };
  struct Worker {
    Team *team = nullptr;
    uint32_t number = 0; ///< from 1: the caller is 0
    uint32_t seen = 0;   ///< the last job that it need not look at
    int processor = -1;  ///< to stay on; -1: any
    pthread_t thread = {};
  };
  class ForkMark;

  static void parallel(jarana_code_context *, jarana_code_part, void *);
  static void alone(jarana_code_context *, jarana_code_part, void *);
  static void *work(void *worker);
  void run(jarana_code_part body, void *data);
  void start() noexcept;
  bool startWorker(Worker &worker);
  void take(size_t part, uint32_t job);
  void waitUntilFinished();

  Options options;
  Buffer scratch;
  std::vector<Part> parts;
  std::vector<Worker> workers;    ///< as many as there may be
  uint32_t running = 0;           ///< those of them that have a thread
  std::unique_ptr<ForkMark> mark; ///< of the process that they are in
  bool inJob = false;
  std::atomic<bool> stopping{false};

  // The job: written before its number, read after a part of it was claimed.
  jarana_code_part body = nullptr;
  void *data = nullptr;
  alignas(64) std::atomic<uint32_t> job{0};
  std::atomic<uint32_t> asleep{
      0}; ///< workers that wait for a job in the kernel
  alignas(64) std::atomic<uint32_t> unfinished{0}; ///< parts of the job
  std::atomic<uint32_t> callerAsleep{0};
};

/// The processors that this process may keep busy: those that it may run on,
/// at most what its control group has time for; at least 1.
uint32_t usableProcessors();

} // namespace jarana::runtime
