// Runs an entry of a bundle: checks shapes, plans, keeps the arena, builds the
// descriptors that generated code takes.
#pragma once

#include "runtime/Bundle.h"
#include "runtime/Memory.h"
#include "runtime/Team.h"

#include <span>

namespace jarana::runtime {

class Executor {
public:
  /// `team` may also be that of others of the same bundle that never run at
  /// the same time.
  Executor(std::shared_ptr<const Bundle> bundle, const std::string &entry,
           std::shared_ptr<Team> team);

  const Entry &entry() const { return *function; }
  const std::shared_ptr<const Bundle> &owner() const { return bundle; }
  const std::shared_ptr<Team> &workers() const { return team; }

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
  std::string printInputs() const;

  std::shared_ptr<const Bundle> bundle;
  const Entry *function;
  std::shared_ptr<Team> team;
  std::vector<Shape> inputShapes, outputShapes;
  std::vector<int64_t> inputDims, outputDims;
  Buffer arena;
  int64_t arenaBytes = 0;
};

/// The threads for `threads` as a caller gives them (jarana_call_create), and
/// whether the calling thread's stack is large enough for the bundle's code.
/// Throws StatusError.
std::shared_ptr<Team> makeTeam(const Bundle &bundle, uint32_t threads);

/// The bytes of a tensor; throws StatusError on overflow.
int64_t tensorBytes(jarana_dtype dtype, const Shape &shape);

std::string print(const Shape &shape);

} // namespace jarana::runtime
