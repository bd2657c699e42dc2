// Runs an entry of a bundle: checks shapes, plans, keeps the arena, builds the
// descriptors that generated code takes.
#pragma once

#include "runtime/Bundle.h"
#include "runtime/Memory.h"

#include <span>

namespace jarana::runtime {

class Executor {
public:
  /// threads 0: all processors of this process.
  Executor(std::shared_ptr<const Bundle> bundle, const std::string &entry,
           uint32_t threads);

  const Entry &entry() const { return *function; }
  const std::shared_ptr<const Bundle> &owner() const { return bundle; }
  uint32_t threads() const { return threadCount; }

  /// Checks one input's type; throws StatusError naming it.
  void checkInput(size_t index, jarana_dtype dtype, const Shape &shape) const;

  /// Checks that sizes which share a symbol agree, and lets the model compute
  /// the shapes of its outputs and the size of its arena. Throws StatusError.
  /// The result is valid until the next plan.
  const std::vector<Shape> &plan(std::span<const Shape> inputs);

  /// Runs with the shapes of the last plan. Every pointer is aligned to 64
  /// bytes and not null.
  void run(std::span<const std::byte *const> inputs,
           std::span<std::byte *const> outputs);

  /// The scratch memory that a run with the shapes of the last plan takes.
  int64_t scratchBytes() const { return arenaBytes; }

private:
  [[noreturn]] void checkFailed(int64_t code) const;

  std::shared_ptr<const Bundle> bundle;
  const Entry *function;
  uint32_t threadCount;
  std::vector<Shape> inputShapes, outputShapes;
  std::vector<int64_t> inputDims, outputDims;
  Buffer arena;
  int64_t arenaBytes = 0;
};

/// The bytes of a tensor; throws StatusError on overflow.
int64_t tensorBytes(jarana_dtype dtype, const Shape &shape);

std::string print(const Shape &shape);

} // namespace jarana::runtime
