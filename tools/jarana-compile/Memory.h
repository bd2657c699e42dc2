// `--report=memory`: what a model takes, by numbers of the compiler and of the
// bundle that it wrote.
#pragma once

#include "jarana/compiler.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace jarana::tools {

/// `bundle`: its path; empty where none was written. The scratch memory of a
/// call is asked of the bundle's code, for `length` new tokens of `batch`
/// sequences, and for one more after them; it is absent where this machine
/// cannot run the code.
nlohmann::ordered_json memoryReport(const MemoryReport &memory,
                                    const std::string &bundle, uint64_t batch,
                                    uint64_t length);
std::string printMemoryReport(const nlohmann::ordered_json &report);

} // namespace jarana::tools
