// The threads of a session: each part is done once, whoever does it.
#include "runtime/Team.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <sched.h>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace jarana::runtime;

namespace {

struct Record {
  std::vector<std::atomic<int>> done;
  std::vector<std::thread::id> threads;
  std::vector<void *> scratch;
  std::atomic<bool> wrong{false};
  explicit Record(size_t parts) : done(parts), threads(parts), scratch(parts) {}
  bool isComplete(int times) const {
    for (const std::atomic<int> &count : done)
      if (count != times)
        return false;
    return !wrong;
  }
};

void note(jarana_code_context *context, void *data, int64_t part,
          int64_t parts) {
  Record &record = *static_cast<Record *>(data);
  if (parts != static_cast<int64_t>(record.done.size()))
    record.wrong = true;
  ++record.done[part];
  record.threads[part] = std::this_thread::get_id();
  record.scratch[part] = context->scratch;
}

void run(Team &team, jarana_code_part body, void *data) {
  team.context()->parallel(team.context(), body, data);
}

size_t countThreads() {
  namespace fs = std::filesystem;
  return std::distance(fs::directory_iterator("/proc/self/task"),
                       fs::directory_iterator());
}

/// Runs `body` in a child process; whether it gave true.
template <class Body> bool inChild(Body body) {
  pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Team, DoesEachPartOnce) {
  for (uint32_t threads : {1u, 2u, 3u, 16u, 64u}) {
    Team team({threads, 0, 0, false});
    Record record(threads);
    for (int job = 1; job <= 500; ++job)
      run(team, note, &record);
    EXPECT_TRUE(record.isComplete(500)) << threads;
    EXPECT_LT(team.started(), threads);
  }
}

TEST(Team, WorksAfterItsThreadsFellAsleep) {
  Team team({3, 0, 0, false});
  Record record(3);
  for (int job = 1; job <= 20; ++job) {
    run(team, note, &record);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(record.isComplete(20));
}

TEST(Team, GivesEachPartMemoryOfItsOwn) {
  Team team({5, 100, 0, false});
  Record record(5);
  run(team, note, &record);
  std::set<void *> places(record.scratch.begin(), record.scratch.end());
  EXPECT_EQ(places.size(), 5u);
  auto previous = reinterpret_cast<uintptr_t>(*places.begin()) - 128;
  for (void *place : places) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(place) % 64, 0u);
    EXPECT_GE(reinterpret_cast<uintptr_t>(place) - previous, 128u);
    previous = reinterpret_cast<uintptr_t>(place);
  }
}

struct Nested {
  std::atomic<int> inner{0};
  std::atomic<bool> wrong{false};
};

TEST(Team, ARegionWithinAPartIsOnePart) {
  Team team({4, 0, 0, false});
  Nested nested;
  auto inner = [](jarana_code_context *, void *data, int64_t part,
                  int64_t parts) {
    auto &nested = *static_cast<Nested *>(data);
    ++nested.inner;
    if (part != 0 || parts != 1)
      nested.wrong = true;
  };
  static jarana_code_part innerBody = inner;
  for (int job = 0; job < 100; ++job)
    run(
        team,
        [](jarana_code_context *context, void *data, int64_t, int64_t) {
          context->parallel(context, innerBody, data);
        },
        &nested);
  EXPECT_EQ(nested.inner, 400);
  EXPECT_FALSE(nested.wrong);
}

TEST(Team, ManyAtOnce) {
  std::vector<std::thread> callers;
  std::atomic<int> complete{0};
  for (int i = 0; i < 16; ++i)
    callers.emplace_back([&, i] {
      Team team({static_cast<uint32_t>(1 + i % 5), 0, 0, false});
      Record record(team.threads());
      for (int job = 0; job < 200; ++job)
        run(team, note, &record);
      complete += record.isComplete(200);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(complete, 16);
}

TEST(Team, ThreadsEndWithIt) {
  size_t before = countThreads();
  {
    Team team({4, 0, 0, false});
    Record record(4);
    EXPECT_EQ(countThreads(), before); // none before there is work
    run(team, note, &record);
    EXPECT_EQ(countThreads(), before + team.started());
  }
  EXPECT_EQ(countThreads(), before);
}

TEST(Team, ThreadsHandleNoSignals) {
  Team team({4, 0, 0, false});
  std::thread::id caller = std::this_thread::get_id();
  struct Data {
    std::thread::id caller;
    std::atomic<int> open{0};
  } data{caller, {}};
  for (int job = 0; job < 50; ++job)
    run(
        team,
        [](jarana_code_context *, void *argument, int64_t, int64_t) {
          auto &data = *static_cast<Data *>(argument);
          sigset_t mask;
          ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
          if (std::this_thread::get_id() != data.caller &&
              !sigismember(&mask, SIGINT))
            ++data.open;
        },
        &data);
  EXPECT_EQ(data.open, 0);
  sigset_t mask; // the caller's own is as before
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_FALSE(sigismember(&mask, SIGINT));
}

TEST(Team, StaysOnProcessorsWhereAsked) {
  Team team({3, 0, 0, true});
  struct Data {
    std::thread::id caller = std::this_thread::get_id();
    std::atomic<int> loose{0};
  } data;
  for (int job = 0; job < 50; ++job)
    run(
        team,
        [](jarana_code_context *, void *argument, int64_t, int64_t) {
          auto &data = *static_cast<Data *>(argument);
          cpu_set_t set;
          if (std::this_thread::get_id() != data.caller &&
              ::sched_getaffinity(0, sizeof set, &set) == 0 &&
              CPU_COUNT(&set) != 1)
            ++data.loose;
        },
        &data);
  EXPECT_EQ(data.loose, 0);
}

TEST(Team, GoesOnInAChildProcess) {
  Team team({4, 0, 0, false});
  Record record(4);
  run(team, note, &record);
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(inChild([&] {
      for (int job = 2; job <= 101; ++job)
        run(team, note, &record);
      return record.isComplete(101) && countThreads() == 1 + team.started();
    }));
  run(team, note, &record);
  EXPECT_TRUE(record.isComplete(2));
}

TEST(Team, EndsInAChildProcessThatDoesNotUseIt) {
  auto team = std::make_unique<Team>(Team::Options{4, 0, 0, false});
  Record record(4);
  run(*team, note, &record);
  EXPECT_TRUE(inChild([&] {
    team.reset();
    return true;
  }));
}

TEST(Team, WorksWithoutThreads) {
  EXPECT_TRUE(inChild([] {
    // The limit is for all processes of a user, and not for root.
    if (::getuid() == 0 && ::setresuid(61234, 61234, 61234) != 0)
      return false;
    rlimit limit = {1, 1};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0)
      return false;
    Team team({8, 64, 0, false});
    Record record(8);
    for (int job = 0; job < 100; ++job)
      run(team, note, &record);
    return record.isComplete(100) && team.started() == 0;
  }));
}

TEST(Team, WorksWithFewerThreads) {
  EXPECT_TRUE(inChild([] {
    if (::getuid() == 0 && ::setresuid(61235, 61235, 61235) != 0)
      return false;
    rlimit limit = {4, 4};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0)
      return false;
    Team team({8, 64, 0, false});
    Record record(8);
    for (int job = 0; job < 100; ++job)
      run(team, note, &record);
    return record.isComplete(100) && team.started() < 7;
  }));
}

TEST(Team, ThereIsAProcessorAtLeast) {
  EXPECT_GE(usableProcessors(), 1u);
  EXPECT_TRUE(inChild([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    ::sched_getaffinity(0, sizeof one, &one);
    int first = 0;
    while (!CPU_ISSET(first, &one))
      ++first;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    return ::sched_setaffinity(0, sizeof one, &one) == 0 &&
           usableProcessors() == 1;
  }));
}

} // namespace
