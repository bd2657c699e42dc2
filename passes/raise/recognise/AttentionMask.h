// What the mask of a taken-apart attention depends on, and masks made anew.
#pragma once

#include "passes/raise/recognise/AttentionMatch.h"

namespace jarana::raise::recognise {

struct MaskFacts {
  bool bounded = true; ///< false: too much depends on it to look at
  /// The arguments of the function whose contents it depends on (not only on
  /// their shapes).
  llvm::SmallVector<mlir::Value> arguments;
  /// Numbers above 1 that positions are compared with or moved by, each once:
  /// widths of windows are among them, or one beside.
  llvm::SmallVector<int64_t> distances;
  /// Beyond this many positions the mask goes on as it began: the greatest of
  /// these numbers, and of the dimensions of tables.
  int64_t reach = 0;
  /// Booleans [b, 1, 1, s] in it.
  llvm::SmallVector<mlir::Value> perKey;
};

MaskFacts examineMask(const AttentionMatch &match, Graph &graph);

/// Whether `keyMask` can be made.
bool hasKeyMask(const AttentionMatch &match, const MaskFacts &facts,
                Graph &graph);

/// The padding mask alone, as booleans [b, 1, 1, s]: from the argument that it
/// depends on where this is [b, s], else what the graph has.
mlir::Value keyMask(OnnxBuilder &build, const AttentionMatch &match,
                    const MaskFacts &facts, Graph &graph);

/// The terms as one attn_mask: a boolean one or floats of type `element`. Null
/// where there is none.
mlir::Value ownMask(OnnxBuilder &build, llvm::ArrayRef<MaskTerm> terms,
                    mlir::Type element);

/// Whether a query sees at least one key, [b, 1, m, 1] or what broadcasts to
/// it, by the mask of the graph.
mlir::Value rowsWithKeys(OnnxBuilder &build, llvm::ArrayRef<MaskTerm> terms);

/// Whether a query is no padding, [b, 1, m, 1]: from an argument [b, s]. Null
/// where the graph has none, or has other queries than keys.
mlir::Value rowsOfTokens(OnnxBuilder &build, const AttentionMatch &match,
                         const MaskFacts &facts, Graph &graph);

/// Whether nothing but rows of rank-3 results depends on the rows of `output`
/// that are padding, among them all that see no key. Positions are followed
/// forwards: through what acts on each position alone, to where `padding` (an
/// argument that is 0 there) is multiplied in, or to attentions that hide these
/// positions by the same mask.
bool emptyRowsStayApart(const AttentionMatch &match,
                        const AttentionOutput &output, mlir::Value padding,
                        Graph &graph);

} // namespace jarana::raise::recognise
