// Operators on quantised tensors that ai.onnx says in several: products with
// integers, and functions between DequantizeLinear and QuantizeLinear.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value GraphImporter::castTo(const CheckedNode &node, Value value,
                            Type element) {
  if (typeOf(value).getElementType() == element)
    return value;
  NamedAttrList attributes;
  attributes.set("to", TypeAttr::get(element));
  return emitOne(node, "Cast", {value}, attributes);
}

/// A tensor of one element as a scalar.
Value GraphImporter::singleNumber(const CheckedNode &node, Value value) {
  int64_t rank = typeOf(value).getRank();
  if (rank == 0)
    return value;
  if (!typeOf(value).hasStaticShape() || typeOf(value).getNumElements() != 1)
    node.fail("a scale or zero point of the result must be one number");
  SmallVector<int64_t> axes;
  for (int64_t axis = 0; axis < rank; ++axis)
    axes.push_back(axis);
  return emitOne(node, "Squeeze", {value, intConstant(axes, node.location)});
}

/// round(x / scale) + zero in the zero point's type, or in `element` where
/// there is none.
Value GraphImporter::quantised(const CheckedNode &node, Value x, Value scale,
                               Value zero, Type element) {
  zero = zero ? singleNumber(node, zero)
              : numberConstant(0, element, node.location);
  return emitOne(node, "QuantizeLinear", {x, singleNumber(node, scale), zero});
}

Value GraphImporter::dequantised(const CheckedNode &node, size_t value,
                                 size_t scale, size_t zero) {
  return emitOne(
      node, "DequantizeLinear",
      {node.operands[value], node.operands[scale], node.operand(zero)});
}

/// The product of integers, as f32 and times a scale: the scales' product,
/// divided by the result's where there is one, as ONNX Runtime has it.
Value GraphImporter::scaledProduct(const CheckedNode &node, Value product,
                                   ArrayRef<Value> scales, Value resultScale,
                                   float alpha) {
  Type f32 = builder.getF32Type();
  Value factor;
  for (auto [index, scale] : llvm::enumerate(scales)) {
    Value each = castTo(node, scale, f32);
    // One per row of the left side.
    if (index == 0 && typeOf(each).getRank() == 1 &&
        typeOf(each).getShape()[0] != 1)
      each =
          emitOne(node, "Unsqueeze", {each, intConstant({1}, node.location)});
    factor = factor ? emitOne(node, "Mul", {factor, each}) : each;
  }
  if (alpha != 1)
    factor = emitOne(node, "Mul",
                     {factor, numberConstant(alpha, f32, node.location)});
  if (resultScale)
    factor = emitOne(node, "Div", {factor, castTo(node, resultScale, f32)});
  return emitOne(node, "Mul", {castTo(node, product, f32), factor});
}

/// a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point.
void GraphImporter::importQLinearMatMul(const CheckedNode &node) {
  Value product = emitOne(
      node, "MatMulInteger",
      {node.operands[0], node.operands[3], node.operands[2], node.operands[5]});
  Value scaled =
      scaledProduct(node, product, {node.operands[1], node.operands[4]},
                    singleNumber(node, node.operands[6]), 1);
  Value one = numberConstant(1, builder.getF32Type(), node.location);
  bind(node.scope, node.proto.output(0),
       quantised(node, scaled, one, node.operands[7], {}), node.title);
}

/// x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point,
/// B?. The sums of products are whole numbers, exact in f64.
void GraphImporter::importQLinearConv(const CheckedNode &node) {
  Type f64 = builder.getF64Type();
  Value x = node.operands[0], w = node.operands[3];
  NamedAttrList attributes = convertAttributes(node);
  completeConv(node, x, w, attributes);
  int64_t rank = typeOf(x).getRank();
  // One number, or one per filter: [m, 1, ...] of `dims` dimensions.
  auto perFilter = [&](Value value, int64_t dims) {
    RankedTensorType type = typeOf(value);
    if (type.hasStaticShape() && type.getNumElements() == 1)
      return scalarOf(node, value);
    if (type.getRank() != 1)
      node.fail("a scale or zero point of w must be one number or one per "
                "filter");
    SmallVector<int64_t> axes;
    for (int64_t axis = 1; axis < dims; ++axis)
      axes.push_back(axis);
    return emitOne(node, "Unsqueeze",
                   {value, intConstant(axes, node.location)});
  };
  auto centred = [&](Value codes, Value zero) {
    return emitOne(node, "Sub",
                   {castTo(node, codes, f64), castTo(node, zero, f64)});
  };
  Value bias = node.operand(8);
  Value sums = emitOne(node, "Conv",
                       {centred(x, scalarOf(node, node.operands[2])),
                        centred(w, perFilter(node.operands[5], rank)),
                        bias ? castTo(node, bias, f64) : Value()},
                       attributes);
  Value y = scaledProduct(
      node, sums,
      {scalarOf(node, node.operands[1]), perFilter(node.operands[4], rank - 1)},
      scalarOf(node, node.operands[6]), 1);
  Value one = numberConstant(1, builder.getF32Type(), node.location);
  bind(node.scope, node.proto.output(0),
       quantised(node, y, one, node.operands[7], {}), node.title);
}

/// A, a_scale, a_zero_point, B, b_scale, b_zero_point, C?, y_scale?,
/// y_zero_point?.
void GraphImporter::importQGemm(const CheckedNode &node) {
  NamedAttrList swap;
  swap.set("perm", builder.getDenseI64ArrayAttr({1, 0}));
  auto side = [&](size_t index, StringRef trans) {
    if (typeOf(node.operands[index]).getRank() != 2)
      node.fail("A and B must be matrices");
    return node.intAttribute(trans, 0)
               ? emitOne(node, "Transpose", {node.operands[index]}, swap)
               : node.operands[index];
  };
  Value product = emitOne(node, "MatMulInteger",
                          {side(0, "transA"), side(3, "transB"),
                           node.operands[2], node.operands[5]});
  if (Value c = node.operand(6))
    product = emitOne(node, "Add", {product, c});
  Value scale = node.operand(7);
  if (node.operand(8) && !scale)
    node.fail("there is a y_zero_point and no y_scale");
  Value y = scaledProduct(node, product, {node.operands[1], node.operands[4]},
                          scale ? singleNumber(node, scale) : Value(),
                          node.floatAttribute("alpha", 1));
  if (scale)
    y = quantised(node, y,
                  numberConstant(1, builder.getF32Type(), node.location),
                  node.operand(8), typeOf(node.operands[0]).getElementType());
  bind(node.scope, node.proto.output(0), y, node.title);
}

/// A, B, a_scale, b_scale, a_zero_point?, b_zero_point?, bias?; or with A of
/// floats, quantised here: A, B, b_scale, b_zero_point?, bias?.
void GraphImporter::importProductToFloat(const CheckedNode &node) {
  bool dynamic = node.version.name == "DynamicQuantizeMatMul";
  Value a = node.operands[0], scale = node.operands[2],
        zero = dynamic ? Value() : node.operand(4);
  if (dynamic) {
    Operation *op = emit("DynamicQuantizeLinear", {a}, {}, 3, node.location);
    a = op->getResult(0);
    scale = op->getResult(1);
    zero = op->getResult(2);
  }
  Value product =
      emitOne(node, "MatMulInteger",
              {a, node.operands[1], zero, node.operand(dynamic ? 3 : 5)});
  Value y = scaledProduct(node, product,
                          {scale, node.operands[dynamic ? 2 : 3]}, {}, 1);
  if (Value bias = node.operand(dynamic ? 4 : 6))
    y = emitOne(node, "Add", {y, bias});
  bind(node.scope, node.proto.output(0), y, node.title);
}

/// A function of ai.onnx between numbers that are quantised.
void GraphImporter::importQLinear(const CheckedNode &node) {
  StringRef name = node.version.name.drop_front(strlen("QLinear"));
  std::vector<Value> inputs;
  NamedAttrList attributes = convertAttributes(node);
  size_t scale = 0; // of the result; its zero point follows
  if (name == "Add" || name == "Mul") {
    inputs = {dequantised(node, 0, 1, 2), dequantised(node, 3, 4, 5)};
    scale = 6;
  } else if (name == "Where") {
    inputs = {node.operands[0], dequantised(node, 1, 2, 3),
              dequantised(node, 4, 5, 6)};
    scale = 7;
  } else if (name == "Concat") {
    if (node.operands.size() % 3 != 2)
      node.fail("each input must have its scale and its zero point");
    for (size_t i = 2; i < node.operands.size(); i += 3)
      inputs.push_back(dequantised(node, i, i + 1, i + 2));
  } else { // Sigmoid, LeakyRelu
    inputs = {dequantised(node, 0, 1, 2)};
    scale = 3;
  }
  Value y = emitOne(node, name, inputs, attributes);
  Type element =
      typeOf(node.operands[name == "Concat" ? 2 : 0]).getElementType();
  bind(node.scope, node.proto.output(0),
       quantised(node, y, node.operands[scale], node.operand(scale + 1),
                 element),
       node.title);
}

//===- GatherBlockQuantized
//--------------------------------------------------===//

/// Two codes of 4 bits for each byte of the last dimension, the low one first;
/// of these the first `size`.
Value GraphImporter::nibbles(const CheckedNode &node, Value packed,
                             int64_t size) {
  RankedTensorType type = typeOf(packed);
  int64_t rank = type.getRank(), bytes = type.getShape().back();
  Value sixteen = numberConstant(16, type.getElementType(), node.location);
  Value last = intConstant({rank}, node.location);
  Value low = emitOne(node, "Mod", {packed, sixteen},
                      intAttributes({{"fmod", 0}})),
        high = emitOne(node, "Div", {packed, sixteen});
  Value pairs = emitOne(node, "Concat",
                        {emitOne(node, "Unsqueeze", {low, last}),
                         emitOne(node, "Unsqueeze", {high, last})},
                        intAttributes({{"axis", rank}}));
  SmallVector<int64_t> shape(rank - 1, 0);
  shape.push_back(2 * bytes);
  Value codes =
      emitOne(node, "Reshape", {pairs, intConstant(shape, node.location)},
              intAttributes({{"allowzero", 0}}));
  if (size == 2 * bytes)
    return codes;
  auto number = [&](int64_t value) {
    return intConstant({value}, node.location);
  };
  return emitOne(node, "Slice",
                 {codes, number(0), number(size), number(rank - 1), number(1)});
}

/// data, indices, scales, zero_points?: what is gathered is dequantised, not
/// the table.
void GraphImporter::importGatherBlockQuantized(const CheckedNode &node) {
  RankedTensorType data = typeOf(node.operands[0]),
                   scales = typeOf(node.operands[2]);
  int64_t rank = data.getRank(), bits = node.intAttribute("bits", 4),
          block = node.intAttribute("block_size", 128);
  auto axis = [&](StringRef name, int64_t otherwise) {
    int64_t value = node.intAttribute(name, otherwise);
    if (value < -rank || value >= rank)
      node.fail(name.str() + " is " + std::to_string(value) +
                "; the data has rank " + std::to_string(rank));
    return value < 0 ? value + rank : value;
  };
  int64_t gather = axis("gather_axis", 0), along = axis("quantize_axis", 1);
  if (data.getElementTypeBitWidth() != 8 ||
      !isa<IntegerType>(data.getElementType()))
    node.fail("the data must be integers of 4 or 8 bits");
  if (gather == along)
    node.fail("gather_axis and quantize_axis are the same dimension");
  if (bits != 4 && bits != 8)
    node.fail("bits is " + std::to_string(bits) + "; 4 and 8 are supported");
  if (block < 16 || (block & (block - 1)) != 0)
    node.fail("block_size is " + std::to_string(block) +
              "; it must be a power of two from 16");
  if (scales.getRank() != rank)
    node.fail("scales must have the data's rank, " + std::to_string(rank));
  // Elements of 4 bits are a byte each here; bytes hold two codes of 4 bits.
  bool narrow = storedTypes.contains(node.operands[0]);
  bool packed = bits == 4 && !narrow;
  if (packed && (gather == rank - 1 || data.isDynamicDim(rank - 1) ||
                 scales.isDynamicDim(rank - 1)))
    node.fail("two codes share a byte of the last dimension, which must be "
              "fixed and not the one that is gathered along");
  auto gathered = [&](Value value) {
    return emitOne(node, "Gather", {value, node.operands[1]},
                   intAttributes({{"axis", gather}}));
  };
  Value codes = gathered(node.operands[0]), scale = gathered(node.operands[2]);
  if (packed)
    codes = nibbles(node, codes, 2 * data.getShape().back());
  Value zero = node.operand(3);
  if (zero) {
    zero = gathered(zero);
    if (packed)
      zero = nibbles(node, zero, scales.getShape().back());
  } else if (!narrow) {
    zero = emitOne(
        node, "Expand",
        {numberConstant(bits == 4 ? 8 : 128, data.getElementType(),
                        node.location),
         emitOne(node, "Shape", {scale}, intAttributes({{"start", 0}}))});
  }
  int64_t indices = typeOf(node.operands[1]).getRank();
  bind(node.scope, node.proto.output(0),
       emitOne(node, "DequantizeLinear", {codes, scale, zero},
               intAttributes(
                   {{"axis", along < gather ? along : along - 1 + indices},
                    {"block_size", block}})),
       node.title);
}

bool GraphImporter::importQuantized(const CheckedNode &node) {
  StringRef name = node.version.name;
  if (name == "QLinearMatMul")
    importQLinearMatMul(node);
  else if (name == "QLinearConv")
    importQLinearConv(node);
  else if (node.version.domain != "com.microsoft")
    return false;
  else if (name == "QGemm")
    importQGemm(node);
  else if (name == "MatMulIntegerToFloat" || name == "DynamicQuantizeMatMul")
    importProductToFloat(node);
  else if (name == "GatherBlockQuantized")
    importGatherBlockQuantized(node);
  else if (name.starts_with("QLinear"))
    importQLinear(node);
  else
    return false;
  return true;
}

} // namespace jarana::onnx
