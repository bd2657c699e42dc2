// Operators of com.microsoft that ONNX Runtime's optimizer writes for several
// of ai.onnx: said in those again.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// A side of FusedMatMul as MatMul takes it. transBatch moves the first
/// dimension behind the batch dimensions; trans swaps the last two then.
Value GraphImporter::transposedSide(const CheckedNode &node, size_t index,
                                    StringRef trans, StringRef transBatch) {
  Value side = node.operands[index];
  int64_t rank = typeOf(side).getRank();
  SmallVector<int64_t> order;
  for (int64_t dim = 0; dim < rank; ++dim)
    order.push_back(dim);
  if (node.intAttribute(transBatch, 0) != 0 && rank > 2)
    std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  if (node.intAttribute(trans, 0) != 0 && rank > 1) // a vector has one order
    std::swap(order[rank - 1], order[rank - 2]);
  if (llvm::is_sorted(order))
    return side;
  NamedAttrList attributes;
  attributes.set("perm", builder.getDenseI64ArrayAttr(order));
  return emitOne(node, "Transpose", {side}, attributes);
}

void GraphImporter::importFusedMatMul(const CheckedNode &node) {
  Value product = emitOne(node, "MatMul",
                          {transposedSide(node, 0, "transA", "transBatchA"),
                           transposedSide(node, 1, "transB", "transBatchB")});
  if (float alpha = node.floatAttribute("alpha", 1); alpha != 1)
    product = emitOne(
        node, "Mul",
        {product, numberConstant(alpha, typeOf(product).getElementType(),
                                 node.location)});
  bind(node.scope, node.proto.output(0), product, node.title);
}

void GraphImporter::importFusedGemm(const CheckedNode &node) {
  NamedAttrList attributes = convertAttributes(node);
  auto activation =
      dyn_cast_if_present<StringAttr>(attributes.erase("activation"));
  // The activation's parameters, under the names that it has them by.
  NamedAttrList parameters;
  for (auto [key, name] : {std::pair("activation_alpha", "alpha"),
                           {"activation_beta", "beta"},
                           {"activation_gamma", "gamma"}})
    if (Attribute value = attributes.erase(key))
      parameters.set(name, value);
  Value y = emitOne(node, "Gemm", node.operands, attributes);
  StringRef name = activation ? activation.getValue() : StringRef();
  static constexpr std::pair<StringLiteral, int> taken[] = {
      {"Relu", 0},     {"Tanh", 0},        {"Sigmoid", 0},
      {"Softplus", 0}, {"Softsign", 0},    {"LeakyRelu", 1},
      {"Elu", 1},      {"HardSigmoid", 2}, {"ThresholdedRelu", 1}};
  if (!name.empty()) {
    const auto *found =
        llvm::find_if(taken, [&](auto &entry) { return entry.first == name; });
    if (found == std::end(taken))
      node.fail("the activation '" + name.str() + "' is not supported");
    for (StringRef key : {"alpha", "beta", "gamma"})
      if (key == "gamma" || found->second < (key == "alpha" ? 1 : 2))
        parameters.erase(key);
    y = emitOne(node, name, {y}, parameters);
  }
  bind(node.scope, node.proto.output(0), y, node.title);
}

/// Gelu of a sum with a bias: exact, or with tanh (FastGelu).
void GraphImporter::importGelu(const CheckedNode &node) {
  Value x = node.operands[0];
  if (Value bias = node.operand(1))
    x = emitOne(node, "Add", {x, bias});
  NamedAttrList attributes;
  attributes.set(
      "approximate",
      builder.getStringAttr(node.version.name == "FastGelu" ? "tanh" : "none"));
  bind(node.scope, node.proto.output(0), emitOne(node, "Gelu", {x}, attributes),
       node.title);
}

/// x * sigmoid(alpha * x), where alpha is 1.702 if nothing is said.
void GraphImporter::importQuickGelu(const CheckedNode &node) {
  NamedAttrList attributes;
  attributes.set("alpha",
                 builder.getF32FloatAttr(node.floatAttribute("alpha", 1.702F)));
  bind(node.scope, node.proto.output(0),
       emitOne(node, "Swish", {node.operands[0]}, attributes), node.title);
}

/// input, skip, gamma, beta?, bias?: the sum of three, and its normalisation.
void GraphImporter::importSkipLayerNormalization(const CheckedNode &node) {
  for (int i = 1; i < std::min(node.proto.output_size(), 3); ++i)
    if (!node.proto.output(i).empty())
      node.fail("its outputs mean and inv_std_var are not supported");
  Value sum = emitOne(node, "Add", {node.operands[0], node.operands[1]});
  if (typeOf(sum).getRank() != typeOf(node.operands[0]).getRank())
    node.fail("skip has more dimensions than the input");
  if (Value bias = node.operand(4))
    sum = emitOne(node, "Add", {sum, bias});
  NamedAttrList attributes = intAttributes({{"axis", -1}, {"stash_type", 1}});
  attributes.set("epsilon", builder.getF32FloatAttr(
                                node.floatAttribute("epsilon", 1e-12F)));
  Value y = emitOne(node, "LayerNormalization",
                    {sum, node.operands[2], node.operand(3)}, attributes);
  bind(node.scope, node.proto.output(0), y, node.title);
  if (node.proto.output_size() > 3)
    bind(node.scope, node.proto.output(3), sum, node.title);
}

bool GraphImporter::importFused(const CheckedNode &node) {
  StringRef name = node.version.name;
  if (node.version.domain != "com.microsoft")
    return false;
  if (name == "FusedMatMul")
    importFusedMatMul(node);
  else if (name == "FusedGemm")
    importFusedGemm(node);
  else if (name == "Gelu" || name == "BiasGelu" || name == "FastGelu")
    importGelu(node);
  else if (name == "QuickGelu")
    importQuickGelu(node);
  else if (name == "SkipLayerNormalization")
    importSkipLayerNormalization(node);
  else if (name == "Trilu")
    emitGeneric(node, name, {node.operands[0], node.operand(1)},
                convertAttributes(node));
  else
    return false;
  return true;
}

} // namespace jarana::onnx
