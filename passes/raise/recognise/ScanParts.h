// What enters a scan and what leaves it.
#pragma once

#include "passes/raise/recognise/ScanRegion.h"

namespace jarana::raise::recognise {

/// Which of the values that enter a scan is what.
struct ScanRoles {
  mlir::Value value;   ///< v = x * dt, [b, s, h, p] or [b, s, h * p]
  mlir::Value b, c;    ///< [b, s, g, n], [b, s, h, n] or [b, s, n]
  mlir::Value initial; ///< [b, h, p, n] or, with `initialSwapped`, [b, h, n, p]
  bool initialSwapped = false;
  int64_t width = 0, state = 0; ///< p, n
};

/// Reads a region as a scan of `heads` heads.
class ScanParts {
public:
  ScanParts(const ScanRegion &region, Graph &graph, int64_t chunk);

  /// Finds the values that enter. False where they cannot be those of a scan,
  /// and `declined` says why.
  bool read(std::string &declined);
  /// All ways to tell v, B and C apart by their shapes, the likely ones first.
  llvm::SmallVector<ScanRoles, 0> assignments();
  /// With the final state as a result, and without.
  llvm::SmallVector<Proposal, 0> proposals(const ScanRoles &roles);

private:
  /// The result of the scan: [b, s, h, p] or [b, s, h * p], perhaps with a term
  /// added before what was padded is cut off.
  struct Output {
    mlir::Value value;
    mlir::Value skip; ///< null, or what is added, as long as padded
    mlir::Operation *cut = nullptr; ///< the Slice after the addition
    mlir::Value factor, unpadded;   ///< skip = factor * Pad(unpadded), or null
  };
  /// A state after the last chunk: [b, h, p, n], or [b, h, n, p].
  struct FinalState {
    mlir::Value value;
    bool swapped = false;
  };

  bool startsWithPositions(mlir::Value value);
  /// [b, h, constant, constant]
  bool isState(mlir::Value value);
  bool hasShape(mlir::Value value, llvm::ArrayRef<symbolic::Expr> shape);
  std::optional<Output> findOutput(const ScanRoles &roles);
  llvm::SmallVector<FinalState> findFinalStates(const ScanRoles &roles);
  Proposal propose(const ScanRoles &roles, const Output &output,
                   std::optional<FinalState> last);

  const ScanRegion &region;
  Graph &graph;
  int64_t chunk, heads = 0;
  symbolic::Expr batch, length;
  llvm::SmallVector<mlir::Value>
      sources;         ///< per position, in order of last use
  mlir::Value initial; ///< what enters once, or null
};

} // namespace jarana::raise::recognise
