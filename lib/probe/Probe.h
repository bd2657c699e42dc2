// What this machine reaches on its simplest loops: the yardsticks that measured
// times are given as shares of.
#pragma once

#include <cstddef>

namespace jarana::probe {

/// Bytes per second at which `threads` threads together read a buffer of
/// `bytes` bytes, over and over. Give as many bytes as the measured step reads:
/// caches of very different sizes make any fixed size misleading. Takes about
/// 0.1 s beyond the time to fill the buffer. Throws std::bad_alloc where the
/// buffer does not fit.
double readBandwidth(size_t bytes, int threads);

/// f32 floating-point operations per second (a multiply-add is two) of
/// `threads` threads that do nothing but independent vector multiply-adds, in
/// the widest vectors that this CPU has. Takes about 0.1 s.
double fmaPeak(int threads);

} // namespace jarana::probe
