#include "runtime/Team.h"
#include "runtime/Status.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jarana::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// A thread that waits looks at memory for a while, as work mostly comes at
// once; then it lets others run between two looks; then it sleeps.
constexpr auto lookFor = std::chrono::microseconds(20);
constexpr auto yieldFor = std::chrono::microseconds(1000);
// The caller leaves parts to their threads for so long: these have their data
// in a near cache.
constexpr auto leaveFor = std::chrono::microseconds(5);

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Looks until done() or for `looking`, then for `yielding` letting others run.
/// Whether it is done.
template <class Done>
bool spin(Done done, Clock::duration looking, Clock::duration yielding) {
  Clock::time_point start;
  for (unsigned i = 0;; ++i) {
    if (done())
      return true;
    if (i % 64 != 63) {
      pause();
      continue;
    }
    Clock::time_point now = Clock::now();
    if (i == 63)
      start = now;
    if (now - start < looking)
      continue;
    while (Clock::now() - start < looking + yielding) {
      ::sched_yield();
      if (done())
        return true;
    }
    return false;
  }
}

void sleepWhile(std::atomic<uint32_t> &word, uint32_t value) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void wakeAll(std::atomic<uint32_t> &word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr,
            0);
}

/// The processors that this thread may run on.
std::vector<int> allowedProcessors() {
  std::vector<int> result;
  for (int count = 1024; count <= 1 << 20; count *= 2) {
    cpu_set_t *set = CPU_ALLOC(count);
    if (!set)
      return result;
    size_t bytes = CPU_ALLOC_SIZE(count);
    bool ok = ::sched_getaffinity(0, bytes, set) == 0;
    for (int i = 0; ok && i < count; ++i)
      if (CPU_ISSET_S(i, bytes, set))
        result.push_back(i);
    CPU_FREE(set);
    if (ok)
      break;
  }
  return result;
}

void stayOn(int processor) {
  cpu_set_t *set = CPU_ALLOC(processor + 1);
  if (!set)
    return;
  size_t bytes = CPU_ALLOC_SIZE(processor + 1);
  CPU_ZERO_S(bytes, set);
  CPU_SET_S(processor, bytes, set);
  ::sched_setaffinity(0, bytes, set); // if not, it runs where it may
  CPU_FREE(set);
}

} // namespace

/// Tells whether this is still the process in which it was set: a child has
/// none of its parent's threads. A page that the kernel empties in a child is
/// the cheapest sign, and needs no handler.
class Team::ForkMark {
public:
  ForkMark() : bytes(static_cast<size_t>(::sysconf(_SC_PAGESIZE))) {
    void *made = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
      return;
    if (::madvise(made, bytes, MADV_WIPEONFORK) == 0)
      page = static_cast<volatile uint32_t *>(made);
    else
      ::munmap(made, bytes);
  }
  ~ForkMark() {
    if (page)
      ::munmap(const_cast<uint32_t *>(page), bytes);
  }
  ForkMark(const ForkMark &) = delete;
  void set() {
    if (page)
      *page = 1;
    process = ::getpid();
  }
  bool isSet() const { return page ? *page == 1 : ::getpid() == process; }

private:
  size_t bytes;
  pid_t process = 0;
  volatile uint32_t *page = nullptr;
};

Team::Team(const Options &wanted) : options(wanted), parts(wanted.threads) {
  uint64_t bytes = (options.scratchBytes + 63) / 64 * 64, all;
  if (bytes < options.scratchBytes ||
      __builtin_mul_overflow(bytes, options.threads, &all))
    throw StatusError(JARANA_OUT_OF_MEMORY,
                      "cannot allocate " +
                          std::to_string(options.scratchBytes) +
                          " bytes for each thread");
  scratch.reserve(all);
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i].context = {i == 0 && parts.size() > 1 ? parallel : alone,
                        bytes ? scratch.data() + i * bytes : scratch.data()};
    parts[i].team = this;
  }
  // All that starting needs is here before compiled code runs.
  mark = std::make_unique<ForkMark>();
  workers.resize(parts.size() - 1);
  std::vector<int> processors;
  if (options.pinned)
    processors = allowedProcessors();
  for (size_t i = 0; i < workers.size(); ++i) {
    workers[i].team = this;
    workers[i].number = static_cast<uint32_t>(i + 1);
    if (!processors.empty())
      workers[i].processor = processors[(i + 1) % processors.size()];
  }
}

Team::~Team() {
  if (!mark->isSet())
    return; // nothing was started, or this is a child after fork
  stopping = true;
  job.fetch_add(1);
  wakeAll(job);
  for (uint32_t i = 0; i < running; ++i)
    ::pthread_join(workers[i].thread, nullptr);
}

void Team::alone(jarana_code_context *context, jarana_code_part body,
                 void *data) {
  body(context, data, 0, 1);
}

void Team::parallel(jarana_code_context *context, jarana_code_part body,
                    void *data) {
  Team &team = *reinterpret_cast<Part *>(context)->team;
  if (team.inJob) // within a part of the caller's
    return alone(context, body, data);
  team.run(body, data);
}

void Team::run(jarana_code_part newBody, void *newData) {
  if (!mark->isSet())
    start();
  inJob = true;
  body = newBody;
  data = newData;
  unfinished.store(threads(), std::memory_order_relaxed);
  uint32_t number = job.load(std::memory_order_relaxed) + 1;
  // Either a worker that falls asleep sees the new number, or it is seen here.
  job.store(number, std::memory_order_seq_cst);
  if (asleep.load(std::memory_order_seq_cst) > 0)
    wakeAll(job);
  for (size_t part = 0; part < parts.size(); part += started() + 1)
    take(part, number);
  auto finished = [&] {
    return unfinished.load(std::memory_order_acquire) == 0;
  };
  if (!spin(finished, leaveFor, Clock::duration::zero())) {
    for (size_t part = 1; part < parts.size(); ++part)
      take(part, number);
    waitUntilFinished();
  }
  inJob = false;
}

/// A part goes from job to job, taken once in each: who comes too late finds it
/// taken, for this job or a later one.
void Team::take(size_t index, uint32_t number) {
  Part &part = parts[index];
  uint32_t before = number - 1;
  if (part.claimed.load(std::memory_order_relaxed) != before ||
      !part.claimed.compare_exchange_strong(before, number,
                                            std::memory_order_acq_rel))
    return;
  body(&part.context, data, static_cast<int64_t>(index),
       static_cast<int64_t>(parts.size()));
  if (unfinished.fetch_sub(1, std::memory_order_seq_cst) == 1 &&
      callerAsleep.load(std::memory_order_seq_cst))
    wakeAll(unfinished);
}

void Team::waitUntilFinished() {
  auto finished = [&] {
    return unfinished.load(std::memory_order_acquire) == 0;
  };
  if (spin(finished, lookFor, yieldFor))
    return;
  callerAsleep.store(1, std::memory_order_seq_cst);
  while (uint32_t left = unfinished.load(std::memory_order_seq_cst))
    sleepWhile(unfinished, left);
  callerAsleep.store(0, std::memory_order_relaxed);
}

/// In a child process nothing is left of what the parent's workers did.
void Team::start() noexcept {
  job.store(0);
  asleep.store(0);
  callerAsleep.store(0);
  for (Part &part : parts)
    part.claimed.store(0);
  // Handlers of the program's signals are not run by threads that it does not
  // know.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // They look at `running` after the next job's number.
  for (running = 0; running < workers.size(); ++running)
    if (!startWorker(workers[running]))
      break;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  mark->set();
}

bool Team::startWorker(Worker &worker) {
  worker.seen = 0;
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0)
    return false;
  // glibc takes a program's thread-local variables from the stack.
  constexpr size_t room = 512 << 10;
  size_t wanted = room + (options.stackBytes + 4095) / 4096 * 4096;
  ::pthread_attr_setstacksize(&attributes, wanted);
  int error = ::pthread_create(&worker.thread, &attributes, work, &worker);
  if (error == EINVAL) // more of them than that
    error = ::pthread_create(&worker.thread, nullptr, work, &worker);
  ::pthread_attr_destroy(&attributes);
  return error == 0;
}

void *Team::work(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  Team &team = *worker.team;
  ::pthread_setname_np(::pthread_self(), "jarana");
  if (worker.processor >= 0)
    stayOn(worker.processor);
  for (;;) {
    auto isNew = [&] {
      return team.job.load(std::memory_order_acquire) != worker.seen;
    };
    if (!spin(isNew, lookFor, yieldFor)) {
      team.asleep.fetch_add(1, std::memory_order_seq_cst);
      while (team.job.load(std::memory_order_seq_cst) == worker.seen)
        sleepWhile(team.job, worker.seen);
      team.asleep.fetch_sub(1, std::memory_order_relaxed);
    }
    worker.seen = team.job.load(std::memory_order_acquire);
    if (team.stopping.load(std::memory_order_relaxed))
      return nullptr;
    for (size_t part = worker.number; part < team.parts.size();
         part += team.running + 1)
      team.take(part, worker.seen);
  }
}

} // namespace jarana::runtime
