// Graphs and their names: scopes, inputs, initializers, outputs.
#include "lib/onnx/Importer.h"

#include "dialects/hybrid/Hybrid.h"
#include "lib/onnx/Bind.h"
#include "lib/onnx/Defaults.h"

#include "llvm/Support/JSON.h"

namespace jarana::onnx {

using namespace mlir;

StringRef canonicalDomain(StringRef domain) {
  return domain == "ai.onnx" ? StringRef() : domain;
}

/// The name of a node, or of its first output where it has none.
static const std::string &nameOf(const pb::NodeProto &node) {
  if (node.name().empty())
    for (const std::string &output : node.output())
      if (!output.empty())
        return output;
  return node.name();
}

std::string titleOf(const pb::NodeProto &node) {
  auto brief = [](const std::string &text) {
    return text.size() <= 200 ? text : text.substr(0, 200) + "...";
  };
  return "node '" + brief(nameOf(node)) + "' (" + brief(node.op_type()) + ")";
}

std::string Scope::position() const {
  std::string number = "node " + std::to_string(node);
  return outer ? outer->position() + ", " + number : place + ": " + number;
}

Location locationOf(MLIRContext *context, const pb::NodeProto &node,
                    const Scope &scope) {
  if (nameOf(node).empty())
    return UnknownLoc::get(context);
  std::string position = scope.position();
  if (!node.doc_string().empty())
    position = node.doc_string() + ", " + position;
  return NameLoc::get(StringAttr::get(context, nameOf(node)),
                      NameLoc::get(StringAttr::get(context, position)));
}

GraphImporter::GraphImporter(Session &session, ModuleOp module)
    : session(session), module(module), builder(&session.context) {}

void GraphImporter::beginFunction(StringRef name, ArrayRef<Type> types) {
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, UnknownLoc::get(&session.context),
                                  name, builder.getFunctionType(types, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
}

void GraphImporter::endFunction(ArrayRef<Value> results) {
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           TypeRange(ValueRange(results))));
}

//===- constants and weights, at the function's entry
//-----------------------===//

/// Integer tensors of up to 64 KiB and float tensors of up to 64 elements are
/// constants; what is larger stays in its file.
static bool isSmall(const TensorSource &source) {
  if (isa<FloatType>(source.type.getElementType()))
    return source.elements <= 64;
  return source.bytes <= 64 * 1024;
}

static void moveToEntry(OpBuilder &builder, func::FuncOp function,
                        Operation *last) {
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(&function.front());
}

Value GraphImporter::tensorValue(const pb::TensorProto &tensor,
                                 const std::string &what, StringRef name) {
  if (Value made = tensors.lookup(&tensor))
    return made;
  TensorSource source = session.checkTensor(tensor, what);
  Location location = NameLoc::get(builder.getStringAttr(name));
  Value value;
  if (isSmall(source)) {
    value = constant(session.readTensor(source), location);
  } else {
    Attribute contents;
    if (source.file.empty())
      contents = session.readTensor(source);
    else
      contents = hybrid::FileRangeAttr::get(&session.context, source.file,
                                            static_cast<int64_t>(source.offset),
                                            source.bytes);
    if (auto range = dyn_cast<hybrid::FileRangeAttr>(contents);
        range && source.stored != source.type)
      contents =
          hybrid::RepackedAttr::get(&session.context, range, source.stored,
                                    hybrid::Repacking::Widened, 1);
    value = weightValue(name, source.type, contents, location);
  }
  if (source.stored != source.type)
    storedTypes[value] = source.stored.getElementType();
  tensors[&tensor] = value;
  return value;
}

Value GraphImporter::weightValue(StringRef name, RankedTensorType type,
                                 Attribute contents, Location location) {
  OpBuilder::InsertionGuard guard(builder);
  unsigned &uses = weightNames[name];
  std::string symbol = uses++ ? (name + "#" + Twine(uses)).str() : name.str();
  builder.setInsertionPoint(function);
  auto weight =
      hybrid::WeightOp::create(builder, location, symbol, type, contents);
  moveToEntry(builder, function, lastEntryOp);
  lastEntryOp = hybrid::LoadWeightOp::create(builder, location, weight);
  Value value = lastEntryOp->getResult(0);
  symbolic::Shape shape(type.getShape().begin(), type.getShape().end());
  shapes.set(value, ValueInfo{type.getElementType(), shape, std::nullopt});
  return value;
}

Value GraphImporter::constant(ElementsAttr value, Location location) {
  OpBuilder::InsertionGuard guard(builder);
  moveToEntry(builder, function, lastEntryOp);
  auto op =
      mlir::onnx::ConstantOp::create(builder, location, value.getType(), value);
  lastEntryOp = op;
  if (failed(shapes.infer(op)))
    throw Diagnosed();
  return op;
}

Value GraphImporter::intConstant(ArrayRef<int64_t> values, Location location,
                                 bool scalar) {
  SmallVector<int64_t, 1> dims;
  if (!scalar)
    dims.push_back(static_cast<int64_t>(values.size()));
  return constant(
      DenseElementsAttr::get(RankedTensorType::get(dims, builder.getI64Type()),
                             values),
      location);
}

Value GraphImporter::none() {
  if (!noneValue) {
    OpBuilder::InsertionGuard guard(builder);
    moveToEntry(builder, function, lastEntryOp);
    lastEntryOp = mlir::onnx::NoneOp::create(
        builder, UnknownLoc::get(&session.context), builder.getNoneType());
    noneValue = lastEntryOp->getResult(0);
    shapes.set(noneValue, ValueInfo());
  }
  return noneValue;
}

//===- names
//----------------------------------------------------------------===//

/// Why nothing has this name yet: for the error.
static std::string whyUnknown(const Scope &scope, const std::string &name) {
  for (const Scope *at = &scope; at; at = at->outer)
    if (at->nodes)
      for (const pb::NodeProto &node : *at->nodes)
        for (const std::string &output : node.output())
          if (output == name)
            return "is written only later, by " + titleOf(node) +
                   ": the nodes are not in topological order, or depend on "
                   "each other in a cycle";
  return "is neither an input nor an initializer, and no node writes it";
}

Value GraphImporter::lookup(Scope &scope, const std::string &name,
                            const std::string &reader) {
  for (Scope *at = &scope; at; at = at->outer) {
    if (auto found = at->values.find(name); found != at->values.end())
      return found->second;
    if (auto found = at->initializers.find(name);
        found != at->initializers.end())
      return at->values[name] = tensorValue(*found->second,
                                            "initializer '" + name + "'", name);
  }
  if (lookupSequence(scope, name))
    throw Error(reader + " reads '" + name +
                "', a sequence; only SequenceAt can read one");
  throw Error(reader + " reads '" + name + "', which " +
              whyUnknown(scope, name));
}

const Sequence *GraphImporter::lookupSequence(Scope &scope, StringRef name) {
  for (Scope *at = &scope; at; at = at->outer)
    if (auto found = at->sequences.find(name); found != at->sequences.end())
      return &found->second;
  return nullptr;
}

void GraphImporter::checkNew(Scope &scope, StringRef name,
                             const std::string &writer) {
  if (scope.values.contains(name) || scope.initializers.contains(name) ||
      scope.sequences.contains(name))
    throw Error(
        writer + " defines '" + name.str() +
        "', which is already defined: a value can be written only once");
}

void GraphImporter::bind(Scope &scope, const std::string &name, Value value,
                         const std::string &writer) {
  if (name.empty())
    return;
  checkNew(scope, name, writer);
  scope.values[name] = value;
}

void GraphImporter::addInitializers(const pb::GraphProto &graph, Scope &scope) {
  if (graph.sparse_initializer_size() > 0)
    throw Error("sparse initializers are not supported; '" +
                graph.sparse_initializer(0).values().name() + "' is one");
  for (const pb::TensorProto &tensor : graph.initializer()) {
    std::string what = "initializer '" + tensor.name() + "'";
    if (tensor.name().empty())
      throw Error("an initializer has no name");
    session.checkTensor(tensor, what);
    checkNew(scope, tensor.name(), what);
    scope.initializers[tensor.name()] = &tensor;
  }
}

void GraphImporter::importNodes(
    const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
    Scope &scope) {
  scope.nodes = &nodes;
  scope.node = 0;
  for (const pb::NodeProto &node : nodes) {
    importNode(node, scope);
    ++scope.node;
  }
}

//===- the model's graph
//----------------------------------------------------===//

namespace {
/// An input as the model declares it.
struct Input {
  const pb::ValueInfoProto *info;
  RankedTensorType type;
  SmallVector<std::string> dims;
  ElementsAttr otherwise = {}; ///< its value where a caller gives none
};
} // namespace

static const pb::TypeProto::Tensor &tensorType(const pb::ValueInfoProto &info,
                                               const std::string &what) {
  if (!info.has_type() || !info.type().has_tensor_type())
    throw Error(
        what + " is not a tensor (or has no type); only tensors are supported");
  return info.type().tensor_type();
}

static Input readInput(MLIRContext *context, const pb::ValueInfoProto &info,
                       const ImportOptions &options) {
  std::string what = "input '" + info.name() + "'";
  const pb::TypeProto::Tensor &tensor = tensorType(info, what);
  Type element = elementType(context, tensor.elem_type());
  if (!element)
    throw Error(what + " has element type " + dataTypeName(tensor.elem_type()) +
                ", which is not supported");
  if (!tensor.has_shape())
    throw Error(what + " has no shape; its rank must be known");
  Input input{&info, {}, {}, {}};
  SmallVector<int64_t> dims;
  for (auto [index, dim] : llvm::enumerate(tensor.shape().dim())) {
    // A dimension without a name or of size -1 is one of its own; all-digit
    // names are numbers.
    std::string name = info.name() + "." + std::to_string(index);
    int64_t value = ShapedType::kDynamic;
    bool isKnown = dim.has_dim_value() && dim.dim_value() != -1;
    if (isKnown)
      value = dim.dim_value();
    else if (!dim.dim_param().empty())
      name = dim.dim_param();
    if (!llvm::json::isUTF8(name))
      throw Error(what + " has a dimension whose name is not UTF-8");
    if (isKnown && value < 0)
      throw Error(what + " has the negative dimension " +
                  std::to_string(value));
    if (!isKnown) {
      int64_t number = 0;
      bool digits =
          StringRef(name).find_first_not_of("0123456789") == StringRef::npos;
      if (digits && StringRef(name).getAsInteger(10, number))
        throw Error(what + " has a dimension of " + name +
                    ", which is too large");
      value = digits ? number : ShapedType::kDynamic;
    }
    if (auto bound = options.bind.find(name);
        bound != options.bind.end() && ShapedType::isDynamic(value))
      value = boundDimension(name, bound->second);
    dims.push_back(value);
    input.dims.push_back(ShapedType::isDynamic(value) ? name
                                                      : std::to_string(value));
  }
  input.type = RankedTensorType::get(dims, element);
  return input;
}

/// The input that an initializer of its name gives a value of this type.
static Input defaultInput(const pb::ValueInfoProto &info, ElementsAttr value) {
  Input input{&info, cast<RankedTensorType>(value.getType()), {}, value};
  for (int64_t size : input.type.getShape())
    input.dims.push_back(std::to_string(size));
  return input;
}

void GraphImporter::importMain() {
  const pb::ModelProto &model = session.file.model();
  const pb::GraphProto &graph = model.graph();
  Frame frame;
  if (model.opset_import_size() == 0)
    throw Error("the model has no opset_import: its operators have no version");
  for (const pb::OperatorSetIdProto &import : model.opset_import())
    frame.opsets[canonicalDomain(import.domain())] = import.version();
  Scope scope;
  scope.frame = &frame;
  scope.place = session.file.name();
  for (const pb::ValueInfoProto &output : graph.output())
    scope.outputs.push_back(output.name());
  addInitializers(graph, scope);
  checkBindings(graph, session.options);

  SmallVector<Input> inputs;
  SmallVector<Type> types;
  SmallVector<std::pair<std::string, ElementsAttr>> bound;
  SmallVector<Attribute> fixed;
  for (const pb::ValueInfoProto &info : graph.input()) {
    const std::string *value = boundInput(graph, info.name(), session.options);
    Input input;
    // An initializer of an input's name is its default value, or its value.
    if (auto found = scope.initializers.find(info.name());
        found != scope.initializers.end()) {
      TensorSource source = session.checkTensor(
          *found->second, "initializer '" + info.name() + "'");
      checkDefault(&session.context, info, source);
      if (!value && !session.options.given.contains(info.name()) &&
          !isOptionalInput(model, source, info.name())) {
        fixed.push_back(builder.getStringAttr(info.name()));
        continue;
      }
      scope.initializers.erase(found);
      input = defaultInput(info, session.readTensor(source));
    } else {
      input = readInput(&session.context, info, session.options);
    }
    if (value) {
      bound.emplace_back(info.name(),
                         parseElements(info.name(), input.type, *value));
      continue;
    }
    inputs.push_back(std::move(input));
    types.push_back(inputs.back().type);
  }
  beginFunction("main", types);
  if (!fixed.empty())
    function->setAttr(fixedAttr, builder.getArrayAttr(fixed));
  for (auto [index, input] : llvm::enumerate(inputs)) {
    SmallVector<StringRef> dims(input.dims.begin(), input.dims.end());
    function.setArgAttr(index, "onnx.name",
                        builder.getStringAttr(input.info->name()));
    function.setArgAttr(index, "onnx.dims", builder.getStrArrayAttr(dims));
    if (input.otherwise)
      function.setArgAttr(index, defaultAttr, input.otherwise);
    BlockArgument argument = function.getArgument(index);
    argument.setLoc(NameLoc::get(builder.getStringAttr(input.info->name())));
    shapes.setArgument(argument, dims);
    bind(scope, input.info->name(), argument,
         "input '" + input.info->name() + "'");
  }
  for (const auto &[name, value] : bound)
    bind(scope, name,
         constant(value, NameLoc::get(builder.getStringAttr(name))),
         "input '" + name + "'");
  importNodes(graph.node(), scope);

  SmallVector<Value> results;
  for (const pb::ValueInfoProto &info : graph.output()) {
    Value value =
        lookup(scope, info.name(), "the graph's output '" + info.name() + "'");
    Type declared = elementType(
        &session.context,
        tensorType(info, "output '" + info.name() + "'").elem_type());
    Type actual = cast<RankedTensorType>(value.getType()).getElementType();
    if (declared != actual)
      throw Error("output '" + info.name() +
                  "' is declared with element type " +
                  dataTypeName(info.type().tensor_type().elem_type()) +
                  ", but the graph computes another");
    results.push_back(value);
  }
  endFunction(results);
  eraseBypassed();
  for (auto [index, info] : llvm::enumerate(graph.output()))
    function.setResultAttr(index, "onnx.name",
                           builder.getStringAttr(info.name()));
}

} // namespace jarana::onnx
