// Model-local functions: found, checked for recursion, and inlined at the call.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

/// Functions that call functions that call ... this deep are refused.
static constexpr int deepestCall = 100;
/// Nodes after inlining: far more than any real model has.
static constexpr int64_t mostNodes = 1'000'000;

static std::string keyOf(StringRef domain, StringRef name, StringRef overload) {
  return (canonicalDomain(domain) + "::" + name + "::" + overload).str();
}

Session::Session(MLIRContext &context, ModelFile &file,
                 const ImportOptions &options)
    : context(context), file(file), options(options) {
  for (const pb::FunctionProto &function : file.model().functions()) {
    std::string key =
        keyOf(function.domain(), function.name(), function.overload());
    if (!functions.try_emplace(key, &function).second)
      throw Error("the model-local function " + function.domain() +
                  "::" + function.name() + " is defined twice");
  }
  checkRecursion();
}

const pb::FunctionProto *
Session::findFunction(const pb::NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(
      keyOf(node.domain(), node.op_type(), node.overload()));
}

void Session::countNode() {
  if (++nodes > mostNodes)
    throw Error("the model is too large: its functions expand to more than the "
                "limit of " +
                std::to_string(mostNodes) + " nodes");
}

/// The functions that the nodes of a function's body call, those in subgraphs
/// too.
static void
collectCalls(const Session &session,
             const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
             std::vector<const pb::FunctionProto *> &calls) {
  for (const pb::NodeProto &node : nodes) {
    if (const pb::FunctionProto *called = session.findFunction(node))
      calls.push_back(called);
    for (const pb::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        collectCalls(session, attribute.g().node(), calls);
      for (const pb::GraphProto &graph : attribute.graphs())
        collectCalls(session, graph.node(), calls);
    }
  }
}

void Session::checkRecursion() const {
  enum class State { New, Open, Done };
  llvm::DenseMap<const pb::FunctionProto *, State> states;
  // A frame is a function and what remains of its calls; no recursion, since a
  // model says how deep it goes.
  std::vector<std::pair<const pb::FunctionProto *,
                        std::vector<const pb::FunctionProto *>>>
      stack;
  auto open = [&](const pb::FunctionProto *function) {
    states[function] = State::Open;
    stack.emplace_back(function, std::vector<const pb::FunctionProto *>());
    collectCalls(*this, function->node(), stack.back().second);
  };
  for (const auto &entry : functions) {
    if (states.lookup(entry.second) == State::New)
      open(entry.second);
    while (!stack.empty()) {
      auto &[function, calls] = stack.back();
      if (calls.empty()) {
        states[function] = State::Done;
        stack.pop_back();
        continue;
      }
      const pb::FunctionProto *next = calls.back();
      calls.pop_back();
      if (states.lookup(next) == State::Open)
        throw Error("the model-local function " + next->domain() +
                    "::" + next->name() +
                    " is recursive: it calls itself, or is called by a "
                    "function that it calls");
      if (states.lookup(next) == State::New)
        open(next);
    }
  }
}

void GraphImporter::importCall(const pb::NodeProto &node,
                               const pb::FunctionProto &called, Scope &scope) {
  // A function that has an operator's name is that operator only where it means
  // the same.
  if (newestVersion(canonicalDomain(node.domain()), node.op_type()) &&
      isOperator(node, called, scope))
    importOperator(node, scope);
  else
    inlineCall(node, called, scope, titleOf(node));
}

void GraphImporter::inlineCall(const pb::NodeProto &node,
                               const pb::FunctionProto &called, Scope &scope,
                               const std::string &title) {
  std::string what = "function " + called.domain() + "::" + called.name();
  if (scope.frame->depth >= deepestCall)
    throw Error(title + ": functions call each other more than " +
                std::to_string(deepestCall) + " deep");
  if (node.input_size() > called.input_size() ||
      node.output_size() > called.output_size())
    throw Error(title + " has " + std::to_string(node.input_size()) +
                " inputs and " + std::to_string(node.output_size()) +
                " outputs; the " + what + " has " +
                std::to_string(called.input_size()) + " and " +
                std::to_string(called.output_size()));
  Frame frame;
  frame.depth = scope.frame->depth + 1;
  for (const pb::OperatorSetIdProto &import : called.opset_import())
    frame.opsets[canonicalDomain(import.domain())] = import.version();
  for (const pb::AttributeProto &attribute : called.attribute_proto())
    frame.attributes[attribute.name()] = &attribute;
  llvm::StringSet<> declared;
  for (const std::string &name : called.attribute())
    declared.insert(name);
  for (const pb::AttributeProto &attribute : called.attribute_proto())
    declared.insert(attribute.name());
  for (const NodeAttribute &attribute : resolveAttributes(node, scope, title)) {
    if (!declared.contains(attribute.name))
      throw Error(title + " has the attribute '" + attribute.name.str() +
                  "', which the " + what + " does not have");
    frame.attributes[attribute.name] = attribute.proto;
  }
  for (const std::string &required : called.attribute())
    if (!frame.attributes.contains(required))
      throw Error(title + " needs the attribute '" + required + "' of the " +
                  what);

  Scope inner;
  inner.frame = &frame;
  inner.place = what;
  inner.outputs.assign(called.output().begin(), called.output().end());
  for (int i = 0; i < called.input_size(); ++i) {
    bool absent = i >= node.input_size() || node.input(i).empty();
    bind(inner, called.input(i),
         absent ? Value() : lookup(scope, node.input(i), title), "the " + what);
  }
  importNodes(called.node(), inner);
  for (int i = 0; i < node.output_size(); ++i)
    if (!node.output(i).empty())
      bind(scope, node.output(i),
           lookup(inner, called.output(i), "the " + what + "'s output"), title);
}

} // namespace jarana::onnx
