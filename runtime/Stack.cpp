#include "runtime/Stack.h"
#include "runtime/Status.h"

#include <pthread.h>
#include <string>

namespace jarana::runtime {
namespace {

/// Of a thread, found when it first asks.
struct Bounds {
  bool asked = false;
  uintptr_t low = 0, high = 0; // both 0: unknown
};

Bounds boundsOfThread() {
  Bounds bounds{true, 0, 0};
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0)
    return bounds;
  void *start = nullptr;
  size_t size = 0, guard = 0;
  if (::pthread_attr_getstack(&attributes, &start, &size) == 0 &&
      ::pthread_attr_getguardsize(&attributes, &guard) == 0) {
    bounds.low = reinterpret_cast<uintptr_t>(start);
    bounds.high = bounds.low + size;
  }
  ::pthread_attr_destroy(&attributes);
  return bounds;
}

thread_local Bounds bounds;

} // namespace

void requireStack(uint64_t bytes) {
  // What the runtime's own functions, the C library's and a signal's frame
  // take.
  constexpr uint64_t around = 8 << 10;
  if (!bounds.asked)
    bounds = boundsOfThread();
  auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (here < bounds.low || here >= bounds.high)
    return;
  uint64_t left = here - bounds.low;
  if (left < bytes + around)
    throw StatusError(
        JARANA_OUT_OF_MEMORY,
        "this thread has " + std::to_string(left) +
            " bytes of its stack left, and the model needs " +
            std::to_string(bytes + around) +
            ": call from a thread that was made with a larger stack");
}

} // namespace jarana::runtime
