#include "lib/onnx/Defaults.h"

namespace jarana::onnx {

using namespace mlir;

/// "[2, n]" of a declared shape.
static std::string shapeText(const pb::TensorShapeProto &shape) {
  std::string text = "[";
  for (const auto &dim : shape.dim()) {
    text += text.size() > 1 ? ", " : "";
    text += dim.has_dim_value()       ? std::to_string(dim.dim_value())
            : dim.dim_param().empty() ? "?"
                                      : dim.dim_param();
  }
  return text + "]";
}

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (int64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

void checkDefault(MLIRContext *context, const pb::ValueInfoProto &input,
                  const TensorSource &initializer) {
  if (!input.type().has_tensor_type())
    return;
  const pb::TypeProto::Tensor &type = input.type().tensor_type();
  std::string what = "input '" + input.name() + "'";
  if (elementType(context, type.elem_type()) !=
      initializer.type.getElementType())
    throw Error(what + " is declared with element type " +
                dataTypeName(type.elem_type()) +
                ", but the initializer of its name has " +
                dataTypeName(initializer.proto->data_type()));
  if (!type.has_shape())
    return;
  ArrayRef<int64_t> shape = initializer.type.getShape();
  bool same = type.shape().dim_size() == static_cast<int>(shape.size());
  for (size_t i = 0; same && i < shape.size(); ++i) {
    const auto &dim = type.shape().dim(static_cast<int>(i));
    same = !dim.has_dim_value() || dim.dim_value() < 0 ||
           dim.dim_value() == shape[i];
  }
  if (!same)
    throw Error(what + " is declared with shape " + shapeText(type.shape()) +
                ", but the initializer of its name has shape " +
                shapeText(shape));
}

/// Whether an operator computes with any values of this operand.
static bool computesWith(const pb::NodeProto &node) {
  static constexpr StringLiteral operators[] = {
      "Add", "Sub",  "Mul",  "Div",    "Pow",   "Min",  "Max",
      "Sum", "Mean", "Gemm", "MatMul", "PRelu", "Where"};
  return canonicalDomain(node.domain()).empty() &&
         llvm::is_contained(operators, StringRef(node.op_type()));
}

static bool usesInside(const pb::GraphProto &graph, StringRef name) {
  for (const pb::NodeProto &node : graph.node()) {
    if (llvm::is_contained(node.input(), name))
      return true;
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g() && usesInside(attribute.g(), name))
        return true;
  }
  return false;
}

bool isOptionalInput(const pb::ModelProto &model,
                     const TensorSource &initializer, StringRef name) {
  const pb::GraphProto &graph = model.graph();
  constexpr int64_t few = 16, small = 64;
  if (model.ir_version() < 4 || initializer.elements > small ||
      !isa<FloatType>(initializer.type.getElementType()))
    return false;
  llvm::StringSet<> inputs;
  for (const pb::ValueInfoProto &input : graph.input())
    inputs.insert(input.name());
  if (graph.initializer_size() > few &&
      llvm::all_of(graph.initializer(), [&](const pb::TensorProto &tensor) {
        return inputs.contains(tensor.name());
      }))
    return false;
  for (const pb::NodeProto &node : graph.node()) {
    if (llvm::is_contained(node.input(), name) && !computesWith(node))
      return false;
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g() && usesInside(attribute.g(), name))
        return false;
  }
  return true;
}

} // namespace jarana::onnx
