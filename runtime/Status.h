// The exception inside the runtime: an Error with the jarana_status that it
// becomes at the C interface.
#pragma once

#include "jarana/error.h"
#include "jarana/runtime.h"

namespace jarana::runtime {

class StatusError : public Error {
public:
  StatusError(jarana_status status, const std::string &message)
      : Error(message), status(status) {}
  const jarana_status status;
};

[[noreturn]] inline void refuse(const std::string &message) {
  throw StatusError(JARANA_INVALID_ARGUMENT, message);
}

} // namespace jarana::runtime
