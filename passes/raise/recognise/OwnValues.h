// The values that an operator goes through on the way to its results: what a
// graph that computes the same in steps should have too.
#pragma once

#include "lib/reference/Operators.h"
#include "mlir/IR/Operation.h"
#include "passes/raise/recognise/Alignment.h"
#include "llvm/ADT/ArrayRef.h"

#include <deque>

namespace jarana::raise::recognise {

/// Collects an operator's own values.
class OwnValues {
public:
  using ExactTensor = reference::ExactTensor;

  /// The values of `op`, an operator of a candidate, the better known ones
  /// first. `tensorOf`: the candidate's values, null where they are absent.
  /// `chunk`: the chunk of a scan, 0 where it has none. Operators that are one
  /// step have no values.
  void
  addValuesOf(mlir::Operation &op,
              llvm::function_ref<const ExactTensor *(mlir::Value)> tensorOf,
              int64_t chunk);
  /// One more, unless it is only zeros; gives the tensor back.
  ExactTensor add(std::string name, ExactTensor tensor);

  const std::deque<OwnValue> &all() const { return values; }
  /// False where an operator's values could not be computed.
  bool isComplete() const { return complete; }

private:
  using Operands = llvm::ArrayRef<const ExactTensor *>;
  using Attributes = reference::Attributes;
  void addScan(const Attributes &, Operands, int64_t chunk);
  void addAttention(const Attributes &, Operands);
  /// `wholeState`: what the state is the end of, or null.
  void addConvolution(const Attributes &, Operands,
                      const ExactTensor *wholeState);
  void addNorm(const Attributes &, Operands);
  void addRotation(const Attributes &, Operands);

  std::deque<OwnValue> values;
  bool complete = true;
};

/// One reference operator's first result (or another).
reference::ExactTensor apply(const std::string &op,
                             const reference::InputsOf<reference::Exact> &,
                             const reference::Attributes & = {},
                             size_t result = 0);

} // namespace jarana::raise::recognise
