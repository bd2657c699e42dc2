// How many processors there are for this process.
#include "runtime/Team.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace jarana::runtime {
namespace {

/// The beginning of a small file of the kernel's; empty where there is none.
std::string readStart(const std::string &path) {
  std::string text(4096, '\0');
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return {};
  ssize_t got = ::read(fd, text.data(), text.size());
  ::close(fd);
  text.resize(got > 0 ? got : 0);
  return text;
}

bool parse(std::string_view &text, uint64_t &number) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc())
    return false;
  text.remove_prefix(end - text.data());
  return true;
}

/// "MICROSECONDS PERIOD" of cpu.max, as whole processors; 0: no limit.
uint64_t limitOf(const std::string &group) {
  std::string text = readStart("/sys/fs/cgroup" + group + "/cpu.max");
  std::string_view rest = text;
  uint64_t time = 0, period = 0;
  if (!parse(rest, time) || rest.empty() || rest.front() != ' ')
    return 0;
  rest.remove_prefix(1);
  if (!parse(rest, period) || period == 0)
    return 0;
  return std::max<uint64_t>(1, time / period);
}

/// The least limit of this process's control group (version 2) and those around
/// it; 0: no limit.
uint64_t groupLimit() {
  std::string text = readStart("/proc/self/cgroup");
  size_t at = text.rfind("0::/", 0) == 0 ? 0 : text.find("\n0::/");
  if (at == std::string::npos)
    return 0;
  at = text.find('/', at);
  std::string group = text.substr(at, text.find('\n', at) - at);
  uint64_t least = 0;
  for (;;) {
    while (!group.empty() && group.back() == '/')
      group.pop_back();
    if (uint64_t limit = limitOf(group))
      least = least ? std::min(least, limit) : limit;
    if (group.empty())
      return least;
    group.resize(group.rfind('/'));
  }
}

uint64_t allowedCount() {
  for (int count = 1024; count <= 1 << 20; count *= 2) {
    cpu_set_t *set = CPU_ALLOC(count);
    if (!set)
      break;
    size_t bytes = CPU_ALLOC_SIZE(count);
    int allowed =
        ::sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (allowed > 0)
      return allowed;
  }
  long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? online : 1;
}

} // namespace

uint32_t usableProcessors() {
  uint64_t count = allowedCount();
  if (uint64_t limit = groupLimit())
    count = std::min(count, limit);
  return static_cast<uint32_t>(std::min<uint64_t>(count, 4096));
}

} // namespace jarana::runtime
