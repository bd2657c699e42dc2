// One entry of a bundle with its inputs and outputs, by their names.
#pragma once

#include "runtime/Executor.h"

#include <optional>

namespace jarana::runtime {

class Call {
public:
  Call(std::shared_ptr<const Bundle> bundle, const std::string &entry,
       uint32_t threads);

  void setInput(const std::string &name, const jarana_tensor &tensor);
  void setOutput(const std::string &name, void *data, uint64_t bytes);
  void run();
  jarana_tensor
  output(const std::string &name) const; // valid until the next run

private:
  struct Input {
    bool set = false;
    const void *data = nullptr;
    Shape shape;
    Buffer copy; // where data is not aligned
  };
  struct Output {
    void *given = nullptr;
    uint64_t capacity = 0;
    Buffer own;
    std::byte *result = nullptr; // of the last run
    Shape shape;
  };

  Executor executor;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  bool finished = false;
};

} // namespace jarana::runtime
