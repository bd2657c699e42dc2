// The parts of an attention that an exporter took apart, as they lie in the
// graph. Finding them is loose: the verifier decides.
#pragma once

#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// The order of the dimensions of a tensor of rank 4.
enum class Layout {
  HeadsFirst,     ///< [b, heads, positions, d]
  PositionsFirst, ///< [b, positions, heads, d]
  WidthFirst,     ///< [b, heads, d, positions]
};

/// A product of numbers of the graph as it is before it is rounded.
struct Factor {
  double numerator = 1, denominator = 1;

  double value() const { return numerator / denominator; }
  bool isOne() const { return value() == 1; }
  friend Factor operator*(const Factor &a, const Factor &b) {
    return {a.numerator * b.numerator, a.denominator * b.denominator};
  }
};

/// Keys or values at one point of their way to the product: with all query
/// heads, or before their heads were repeated.
struct HeadsValue {
  mlir::Value value;
  Layout layout;
  int64_t heads = 0;
  Factor scale; ///< what multiplies it after this point
};

/// What keys or values look like where they enter the product.
struct HeadsRequest {
  symbolic::Expr batch, positions;
  int64_t heads = 0;                  ///< of the queries
  std::optional<int64_t> width;       ///< absent: any
  Layout layout = Layout::HeadsFirst; ///< of the product's operand
  bool scaled = false;                ///< factors may be on the way

  /// The value, if it can be read as this in the layout.
  std::optional<HeadsValue> read(mlir::Value value, Layout layout,
                                 onnx::SymbolicShapes &shapes) const;
};

/// Goes up from the product's operand and keeps two points, one with all heads
/// and one with the fewest; one where they are the same, none where there are
/// none.
llvm::SmallVector<HeadsValue, 2> collectHeads(mlir::Value operand,
                                              const HeadsRequest &request,
                                              onnx::SymbolicShapes &shapes);

/// One thing that hides keys from queries; broadcasts with [b, h, m, s].
struct MaskTerm {
  enum Kind { Added, Visible, Hidden } kind;
  mlir::Value value; ///< floats added to the scores, or booleans
  bool flat = false; ///< batch and heads are one dimension: [b h, m, s]
  /// Added to all queries of a head alike, [b, h, 1, s]: a bias rather than a
  /// mask (ALiBi), which is kept as it comes.
  bool perHead = false;
};

/// Where the result can be taken.
struct AttentionOutput {
  mlir::Value value;
  Layout layout = Layout::HeadsFirst;
  bool chosen = false; ///< after a Where that gives 0 for rows without keys
};

/// Shape letters: b batch, h query heads, m queries, s keys, d and e widths.
struct AttentionMatch {
  mlir::Operation *anchor = nullptr; ///< Softmax, or Attention
  mlir::Operation *scoreProduct = nullptr, *valueProduct = nullptr;
  mlir::Value query;
  Layout queryLayout = Layout::HeadsFirst;
  llvm::SmallVector<HeadsValue, 2> keys;      ///< all heads; then the fewest
  llvm::SmallVector<HeadsValue, 2> values;    ///< in the same way
  llvm::SmallVector<AttentionOutput> outputs; ///< the last one first
  llvm::SmallVector<MaskTerm> masks;
  mlir::Value sink; ///< one more score for each head, with no value; or null
  Factor scale;
  double softcap = 0;
  bool causal = false; ///< an Attention that is causal already
  symbolic::Expr batch, queries, keyCount;
  int64_t heads = 0;
};

/// [b, h, m, s] of the term in a candidate, where `value` stands for it.
mlir::Value unflattened(OnnxBuilder &build, const MaskTerm &term,
                        mlir::Value value, int64_t heads);

/// Takes the attention around a Softmax over the last axis, or an Attention
/// without caches, apart. Nothing where it is none; `declined` says why where
/// it looks like one.
std::optional<AttentionMatch> matchAttention(mlir::Operation *anchor,
                                             onnx::SymbolicShapes &shapes,
                                             std::string &declined);

/// The operand that `op` multiplies by a number, which `scale` takes up, or
/// leaves as it is; null where it does neither.
mlir::Value timesNumber(mlir::Operation *op, onnx::SymbolicShapes &shapes,
                        Factor &scale);

/// The number that a scalar of the graph always is.
std::optional<double> scalarNumber(mlir::Value value,
                                   onnx::SymbolicShapes &shapes, int depth = 8);

} // namespace jarana::raise::recognise
