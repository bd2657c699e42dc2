// The part of a graph that computes a scan: found by where the decay goes.
#pragma once

#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// All that lies between the decay of a scan and the value in which its parts
/// meet again.
struct ScanRegion {
  mlir::Value decay; ///< [b, s, h]: logarithms
  mlir::Value join;  ///< what all paths from the decay to a result go through
  llvm::DenseSet<mlir::Operation *> ops;    ///< those between the two
  llvm::SmallVector<mlir::Value> externals; ///< floats that enter, constants
                                            ///< aside, in the order of use
};

/// Where a value that is summed up along a chunk comes from: up through data
/// movement and masks, to what was computed per position. Null where that comes
/// from a sum itself.
mlir::Value rootOfDecay(mlir::Value summed);

/// The regions between `decay` and each function result that depends on it, the
/// first result's first; equal ones once.
llvm::SmallVector<ScanRegion, 0> regionsFrom(mlir::Value decay, Graph &graph);

/// Whether nothing but constants, weights and shapes decides a value.
bool isFixed(mlir::Value value, Graph &graph);

} // namespace jarana::raise::recognise
