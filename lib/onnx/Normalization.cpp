// Normalisations over batches, instances and groups of channels: said in
// reductions and arithmetic, in f32 where the data is narrower.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The type to compute in: f32 for f16 and bf16.
static Type precisionOf(OpBuilder &builder, Value x) {
  Type element = typeOf(x).getElementType();
  return element.getIntOrFloatBitWidth() < 32 ? builder.getF32Type() : element;
}

/// A vector with one element per channel, [c, 1, ...]: it broadcasts against
/// [n, c, ...] of the given rank.
Value GraphImporter::perChannel(const CheckedNode &node, Value vector,
                                int64_t rank) {
  if (typeOf(vector).getRank() != 1)
    node.fail("scale, bias, mean and variance must be vectors of one element "
              "per channel; one has rank " +
              std::to_string(typeOf(vector).getRank()));
  if (rank <= 2)
    return vector;
  SmallVector<int64_t> axes;
  for (int64_t axis = 1; axis < rank - 1; ++axis)
    axes.push_back(axis);
  return emitOne(node, "Unsqueeze", {vector, intConstant(axes, node.location)});
}

/// (x - mean) / sqrt(variance + epsilon), both taken over `axes`.
Value GraphImporter::normalised(const CheckedNode &node, Value x,
                                ArrayRef<int64_t> axes, float epsilon) {
  Value over = intConstant(axes, node.location);
  NamedAttrList keep = intAttributes({{"keepdims", 1}});
  Value centred =
      emitOne(node, "Sub", {x, emitOne(node, "ReduceMean", {x, over}, keep)});
  Value variance =
      emitOne(node, "ReduceMean",
              {emitOne(node, "Mul", {centred, centred}), over}, keep);
  Value shifted =
      emitOne(node, "Add",
              {variance, numberConstant(epsilon, typeOf(x).getElementType(),
                                        node.location)});
  return emitOne(node, "Div", {centred, emitOne(node, "Sqrt", {shifted})});
}

static int64_t rankAtLeast(const CheckedNode &node, int64_t least) {
  int64_t rank = typeOf(node.operands[0]).getRank();
  if (rank < least)
    node.fail("its input has rank " + std::to_string(rank) +
              "; it must be [n, c, ...], of rank " + std::to_string(least) +
              " or more");
  return rank;
}

void GraphImporter::importBatchNormalization(const CheckedNode &node) {
  int64_t rank = rankAtLeast(node, 2);
  if (node.intAttribute("training_mode", 0) != 0)
    node.fail("training_mode is not supported: only inference is");
  if (node.intAttribute("spatial", 1) != 1)
    node.fail("spatial = 0 is not supported");
  for (int i = 1; i < node.proto.output_size(); ++i)
    if (!node.proto.output(i).empty())
      node.fail("its output " + std::to_string(i) +
                " is of training, which is not supported");
  Type own = typeOf(node.operands[0]).getElementType(),
       element = precisionOf(builder, node.operands[0]);
  auto operand = [&](size_t index) {
    return perChannel(node, castTo(node, node.operands[index], element), rank);
  };
  Value x = castTo(node, node.operands[0], element);
  Value epsilon = numberConstant(node.floatAttribute("epsilon", 1e-5F), element,
                                 node.location);
  Value deviation =
      emitOne(node, "Sqrt", {emitOne(node, "Add", {operand(4), epsilon})});
  Value factor = emitOne(node, "Div", {operand(1), deviation});
  Value y =
      emitOne(node, "Mul", {emitOne(node, "Sub", {x, operand(3)}), factor});
  y = emitOne(node, "Add", {y, operand(2)});
  bind(node.scope, node.proto.output(0), castTo(node, y, own), node.title);
}

void GraphImporter::importInstanceNormalization(const CheckedNode &node) {
  int64_t rank = rankAtLeast(node, 3);
  Type own = typeOf(node.operands[0]).getElementType(),
       element = precisionOf(builder, node.operands[0]);
  SmallVector<int64_t> axes;
  for (int64_t axis = 2; axis < rank; ++axis)
    axes.push_back(axis);
  auto operand = [&](size_t index) {
    return perChannel(node, castTo(node, node.operands[index], element), rank);
  };
  Value y = normalised(node, castTo(node, node.operands[0], element), axes,
                       node.floatAttribute("epsilon", 1e-5F));
  y = emitOne(node, "Add", {emitOne(node, "Mul", {y, operand(1)}), operand(2)});
  bind(node.scope, node.proto.output(0), castTo(node, y, own), node.title);
}

/// Version 18 has a scale and a bias per group, version 21 per channel.
void GraphImporter::importGroupNormalization(const CheckedNode &node) {
  int64_t rank = rankAtLeast(node, 2);
  int64_t groups = node.intAttribute("num_groups", 0);
  int64_t channels = typeOf(node.operands[0]).getShape()[1];
  if (groups < 1 ||
      (!ShapedType::isDynamic(channels) && channels % groups != 0))
    node.fail("num_groups is " + std::to_string(groups) +
              "; it must divide the number of channels" +
              (ShapedType::isDynamic(channels)
                   ? ""
                   : ", " + std::to_string(channels)));
  Type own = typeOf(node.operands[0]).getElementType(),
       element = precisionOf(builder, node.operands[0]);
  Value x = castTo(node, node.operands[0], element);
  Value shape = emitOne(node, "Shape", {x}, intAttributes({{"start", 0}}));
  auto scaled = [&](Value value, int64_t ofRank) {
    auto operand = [&](size_t index) {
      return perChannel(node, castTo(node, node.operands[index], element),
                        ofRank);
    };
    return emitOne(node, "Add",
                   {emitOne(node, "Mul", {value, operand(1)}), operand(2)});
  };
  Value grouped =
      emitOne(node, "Reshape", {x, intConstant({0, groups, -1}, node.location)},
              intAttributes({{"allowzero", 0}}));
  Value y =
      normalised(node, grouped, {2}, node.floatAttribute("epsilon", 1e-5F));
  if (node.version.since < 21)
    y = scaled(y, 3);
  y = emitOne(node, "Reshape", {y, shape}, intAttributes({{"allowzero", 1}}));
  if (node.version.since >= 21)
    y = scaled(y, rank);
  bind(node.scope, node.proto.output(0), castTo(node, y, own), node.title);
}

bool GraphImporter::importNormalization(const CheckedNode &node) {
  StringRef name = node.version.name;
  if (name == "BatchNormalization")
    importBatchNormalization(node);
  else if (name == "InstanceNormalization")
    importInstanceNormalization(node);
  else if (name == "GroupNormalization")
    importGroupNormalization(node);
  else
    return false;
  return true;
}

} // namespace jarana::onnx
