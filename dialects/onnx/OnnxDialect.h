// The onnx dialect: operations made from the ONNX schemas, see OnnxDialect.td.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::onnx {

/// Checks the number of results, and that operands and results that share one
/// of the operator's type variables (OnnxDialect.td) have one element type.
LogicalResult verifyTypeVariables(Operation *op, StringRef variables,
                                  std::pair<unsigned, unsigned> resultLimits);
/// Checks the types of the results against the operator's shape rule.
LogicalResult verifyShapeRule(Operation *op);

template <typename ConcreteType>
class OnnxOperator : public OpTrait::TraitBase<ConcreteType, OnnxOperator> {
public:
  static LogicalResult verifyRegionTrait(Operation *op) {
    if (failed(verifyTypeVariables(op, ConcreteType::getTypeVariables(),
                                   ConcreteType::getResultLimits())))
      return failure();
    return verifyShapeRule(op);
  }
};

/// True for the value of onnx.None: an optional input that is absent.
inline bool isAbsent(Value value) { return isa<NoneType>(value.getType()); }

} // namespace mlir::onnx

#include "dialects/onnx/OnnxDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/onnx/OnnxOps.h.inc"
