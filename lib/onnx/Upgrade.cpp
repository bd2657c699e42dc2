// Operators that are more than their newest spelling: those that pass through
// or become another one, and attributes of old versions that are operands now.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

std::optional<std::vector<int64_t>>
GraphImporter::knownInts(Value value) const {
  if (!value)
    return std::nullopt;
  ValueInfo info = shapes.lookup(value);
  if (!info.contents)
    return std::nullopt;
  std::vector<int64_t> known;
  for (const symbolic::Expr &element : *info.contents) {
    std::optional<int64_t> number = element.constant();
    if (!number)
      return std::nullopt;
    known.push_back(*number);
  }
  return known;
}

/// Attributes whose strings are an enumeration.
static void checkEnumeration(const CheckedNode &node) {
  static const struct {
    StringRef op, attribute, allowed;
  } enumerations[] = {
      {"CausalConvWithState", "activation", "none silu swish"},
      {"Cast", "round_mode", "up"},
      {"Conv", "auto_pad", "NOTSET VALID SAME_UPPER SAME_LOWER"},
      {"QLinearConv", "auto_pad", "NOTSET VALID SAME_UPPER SAME_LOWER"},
      {"Gelu", "approximate", "none tanh"},
      {"LinearAttention", "update_rule", "linear gated delta gated_delta"},
      {"Pad", "mode", "constant reflect edge wrap"},
      {"ScatterElements", "reduction", "none add mul min max"},
      {"ScatterND", "reduction", "none add mul min max"},
      {"TensorScatter", "mode", "linear circular"},
  };
  for (const auto &[op, name, allowed] : enumerations) {
    const pb::AttributeProto *attribute =
        node.version.name == op ? node.attribute(name) : nullptr;
    SmallVector<StringRef> words;
    allowed.split(words, ' ');
    if (attribute && !llvm::is_contained(words, attribute->s()))
      node.fail("attribute '" + name.str() + "' is '" + attribute->s() +
                "'; it must be one of: " + allowed.str());
  }
}

bool GraphImporter::importSpecial(const CheckedNode &node) {
  checkEnumeration(node);
  StringRef name = node.version.name;
  bool microsoft = node.version.domain == "com.microsoft";
  if (importOlder(node) || importNormalization(node) || importFused(node) ||
      importQuantized(node) || importNarrow(node))
    return true;
  if (name == "Constant") {
    importConstant(node);
  } else if (name == "Identity") {
    if (const Sequence *sequence =
            lookupSequence(node.scope, node.proto.input(0))) {
      checkNew(node.scope, node.proto.output(0), node.title);
      Sequence copy = *sequence;
      node.scope.sequences[node.proto.output(0)] = std::move(copy);
    } else {
      bindOutputs(node, node.operands);
    }
  } else if (name == "Dropout") {
    importDropout(node);
  } else if (name == "CastLike") {
    NamedAttrList attributes = convertAttributes(node);
    attributes.set(
        "to", TypeAttr::get(cast<RankedTensorType>(node.operands[1].getType())
                                .getElementType()));
    emitGeneric(node, "Cast", {node.operands[0]}, std::move(attributes));
  } else if (name == "If") {
    importIf(node);
  } else if (name == "Loop") {
    importLoop(node);
  } else if (name == "Scan") {
    importScan(node);
  } else if (name == "NonZero" &&
             !getElementTypeOrSelf(node.operands[0].getType()).isInteger(1)) {
    NamedAttrList attributes;
    attributes.set("to", TypeAttr::get(builder.getI1Type()));
    attributes.set("saturate", builder.getI64IntegerAttr(1));
    Value truth = emit("Cast", {node.operands[0]}, attributes, 1, node.location)
                      ->getResult(0);
    emitGeneric(node, "NonZero", {truth}, {});
  } else if (name == "SplitToSequence") {
    importSplitToSequence(node);
  } else if (name == "SequenceAt") {
    importSequenceAt(node);
  } else if (name == "SimplifiedLayerNormalization") {
    if (node.proto.output_size() > 1 && !node.proto.output(1).empty())
      node.fail("its second output is not supported");
    emitGeneric(node, "RMSNormalization", node.operands,
                convertAttributes(node));
  } else if (microsoft && name == "RotaryEmbedding") {
    importMicrosoftRotary(node);
  } else {
    return false;
  }
  return true;
}

void GraphImporter::importConstant(const CheckedNode &node) {
  if (node.attributes.size() != 1)
    node.fail("it must have exactly one attribute");
  StringRef key = node.attributes.front().name;
  const pb::AttributeProto &attribute = *node.attributes.front().proto;
  const std::string &name = node.proto.output(0);
  Value value;
  if (key == "value")
    value = tensorValue(attribute.t(), node.title + ": its tensor", name);
  else if (key == "value_int")
    value = intConstant({attribute.i()}, node.location, /*scalar=*/true);
  else if (key == "value_ints")
    value = intConstant(llvm::to_vector(attribute.ints()), node.location);
  else if (key == "value_float")
    value = constant(
        DenseElementsAttr::get(RankedTensorType::get({}, builder.getF32Type()),
                               attribute.f()),
        node.location);
  else if (key == "value_floats")
    value = constant(
        DenseElementsAttr::get(RankedTensorType::get({attribute.floats_size()},
                                                     builder.getF32Type()),
                               ArrayRef<float>(attribute.floats().data(),
                                               attribute.floats_size())),
        node.location);
  else
    node.fail("the attribute '" + key.str() + "' is not supported");
  bind(node.scope, name, value, node.title);
}

void GraphImporter::importDropout(const CheckedNode &node) {
  if (Value training = node.operand(2)) {
    auto known = knownInts(training);
    if (!known || known->size() != 1 || known->front() != 0)
      node.fail("training_mode must be a constant false: only inference is "
                "supported");
  }
  bind(node.scope, node.proto.output(0), node.operands[0], node.title);
  if (node.proto.output_size() < 2 || node.proto.output(1).empty())
    return;
  // The mask of inference: true everywhere; until version 12, which says so,
  // ONNX Runtime left it empty, and until version 10 it had the data's type.
  Type data =
      cast<RankedTensorType>(node.operands[0].getType()).getElementType();
  Type element = node.version.since < 10 ? data : builder.getI1Type();
  Value shape =
      emitOne(node, "Shape", {node.operands[0]}, intAttributes({{"start", 0}}));
  Value kept =
      numberConstant(node.version.since < 12 ? 0 : 1, element, node.location);
  bind(node.scope, node.proto.output(1), emitOne(node, "Expand", {kept, shape}),
       node.title);
}

//===- sequences
//------------------------------------------------------------===//

void GraphImporter::importSplitToSequence(const CheckedNode &node) {
  Sequence sequence;
  sequence.axis = node.intAttribute("axis", 0);
  sequence.whole = node.operands[0];
  if (Value split = node.operand(1)) {
    auto sizes = knownInts(split);
    if (!sizes)
      node.fail("the sizes of the split must be constant");
    if (cast<RankedTensorType>(split.getType()).getRank() == 0) {
      sequence.step = sizes->front();
      if (sequence.step <= 0)
        node.fail("the size of the pieces is " + std::to_string(sequence.step) +
                  "; it must be positive");
    } else {
      NamedAttrList attributes;
      attributes.set("axis", builder.getI64IntegerAttr(sequence.axis));
      Operation *op = emit("Split", {sequence.whole, split}, attributes,
                           static_cast<unsigned>(sizes->size()), node.location);
      sequence.pieces.assign(op->result_begin(), op->result_end());
    }
  } else {
    sequence.keepDims = node.intAttribute("keepdims", 1) != 0;
  }
  checkNew(node.scope, node.proto.output(0), node.title);
  node.scope.sequences[node.proto.output(0)] = std::move(sequence);
}

void GraphImporter::importSequenceAt(const CheckedNode &node) {
  const Sequence *sequence = lookupSequence(node.scope, node.proto.input(0));
  if (!sequence)
    node.fail("its first input '" + node.proto.input(0) +
              "' is not a sequence");
  auto known = knownInts(node.operands[1]);
  if (!known || known->size() != 1)
    node.fail("the position must be constant");
  int64_t position = known->front();
  if (!sequence->pieces.empty()) {
    int64_t count = static_cast<int64_t>(sequence->pieces.size());
    if (position < -count || position >= count)
      node.fail("the position " + std::to_string(position) +
                " is outside a sequence of " + std::to_string(count));
    bind(node.scope, node.proto.output(0),
         sequence->pieces[position < 0 ? position + count : position],
         node.title);
    return;
  }
  // Pieces are counted from the front; from the back it takes the number of
  // them.
  if (position < 0)
    node.fail(
        "a position from the end of pieces of equal size is not supported");
  Value piece;
  if (!sequence->keepDims) {
    NamedAttrList attributes;
    attributes.set("axis", builder.getI64IntegerAttr(sequence->axis));
    piece =
        emit("Gather",
             {sequence->whole, intConstant({position}, node.location, true)},
             attributes, 1, node.location)
            ->getResult(0);
  } else {
    int64_t start = position * sequence->step;
    auto axis = [&](int64_t value) {
      return intConstant({value}, node.location);
    };
    piece = emit("Slice",
                 {sequence->whole, axis(start), axis(start + sequence->step),
                  axis(sequence->axis), axis(1)},
                 {}, 1, node.location)
                ->getResult(0);
  }
  bind(node.scope, node.proto.output(0), piece, node.title);
}

//===- com.microsoft
//--------------------------------------------------------===//

/// (input, position_ids, cos, sin) is ai.onnx's (X, cos, sin, position_ids);
/// what ai.onnx cannot say is refused.
void GraphImporter::importMicrosoftRotary(const CheckedNode &node) {
  if (node.intAttribute("is_packed_batching", 0) != 0)
    node.fail("is_packed_batching is not supported");
  if (const pb::AttributeProto *scale = node.attribute("scale");
      scale && scale->f() != 1.0f)
    node.fail("a scale other than 1 is not supported");
  auto rankOf = [&](size_t index) {
    return cast<RankedTensorType>(node.operands[index].getType()).getRank();
  };
  if (rankOf(1) != 2)
    node.fail(
        "position_ids must be [batch, sequence]; an offset is not supported");
  NamedAttrList attributes;
  attributes.set("interleaved", builder.getI64IntegerAttr(
                                    node.intAttribute("interleaved", 0)));
  int64_t rotaryDim = node.intAttribute("rotary_embedding_dim", 0),
          heads = node.intAttribute("num_heads", 0);
  if (rankOf(0) == 3 && heads == 0) {
    // Here the tables' width says how wide a head is.
    int64_t hidden =
        cast<RankedTensorType>(node.operands[0].getType()).getShape().back();
    int64_t half = rankOf(2) >= 1
                       ? cast<RankedTensorType>(node.operands[2].getType())
                             .getShape()
                             .back()
                       : 0;
    if (rotaryDim != 0 || half <= 0 || hidden <= 0 || hidden % (2 * half) != 0)
      node.fail("num_heads must be given for an input of rank 3");
    heads = hidden / (2 * half);
  }
  attributes.set("rotary_embedding_dim", builder.getI64IntegerAttr(rotaryDim));
  if (heads)
    attributes.set("num_heads", builder.getI64IntegerAttr(heads));
  emitGeneric(
      node, "RotaryEmbedding",
      {node.operands[0], node.operands[2], node.operands[3], node.operands[1]},
      std::move(attributes));
}

/// Attributes of com.microsoft operators that the onnx form does not have: only
/// their neutral values are taken.
static void dropNeutral(const CheckedNode &node, NamedAttrList &attributes,
                        StringRef name, ArrayRef<int64_t> neutral) {
  const pb::AttributeProto *attribute = node.attribute(name);
  if (!attribute)
    return;
  bool fine = attribute->type() == pb::AttributeProto::STRING
                  ? attribute->s().empty() || attribute->s() == "NONE"
                  : llvm::is_contained(neutral, attribute->i());
  if (!fine)
    node.fail("this value of the attribute '" + name.str() +
              "' is not supported");
  attributes.erase(name);
}

//===- defaults that depend on the operands, and old spellings
//--------------===//

static void setIfAbsent(NamedAttrList &attributes, StringRef name,
                        Attribute value) {
  if (!attributes.get(name))
    attributes.set(name, value);
}

void GraphImporter::completeConv(const CheckedNode &node, Value x, Value w,
                                 NamedAttrList &attributes) {
  auto input = cast<RankedTensorType>(x.getType()),
       weight = cast<RankedTensorType>(w.getType());
  if (input.getRank() < 3 || weight.getRank() != input.getRank())
    node.fail("X and W must have the same rank, 3 or more; they have " +
              std::to_string(input.getRank()) + " and " +
              std::to_string(weight.getRank()));
  int64_t spatial = input.getRank() - 2;
  SmallVector<int64_t> ones(spatial, 1), zeros(2 * spatial, 0);
  setIfAbsent(attributes, "strides", builder.getDenseI64ArrayAttr(ones));
  setIfAbsent(attributes, "dilations", builder.getDenseI64ArrayAttr(ones));
  setIfAbsent(attributes, "pads", builder.getDenseI64ArrayAttr(zeros));
  auto kernel = weight.getShape().drop_front(2);
  if (llvm::none_of(kernel, ShapedType::isDynamic))
    setIfAbsent(attributes, "kernel_shape",
                builder.getDenseI64ArrayAttr(kernel));
}

void GraphImporter::complete(const CheckedNode &node,
                             std::vector<Value> &operands,
                             NamedAttrList &attributes) {
  StringRef name = node.version.name;
  const OperatorVersion &newest =
      *newestVersion(newestVersion("", name) ? "" : node.version.domain, name);
  if (!newest.variadicInputs())
    operands.resize(newest.inputs.size());
  auto rankOf = [&](size_t index) {
    return cast<RankedTensorType>(operands[index].getType()).getRank();
  };
  attributesToOperands(node, operands, attributes);
  if (name == "Div" || name == "Mod") {
    auto divisors = knownInts(operands[1]);
    if (divisors && llvm::is_contained(*divisors, 0))
      node.fail("an integer is divided by the constant 0");
  } else if (name == "Split") {
    // Until version 18 the number of outputs was not said.
    if (!operands[1])
      setIfAbsent(attributes, "num_outputs",
                  builder.getI64IntegerAttr(node.proto.output_size()));
    if (int64_t count =
            node.intAttribute("num_outputs", node.proto.output_size());
        count != node.proto.output_size())
      node.fail("num_outputs is " + std::to_string(count) + ", but it has " +
                std::to_string(node.proto.output_size()) + " outputs");
    attributes.erase(operands[1] ? "num_outputs" : "");
  } else if (name == "Transpose") {
    SmallVector<int64_t> reversed;
    for (int64_t dim = rankOf(0) - 1; dim >= 0; --dim)
      reversed.push_back(dim);
    setIfAbsent(attributes, "perm", builder.getDenseI64ArrayAttr(reversed));
  } else if (name == "ConstantOfShape") {
    setIfAbsent(
        attributes, "value",
        DenseElementsAttr::get(RankedTensorType::get({1}, builder.getF32Type()),
                               ArrayRef<float>(0.0f)));
  } else if (name == "Conv") {
    completeConv(node, operands[0], operands[1], attributes);
  } else if (name == "CausalConvWithState") {
    dropNeutral(node, attributes, "ndim", {1});
  } else if (name == "MatMulNBits") {
    dropNeutral(node, attributes, "weight_prepacked", {0});
  } else if (name == "GroupQueryAttention") {
    dropNeutral(node, attributes, "qk_output", {0});
    dropNeutral(node, attributes, "k_quant_type", {});
    dropNeutral(node, attributes, "v_quant_type", {});
    dropNeutral(node, attributes, "kv_cache_bit_width", {0});
    completeGroupQueryAttention(node, operands, attributes);
  }
}

} // namespace jarana::onnx
