// Operators that compute each element of their result from the operands'
// elements at the same place.
#pragma once

#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

namespace jarana::raise {

/// In which type the elements are computed.
enum class Elements {
  Computed, ///< f32 for narrower floats, rounded at the end
  Raw       ///< as they are stored
};

/// Lowers an op (all operands present) whose result element is
/// `function(b, loc, Scalars, operands' elements)`; Scalars has the signedness
/// of the first operand.
template <class Function>
mlir::LogicalResult mapElements(Lowering &lowering, mlir::Operation *op,
                                Function function,
                                Elements elements = Elements::Computed) {
  llvm::SmallVector<Tensor> inputs;
  for (unsigned i = 0; i < op->getNumOperands(); ++i)
    inputs.push_back(lowering.get(op, i));
  bool isUnsigned = Lowering::isUnsigned(op->getOperand(0));
  auto body = [&](mlir::OpBuilder &b, mlir::Location loc,
                  mlir::ValueRange v) -> mlir::Value {
    return function(b, loc, Scalars(b, loc, isUnsigned), v);
  };
  Shape shape = lowering.shapeOf(op->getResult(0));
  mlir::Type element = lowering.resultType(op);
  lowering.set(op->getResult(0),
               elements == Elements::Raw
                   ? lowering.build.elementwiseRaw(inputs, shape, element, body)
                   : lowering.build.elementwise(inputs, shape, element, body));
  return mlir::success();
}

} // namespace jarana::raise
