// The exception of the parts that do not use MLIR.
#pragma once

#include <stdexcept>
#include <string>

namespace jarana {

/// What went wrong, in words for a user: what, where, and what would work.
class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message) : std::runtime_error(message) {}
};

} // namespace jarana
