// Work of the reference operators on all cores.
#pragma once

#include <cstdint>
#include <functional>

namespace jarana::reference {

/// Calls body(begin, end) for parts of [0, count) that cover it, on several
/// threads where `cost` (operations in all) is worth it. The parts must not
/// write to the same place. What a part throws is thrown when all have ended.
void inParallel(int64_t count, double cost,
                const std::function<void(int64_t, int64_t)> &body);

} // namespace jarana::reference
