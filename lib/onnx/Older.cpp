// Operators whose older versions mean something else than the newest one, or
// that are no more: said in today's operators.
#include "lib/onnx/Importer.h"

#include <cmath>

namespace jarana::onnx {

using namespace mlir;

Value GraphImporter::emitOne(const CheckedNode &node, StringRef name,
                             std::vector<Value> operands,
                             NamedAttrList attributes) {
  const OperatorVersion &newest = *newestVersion("", name);
  if (!newest.variadicInputs())
    operands.resize(newest.inputs.size());
  return emit(name, operands, std::move(attributes), 1, node.location)
      ->getResult(0);
}

NamedAttrList
GraphImporter::intAttributes(ArrayRef<std::pair<StringRef, int64_t>> values) {
  NamedAttrList list;
  for (auto [name, value] : values)
    list.set(name, builder.getI64IntegerAttr(value));
  return list;
}

Value GraphImporter::numberConstant(double value, Type element,
                                    Location location) {
  Attribute number =
      isa<FloatType>(element)
          ? Attribute(FloatAttr::get(element, value))
          : builder.getIntegerAttr(element, static_cast<int64_t>(value));
  return constant(
      DenseElementsAttr::get(RankedTensorType::get({}, element), number),
      location);
}

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The axis that an attribute names, counted from the front.
static int64_t axisOf(const CheckedNode &node, int64_t otherwise) {
  int64_t rank = typeOf(node.operands[0]).getRank(),
          axis = node.intAttribute("axis", otherwise);
  if (axis < -rank || axis >= rank)
    node.fail("axis " + std::to_string(axis) +
              " is outside of the input's rank, " + std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

/// One of Softmax, LogSoftmax and Hardmax along one axis.
Value GraphImporter::maximumAlong(const CheckedNode &node, Value x,
                                  int64_t axis) {
  if (node.version.name != "Hardmax")
    return emitOne(node, node.version.name, {x},
                   intAttributes({{"axis", axis}}));
  Type element = typeOf(x).getElementType();
  Value chosen = emitOne(node, "ArgMax", {x},
                         intAttributes({{"axis", axis}, {"keepdims", 0}}));
  Value depth = emitOne(node, "Shape", {x},
                        intAttributes({{"start", axis}, {"end", axis + 1}}));
  Value one = numberConstant(1, element, node.location),
        zero = numberConstant(0, element, node.location);
  Value values = emitOne(
      node, "Concat",
      {emitOne(node, "Unsqueeze", {zero, intConstant({0}, node.location)}),
       emitOne(node, "Unsqueeze", {one, intConstant({0}, node.location)})},
      intAttributes({{"axis", 0}}));
  return emitOne(node, "OneHot", {chosen, depth, values},
                 intAttributes({{"axis", axis}}));
}

/// Until version 13 these took the input as a matrix, whose columns are all
/// dimensions from `axis` on.
void GraphImporter::importFlattened(const CheckedNode &node) {
  Value x = node.operands[0];
  ArrayRef<int64_t> shape = typeOf(x).getShape();
  bool flattens = node.version.since < 13;
  int64_t axis = axisOf(node, flattens ? 1 : -1);
  // A matrix whose columns are one dimension is that dimension.
  SmallVector<int64_t> columns;
  for (int64_t dim = axis; flattens && dim < typeOf(x).getRank(); ++dim)
    if (shape[dim] != 1)
      columns.push_back(dim);
  if (columns.size() <= 1) {
    if (!columns.empty())
      axis = columns.front();
    bind(node.scope, node.proto.output(0), maximumAlong(node, x, axis),
         node.title);
    return;
  }
  Value matrix = emitOne(node, "Flatten", {x}, intAttributes({{"axis", axis}}));
  bind(node.scope, node.proto.output(0),
       emitOne(node, "Reshape",
               {maximumAlong(node, matrix, 1),
                emitOne(node, "Shape", {x}, intAttributes({{"start", 0}}))},
               intAttributes({{"allowzero", 1}})),
       node.title);
}

/// The numbers of a float operand or attribute that must be constant.
static SmallVector<float> scalesOf(const CheckedNode &node) {
  if (const pb::AttributeProto *scales = node.attribute("scales"))
    return llvm::to_vector(scales->floats());
  Value operand = node.operand(1);
  auto made = operand ? operand.getDefiningOp<mlir::onnx::ConstantOp>()
                      : mlir::onnx::ConstantOp();
  auto dense =
      made ? dyn_cast<DenseElementsAttr>(made.getValue()) : DenseElementsAttr();
  if (!dense || !dense.getElementType().isF32())
    node.fail("the scales must be constant");
  return llvm::to_vector(dense.getValues<float>());
}

/// Upsample to the nearest element: element i of a dimension is element
/// floor(i / scale) of the input's.
void GraphImporter::importUpsample(const CheckedNode &node) {
  Value x = node.operands[0];
  int64_t rank = typeOf(x).getRank();
  const pb::AttributeProto *mode = node.attribute("mode");
  if (mode && mode->s() != "nearest")
    node.fail("the mode '" + mode->s() + "' is not supported; 'nearest' is");
  SmallVector<float> scales = scalesOf(node);
  if (static_cast<int64_t>(scales.size()) != rank)
    node.fail("there are " + std::to_string(scales.size()) +
              " scales for an input of rank " + std::to_string(rank));
  for (int64_t dim = 0; dim < rank; ++dim) {
    float scale = scales[dim];
    if (scale == 1)
      continue;
    if (!(scale >= 1) || scale > 1e6F)
      node.fail("the scale " + std::to_string(scale) +
                " is not supported; it must be from 1 to 1000000");
    int64_t size = typeOf(x).getShape()[dim];
    Value from;
    if (!ShapedType::isDynamic(size)) {
      double scaled =
          std::floor(static_cast<double>(size) * static_cast<double>(scale));
      if (scaled > (int64_t(1) << 22))
        node.fail("dimension " + std::to_string(dim) +
                  " of its result is larger than 4194304");
      auto count = static_cast<int64_t>(scaled);
      SmallVector<int64_t> positions;
      for (int64_t i = 0; i < count; ++i)
        positions.push_back(std::min<int64_t>(
            size - 1, static_cast<int64_t>(static_cast<float>(i) / scale)));
      from = intConstant(positions, node.location);
    } else if (scale == std::floor(scale)) {
      Value factor = intConstant({static_cast<int64_t>(scale)}, node.location,
                                 /*scalar=*/true);
      Value length =
          emitOne(node, "Squeeze",
                  {emitOne(node, "Shape", {x},
                           intAttributes({{"start", dim}, {"end", dim + 1}})),
                   intConstant({0}, node.location)});
      Value zero = intConstant({0}, node.location, /*scalar=*/true),
            one = intConstant({1}, node.location, /*scalar=*/true);
      Value range = emitOne(
          node, "Range", {zero, emitOne(node, "Mul", {length, factor}), one});
      from = emitOne(node, "Div", {range, factor});
    } else {
      node.fail("a scale that is no whole number, " + std::to_string(scale) +
                ", is not supported for dimension " + std::to_string(dim) +
                ", whose size is known only when the model runs");
    }
    x = emitOne(node, "Gather", {x, from}, intAttributes({{"axis", dim}}));
  }
  bind(node.scope, node.proto.output(0), x, node.title);
}

bool GraphImporter::importOlder(const CheckedNode &node) {
  StringRef name = node.version.name;
  if (!node.version.domain.empty())
    return false;
  if (name == "Hardmax" || (node.version.since < 13 &&
                            (name == "Softmax" || name == "LogSoftmax"))) {
    importFlattened(node);
  } else if (name == "Upsample") {
    importUpsample(node);
  } else if (name == "Scatter") {
    emitGeneric(node, "ScatterElements", node.operands,
                convertAttributes(node));
  } else if (name == "Scan" && node.version.since < 9) {
    node.fail("the Scan of opset 8, which has a batch dimension and lengths of "
              "sequences, is not supported; that of opset 9 and later is");
  } else {
    return false;
  }
  return true;
}

//===- attributes that are operands now
//--------------------------------------===//

void GraphImporter::attributesToOperands(const CheckedNode &node,
                                         std::vector<Value> &operands,
                                         NamedAttrList &attributes) {
  StringRef name = node.version.name;
  if (!node.version.domain.empty())
    return;
  auto ints = [&](StringRef attribute, size_t operand) {
    if (Attribute value = attributes.erase(attribute))
      operands[operand] = intConstant(
          cast<DenseI64ArrayAttr>(value).asArrayRef(), node.location);
  };
  auto number = [&](StringRef attribute, double otherwise, size_t operand) {
    Attribute value = attributes.erase(attribute);
    if (!isa<FloatType>(typeOf(operands[0]).getElementType()))
      node.fail("at this opset it takes floats only");
    operands[operand] = numberConstant(
        value ? cast<FloatAttr>(value).getValueAsDouble() : otherwise,
        typeOf(operands[0]).getElementType(), node.location);
  };
  if (name.starts_with("Reduce") || name == "Squeeze" || name == "Unsqueeze") {
    ints("axes", 1);
  } else if (name == "Split") {
    ints("split", 1);
  } else if (name == "Clip" && node.version.since < 11) {
    // Where one is absent it is the greatest finite f32, not no limit.
    number("min", std::numeric_limits<float>::lowest(), 1);
    number("max", std::numeric_limits<float>::max(), 2);
  } else if (name == "Pad" && node.version.since < 11) {
    ints("pads", 1);
    number("value", 0, 2);
  } else if (name == "Slice" && node.version.since < 10) {
    ints("starts", 1);
    ints("ends", 2);
    ints("axes", 3);
  } else if (name == "TopK" && node.version.since < 10) {
    int64_t k = cast<IntegerAttr>(attributes.erase("k")).getInt();
    operands[1] = intConstant({k}, node.location);
  }
}

} // namespace jarana::onnx
