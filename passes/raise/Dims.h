// Turns symbolic dimensions into SSA values of the function being built.
#pragma once

#include "lib/symbolic/Expr.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

#include <functional>
#include <optional>

namespace jarana::raise {

using symbolic::Expr;
using symbolic::Shape;

/// Makes `index` values of expressions. Those over input symbols stand at the
/// function's entry, each made once; those with a symbol that an op defines
/// stand where they are asked for.
class DimMaterializer {
public:
  using Source =
      std::function<mlir::Value(mlir::OpBuilder &, symbolic::SymbolId)>;

  /// `anchor`: an op of the entry block; the arithmetic is put before it.
  /// `source` makes the value of a symbol, with the builder at a place where an
  /// input symbol's argument, or the value that defines a later one, can be
  /// used.
  DimMaterializer(symbolic::Context &context, mlir::Operation *anchor,
                  Source source)
      : context(context), anchor(anchor), source(std::move(source)) {}

  /// The value of `expr` after what was learned about the symbols has been
  /// applied.
  mlir::Value index(mlir::OpBuilder &at, const Expr &expr);
  /// The same without applying it: for checking what was learned.
  mlir::Value plain(mlir::OpBuilder &at, const Expr &expr);
  /// An attribute where the expression is a number.
  mlir::OpFoldResult fold(mlir::OpBuilder &at, const Expr &expr);
  /// Whether every symbol is known at the function's entry.
  bool atEntry(const Expr &expr) const;

private:
  mlir::Value emit(mlir::OpBuilder &builder, const Expr &expr);

  symbolic::Context &context;
  mlir::Operation *anchor;
  Source source;
  std::vector<std::pair<Expr, mlir::Value>> made;
};

} // namespace jarana::raise
