// One node: checked against its operator's schema, then made an operation in
// the operator's newest version.
#include "lib/onnx/Importer.h"

#include "llvm/Support/JSON.h"

namespace jarana::onnx {

using namespace mlir;

const pb::AttributeProto *CheckedNode::attribute(StringRef name) const {
  for (const NodeAttribute &attribute : attributes)
    if (attribute.name == name)
      return attribute.proto;
  return nullptr;
}

int64_t CheckedNode::intAttribute(StringRef name, int64_t otherwise) const {
  const pb::AttributeProto *found = attribute(name);
  return found ? found->i() : otherwise;
}

float CheckedNode::floatAttribute(StringRef name, float otherwise) const {
  const pb::AttributeProto *found = attribute(name);
  return found ? found->f() : otherwise;
}

//===- checks
//---------------------------------------------------------------===//

/// The letter of OperatorVersion::attributes for a type of AttributeProto.
static char kindLetter(pb::AttributeProto::AttributeType type) {
  switch (type) {
  case pb::AttributeProto::INT:
    return 'i';
  case pb::AttributeProto::FLOAT:
    return 'f';
  case pb::AttributeProto::STRING:
    return 's';
  case pb::AttributeProto::TENSOR:
    return 't';
  case pb::AttributeProto::GRAPH:
    return 'g';
  case pb::AttributeProto::INTS:
    return 'I';
  case pb::AttributeProto::FLOATS:
    return 'F';
  case pb::AttributeProto::STRINGS:
    return 'S';
  case pb::AttributeProto::SPARSE_TENSOR:
    return 'x';
  default:
    return '?';
  }
}

static std::string kindName(char letter) {
  static const std::pair<char, const char *> names[] = {
      {'i', "INT"},    {'f', "FLOAT"},   {'s', "STRING"},
      {'t', "TENSOR"}, {'g', "GRAPH"},   {'I', "INTS"},
      {'F', "FLOATS"}, {'S', "STRINGS"}, {'x', "SPARSE_TENSOR"}};
  for (auto [key, name] : names)
    if (key == letter)
      return name;
  return "type unknown to Jarana";
}

std::vector<NodeAttribute>
GraphImporter::resolveAttributes(const pb::NodeProto &node, Scope &scope,
                                 const std::string &title) {
  std::vector<NodeAttribute> resolved;
  llvm::StringSet<> seen;
  for (const pb::AttributeProto &attribute : node.attribute()) {
    if (!seen.insert(attribute.name()).second)
      throw Error(title + " has the attribute '" + attribute.name() +
                  "' twice");
    if (attribute.ref_attr_name().empty()) {
      resolved.push_back({attribute.name(), &attribute});
      continue;
    }
    // Absent in the call and without a default: the attribute is absent here
    // too.
    const pb::AttributeProto *meant =
        scope.frame->attributes.lookup(attribute.ref_attr_name());
    if (!meant)
      continue;
    if (attribute.has_type() && attribute.type() != meant->type())
      throw Error(title + ": attribute '" + attribute.name() + "' is a " +
                  kindName(kindLetter(attribute.type())) +
                  " that refers to the function's attribute '" +
                  attribute.ref_attr_name() + "', a " +
                  kindName(kindLetter(meant->type())));
    resolved.push_back({attribute.name(), meant});
  }
  return resolved;
}

static void checkAttributes(const OperatorVersion &version,
                            const std::vector<NodeAttribute> &attributes,
                            const std::string &title, int64_t opset) {
  for (const NodeAttribute &attribute : attributes) {
    char kind = version.attributeKind(attribute.name);
    if (!kind)
      throw Error(title + " has the attribute '" + attribute.name.str() +
                  "', which " + version.name.str() +
                  " does not have at opset " + std::to_string(opset));
    if (kindLetter(attribute.proto->type()) != kind)
      throw Error(title + ": attribute '" + attribute.name.str() +
                  "' is of type " +
                  kindName(kindLetter(attribute.proto->type())) +
                  "; it must be of type " + kindName(kind));
  }
  SmallVector<StringRef> entries;
  version.attributes.split(entries, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef entry : entries)
    if (entry.ends_with("!") &&
        llvm::none_of(attributes, [&](const NodeAttribute &attribute) {
          return attribute.name == entry.split(':').first;
        }))
      throw Error(title + " needs the attribute '" +
                  entry.split(':').first.str() + "'");
}

static void checkArity(const OperatorVersion &version,
                       const pb::NodeProto &node, const std::string &title) {
  auto check = [&](StringRef letters, int least, const auto &names,
                   const char *what) {
    int most =
        letters.ends_with("*") ? INT32_MAX : static_cast<int>(letters.size());
    if (names.size() < least || names.size() > most)
      throw Error(title + " has " + std::to_string(names.size()) + " " + what +
                  "; it must have " +
                  (letters.ends_with("*") ? "at least " + std::to_string(least)
                   : least == most        ? std::to_string(least)
                                          : std::to_string(least) + " to " +
                                                std::to_string(most)));
  };
  check(version.inputs, version.minInputs, node.input(), "inputs");
  check(version.outputs, version.minOutputs, node.output(), "outputs");
  for (int i = 0; i < node.input_size(); ++i) {
    char letter =
        i < static_cast<int>(version.inputs.size()) ? version.inputs[i] : '*';
    if (node.input(i).empty() && letter != '?')
      throw Error(title + ": input " + std::to_string(i) +
                  " is required, and absent");
  }
}

CheckedNode GraphImporter::check(const pb::NodeProto &node, Scope &scope) {
  std::string title = titleOf(node);
  StringRef domain = canonicalDomain(node.domain());
  auto opset = scope.frame->opsets.find(domain);
  if (opset == scope.frame->opsets.end())
    throw Error(title + " is of the domain '" +
                (domain.empty() ? "ai.onnx" : domain.str()) +
                "', which opset_import does not name");
  const OperatorVersion *version =
      findVersion(domain, node.op_type(), opset->second);
  // The table begins with what the oldest opset means; where an operator has
  // not changed since the model's older opset it is right.
  bool outside =
      opset->second > newestOpset || (!version && opset->second < oldestOpset);
  if (domain.empty() && outside)
    throw Error("opset " + std::to_string(opset->second) +
                " of ai.onnx is not supported (" + title +
                " is of it); opsets " + std::to_string(oldestOpset) + " to " +
                std::to_string(newestOpset) + " are");
  if (!version && oldestVersion(domain, node.op_type()))
    throw Error(title + ": opset " + std::to_string(opset->second) +
                " does not have the operator " + node.op_type() +
                ", which came with opset " +
                std::to_string(oldestVersion(domain, node.op_type())->since));
  if (!version) {
    std::string nearest = nearestOperator(domain, node.op_type());
    throw Error(
        title + ": the operator " + node.op_type() + " of the domain '" +
        (domain.empty() ? "ai.onnx" : domain.str()) + "' (opset " +
        std::to_string(opset->second) +
        ") is not supported, and the model has no function of that "
        "name" +
        (nearest.empty() ? ""
                         : "; the nearest that is supported is " + nearest));
  }
  std::vector<NodeAttribute> attributes = resolveAttributes(node, scope, title);
  checkAttributes(*version, attributes, title, opset->second);
  checkArity(*version, node, title);
  return {node,  *version,
          title, locationOf(&session.context, node, scope),
          scope, std::move(attributes),
          {}};
}

//===- operations
//-----------------------------------------------------------===//

/// A value whose static dimensions alone are more than any memory.
static void checkSize(Type type, StringRef op, Location location) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  int64_t bytes = 8;
  for (int64_t dim : tensor ? tensor.getShape() : ArrayRef<int64_t>())
    if (!ShapedType::isDynamic(dim) && dim != 0 &&
        __builtin_mul_overflow(bytes, dim, &bytes)) {
      auto name = dyn_cast<NameLoc>(location);
      throw Error("node '" + (name ? name.getName().str() : "") + "' (" +
                  op.str() + "): the size of its result overflows 64 bits");
    }
}

Operation *GraphImporter::emit(StringRef name, ArrayRef<Value> operands,
                               NamedAttrList attributes, unsigned results,
                               Location location) {
  OperationState state(location, "onnx." + name.str());
  for (Value operand : operands)
    state.operands.push_back(operand ? operand : none());
  state.addAttributes(attributes.getAttrs());
  // Placeholders until the shape rule has spoken.
  state.types.assign(results, builder.getNoneType());
  Operation *op = builder.create(state);
  if (failed(shapes.infer(op)))
    throw Diagnosed();
  for (Type type : op->getResultTypes())
    checkSize(type, name, location);
  return results == 1 ? foldKnown(op) : op;
}

/// Attributes live as long as the context: shapes are folded, tables are not.
static constexpr size_t mostFolded = 64;

/// Shape arithmetic whose elements are all known numbers becomes a constant.
Operation *GraphImporter::foldKnown(Operation *op) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto integer = dyn_cast<IntegerType>(type.getElementType());
  std::optional<std::vector<int64_t>> known = knownInts(op->getResult(0));
  if (!integer || !known || !type.hasStaticShape() ||
      type.getNumElements() != static_cast<int64_t>(known->size()) ||
      known->empty() || known->size() > mostFolded)
    return op;
  SmallVector<APInt> elements;
  for (int64_t value : *known)
    elements.emplace_back(integer.getWidth(), static_cast<uint64_t>(value),
                          integer.isSigned(), /*implicitTrunc=*/true);
  Value folded = constant(DenseElementsAttr::get(type, elements), op->getLoc());
  op->erase();
  return folded.getDefiningOp();
}

/// Attributes whose integer is a TensorProto.DataType.
static bool isTypeAttribute(StringRef name) {
  return name == "to" || name == "dtype" || name == "output_dtype" ||
         name == "precision" || name == "softmax_precision";
}

Attribute GraphImporter::convertAttribute(const CheckedNode &node,
                                          const NodeAttribute &attribute) {
  const pb::AttributeProto &proto = *attribute.proto;
  switch (proto.type()) {
  case pb::AttributeProto::INT: {
    if (!isTypeAttribute(attribute.name))
      return builder.getI64IntegerAttr(proto.i());
    if (proto.i() == pb::TensorProto::UNDEFINED && attribute.name != "to")
      return {}; // the default: the type follows from the operands
    Type type = proto.i() == static_cast<int>(proto.i())
                    ? elementType(&session.context, static_cast<int>(proto.i()))
                    : Type();
    if (!type)
      node.fail("attribute '" + attribute.name.str() + "' is the data type " +
                (proto.i() == static_cast<int>(proto.i())
                     ? dataTypeName(static_cast<int>(proto.i()))
                     : std::to_string(proto.i())) +
                ", which is not supported");
    return TypeAttr::get(type);
  }
  case pb::AttributeProto::FLOAT:
    return builder.getF32FloatAttr(proto.f());
  case pb::AttributeProto::STRING:
    if (!llvm::json::isUTF8(proto.s()))
      node.fail("attribute '" + attribute.name.str() + "' is not UTF-8");
    return builder.getStringAttr(proto.s());
  case pb::AttributeProto::INTS:
    return builder.getDenseI64ArrayAttr(llvm::to_vector(proto.ints()));
  case pb::AttributeProto::FLOATS:
    return builder.getDenseF32ArrayAttr(llvm::to_vector(proto.floats()));
  case pb::AttributeProto::TENSOR:
    return session.readTensor(session.checkTensor(
        proto.t(), node.title + ": the tensor of attribute '" +
                       attribute.name.str() + "'"));
  default:
    node.fail("attribute '" + attribute.name.str() + "' is of type " +
              kindName(kindLetter(proto.type())) + ", which is not supported");
  }
}

NamedAttrList GraphImporter::convertAttributes(const CheckedNode &node) {
  NamedAttrList list;
  for (const NodeAttribute &attribute : node.attributes)
    if (Attribute converted = convertAttribute(node, attribute))
      list.set(attribute.name, converted);
  return list;
}

void GraphImporter::bindOutputs(const CheckedNode &node, ValueRange results) {
  for (int i = 0; i < node.proto.output_size(); ++i)
    bind(node.scope, node.proto.output(i), results[i], node.title);
}

void GraphImporter::emitGeneric(const CheckedNode &node, StringRef name,
                                std::vector<Value> operands,
                                NamedAttrList attributes) {
  const OperatorVersion &newest =
      *newestVersion(newestVersion("", name) ? "" : node.version.domain, name);
  // Absent outputs at the end are dropped; required ones have a result all the
  // same.
  int results = node.proto.output_size();
  while (results > 0 && node.proto.output(results - 1).empty())
    --results;
  int required = static_cast<int>(newest.outputs.count('s'));
  Operation *op = emit(name, operands, std::move(attributes),
                       std::max(results, required), node.location);
  for (int i = 0; i < results; ++i)
    bind(node.scope, node.proto.output(i), op->getResult(i), node.title);
}

void GraphImporter::importOperator(const pb::NodeProto &node, Scope &scope) {
  CheckedNode checked = check(node, scope);
  bool readsSequence = checked.version.name == "SequenceAt" ||
                       checked.version.name == "Identity";
  for (int i = 0; i < node.input_size(); ++i) {
    const std::string &name = node.input(i);
    bool sequence = readsSequence && i == 0 && lookupSequence(scope, name);
    checked.operands.push_back(name.empty() || sequence
                                   ? Value()
                                   : lookup(scope, name, checked.title));
    if (!name.empty() && !sequence && !checked.operands.back() &&
        checked.version.inputs[std::min<size_t>(
            i, checked.version.inputs.size() - 1)] != '?')
      checked.fail("input " + std::to_string(i) + " ('" + name +
                   "') is required, and absent in the call of this function");
  }
  if (importSpecial(checked))
    return;
  std::vector<Value> operands = checked.operands;
  NamedAttrList attributes = convertAttributes(checked);
  complete(checked, operands, attributes);
  emitGeneric(checked, checked.version.name, std::move(operands),
              std::move(attributes));
}

void GraphImporter::importNode(const pb::NodeProto &node, Scope &scope) {
  session.countNode();
  if (const pb::FunctionProto *called = session.findFunction(node))
    importCall(node, *called, scope);
  else
    importOperator(node, scope);
}

} // namespace jarana::onnx
