// Where the two sides of a refused proposal part.
#pragma once

#include "passes/raise/recognise/Slice.h"

#include "lib/reference/Exact.h"

#include <optional>

namespace jarana::raise::recognise {

/// The first op of a cut whose value the operator's own values do not explain.
struct Parting {
  size_t op = 0;      ///< its number in the cut's function, inner ops counted
  std::string text;   ///< what it makes of what: "it gives only a part of ..."
  bool alone = false; ///< without it, the sides are equal
  size_t explained = 0; ///< values of the cut that are the operator's own
  double seconds = 0;   ///< roughly what it took to find out
};

/// Both sides of a proposal and the inputs at which they differ.
struct Sides {
  mlir::ModuleOp module;
  const Sliced &cut, &made;
  std::vector<reference::ExactTensor> cutInputs, madeInputs;
  std::string kind; ///< the operator
  int64_t chunk = 0;
};

/// Lines the cut's values up with the candidate's own (OwnValues.h), by their
/// elements. A value is explained where it is one of them or leads to one:
/// spellings differ between them. Nothing where all are explained, or an
/// evaluation fails.
std::optional<Parting> whereSidesPart(Sides sides);

/// The op of the cut's function with a Parting's number.
mlir::Operation *opOfCut(const Sliced &cut, size_t number);

} // namespace jarana::raise::recognise
