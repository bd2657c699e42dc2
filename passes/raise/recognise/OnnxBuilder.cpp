// Makes onnx ops and infers their results.
#include "passes/raise/recognise/Recogniser.h"

#include "dialects/onnx/OnnxDialect.h"

using namespace mlir;

namespace jarana::raise::recognise {

OnnxBuilder::OnnxBuilder(Operation *before, Location loc,
                         onnx::SymbolicShapes &shapes)
    : b(before), loc(loc), shapes(shapes) {}

SmallVector<Value> OnnxBuilder::create(StringRef op, ValueRange operands,
                                       ArrayRef<NamedAttribute> attributes,
                                       unsigned results) {
  if (llvm::is_contained(operands, Value()))
    return SmallVector<Value>(results);
  OperationState state(loc, "onnx." + op.str());
  state.addOperands(operands);
  state.addAttributes(attributes);
  // Only a placeholder: shape inference sets the types.
  Type type = operands.empty() ? Type(b.getNoneType()) : operands[0].getType();
  state.addTypes(SmallVector<Type>(results, type));
  Operation *made = b.create(state);
  if (failed(shapes.infer(made))) {
    for (Value result : made->getResults())
      shapes.forget(result);
    made->erase();
    return SmallVector<Value>(results);
  }
  return llvm::to_vector_of<Value>(made->getResults());
}

Value OnnxBuilder::one(StringRef op, ValueRange operands,
                       ArrayRef<NamedAttribute> attributes) {
  return create(op, operands, attributes)[0];
}

Value OnnxBuilder::integers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    b.getI64Type());
  auto elements = DenseElementsAttr::get(type, values);
  auto constant = ::mlir::onnx::ConstantOp::create(
      b, loc, type, cast<ElementsAttr>(elements));
  return failed(shapes.infer(constant)) ? Value() : Value(constant.getOutput());
}

Value OnnxBuilder::none() {
  return ::mlir::onnx::NoneOp::create(b, loc, b.getNoneType());
}

Value OnnxBuilder::transpose(Value value, ArrayRef<int64_t> permutation) {
  return one("Transpose", value,
             attribute("perm", b.getDenseI64ArrayAttr(permutation)));
}

Value OnnxBuilder::reshape(Value value, ArrayRef<int64_t> shape) {
  return one("Reshape", {value, integers(shape)},
             attribute("allowzero", b.getI64IntegerAttr(0)));
}

NamedAttribute OnnxBuilder::attribute(StringRef name, Attribute value) {
  return b.getNamedAttr(name, value);
}

} // namespace jarana::raise::recognise
