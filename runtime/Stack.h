// The stack of the thread that calls.
#pragma once

#include <cstdint>

namespace jarana::runtime {

/// Throws StatusError (JARANA_OUT_OF_MEMORY) where the calling thread is known
/// to have less than `bytes` of its stack left, and some for the functions
/// around. On a stack that is not the thread's (a coroutine's), nothing is
/// known.
void requireStack(uint64_t bytes);

} // namespace jarana::runtime
