// Compiles a module with hybrid ops on buffers for this machine, and calls it.
#pragma once

#include "mlir/IR/MLIRContext.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir {
class ExecutionEngine;
}

namespace jarana::runtime {
class Team;
}

namespace jarana::test {

/// An argument: the descriptor of a contiguous row-major memref on memory that
/// somebody else owns.
struct Buffer {
  Buffer(void *data, const std::vector<int64_t> &shape);
  /// {allocated, aligned, offset, sizes..., strides...}
  std::vector<int64_t> descriptor;
};

class Jit {
public:
  struct Options {
    bool dotBf16 = false;   ///< with AVX512_BF16: it must be on this machine
    bool expandF16 = false; ///< without the instructions between f16 and f32
  };
  /// `text` has a function @f on memrefs, marked `llvm.emit_c_interface`.
  /// Expands for `vectorBits`; throws std::runtime_error where a step fails.
  Jit(const std::string &text, int64_t vectorBits, Options options);
  ~Jit();
  void operator()(std::vector<Buffer> buffers) const;

private:
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<mlir::ExecutionEngine> engine;
  std::unique_ptr<runtime::Team> team;
  void *function = nullptr;
};

/// The width to test: JARANA_TEST_VECTOR_BITS of the environment, else the
/// widest vectors that this machine has. (LLVM splits wider ones, so each width
/// runs anywhere.)
int64_t testVectorBits();
/// Whether this machine has AVX512_BF16.
bool hostHasDotBf16();
/// Whether this machine has instructions between f16 and f32.
bool hostConvertsF16();

} // namespace jarana::test
