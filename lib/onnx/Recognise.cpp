// Model-local functions that have an operator's name: names prove nothing, so
// the body and the operator are evaluated on random inputs and compared: over
// residues, where they must be equal (docs/exact.md), and in floats, where they
// must be close.
#include "lib/onnx/Importer.h"

#include "lib/reference/Exact.h"
#include "lib/reference/Interpreter.h"
#include "lib/reference/MlirTensors.h"

#include "mlir/IR/Diagnostics.h"

#include <cmath>
#include <random>

namespace jarana::onnx {

using namespace mlir;
using reference::Exact;
using reference::ExactTensor;
using reference::Tensor;

namespace {

/// One choice of numbers for the symbolic dims, and of the inputs' size.
struct Trial {
  SmallVector<int64_t>
      dims; ///< for the symbols in order of appearance, repeated
  double magnitude;
};

enum class Outcome { Equal, Different, Undecided };

} // namespace

/// Length 1, lengths below and above a convolution's width, batches of several;
/// symbols that differ and that are alike.
static const Trial trials[] = {
    {{1}, 1.0},          {{2}, 1.0},          {{5}, 0.3},
    {{2, 5, 3, 4}, 1.0}, {{1, 4, 2, 6}, 4.0}, {{3, 1, 2}, 0.05},
    {{1, 3, 2}, 1e-3},   {{2, 4, 3}, 300.0},
};
/// The rest are other magnitudes, which residues do not have.
static constexpr size_t exactTrials = 5;
/// Fewer agreeing trials than this prove nothing.
static constexpr int leastDecided = 3;
/// Inputs larger than this are not tried: the comparison must stay quick for
/// models of any size.
static constexpr int64_t mostElements = 4 << 20;

/// Whether names in `graph`'s nodes, subgraphs included, read a value of the
/// scope.
static void
collectReads(const google::protobuf::RepeatedPtrField<pb::NodeProto> &nodes,
             llvm::StringSet<> &reads) {
  for (const pb::NodeProto &node : nodes) {
    for (const std::string &input : node.input())
      reads.insert(input);
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g()) {
        collectReads(attribute.g().node(), reads);
        for (const pb::ValueInfoProto &output : attribute.g().output())
          reads.insert(output.name());
      }
  }
}

bool Scope::isRead(StringRef name) {
  if (!reads) {
    reads.emplace();
    collectReads(*nodes, *reads);
    for (const std::string &output : outputs)
      reads->insert(output);
  }
  return reads->contains(name);
}

/// The integers that an operator's input may hold: positions within a table,
/// lengths of sequences. Any other: 0 and 1.
static int64_t integerFor(StringRef op, size_t index,
                          ArrayRef<RankedTensorType> types,
                          std::mt19937_64 &random) {
  int64_t limit = 2;
  if (op == "RotaryEmbedding")
    for (RankedTensorType type : types) // the tables have the positions first
      if (type && type.getRank() == 2 && isa<FloatType>(type.getElementType()))
        limit = std::max<int64_t>(1, type.getDimSize(0));
  if (op == "GroupQueryAttention" && (index == 5 || index == 6)) {
    int64_t total =
        types[0].getDimSize(1) + (types[3] ? types[3].getDimSize(2) : 0);
    return index == 5 ? total - 1 : total;
  }
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

static Tensor randomTensor(StringRef op, size_t index,
                           ArrayRef<RankedTensorType> types, double magnitude,
                           std::mt19937_64 &random) {
  RankedTensorType type = types[index];
  Tensor tensor(reference::dtypeOf(type.getElementType()),
                type.getShape().vec());
  std::uniform_real_distribution<double> uniform(-magnitude, magnitude);
  for (double &value : tensor.reals)
    value = reference::roundTo(tensor.dtype, uniform(random));
  for (int64_t &value : tensor.ints)
    value = integerFor(op, index, types, random);
  // A decay in log space is negative in practice; where it is not, states grow
  // beyond comparing.
  if (op == "LinearAttention" && index == 4)
    for (double &value : tensor.reals)
      value = -std::abs(value);
  return tensor;
}

/// Compares relative to the largest magnitude; half types round at every step.
static Outcome compare(const std::vector<Tensor> &body,
                       const std::vector<Tensor> &op, std::string &difference) {
  for (size_t i = 0; i < op.size(); ++i) {
    if (body[i].shape != op[i].shape || body[i].dtype != op[i].dtype) {
      difference =
          "output " + std::to_string(i) + " has another shape or element type";
      return Outcome::Different;
    }
    double largest = 0, apart = 0;
    for (size_t e = 0; e < op[i].reals.size(); ++e) {
      if (!std::isfinite(op[i].reals[e]) || !std::isfinite(body[i].reals[e]))
        return Outcome::Undecided;
      largest = std::max(largest, std::abs(op[i].reals[e]));
      apart = std::max(apart, std::abs(op[i].reals[e] - body[i].reals[e]));
    }
    bool half = op[i].dtype == reference::DType::f16 ||
                op[i].dtype == reference::DType::bf16;
    if (apart > (half ? 2e-2 : 1e-3) * largest + 1e-30 ||
        body[i].ints != op[i].ints) {
      difference = "output " + std::to_string(i) + " differs by up to " +
                   std::to_string(apart) + " where the largest value is " +
                   std::to_string(largest);
      return Outcome::Different;
    }
  }
  return Outcome::Equal;
}

/// The same inputs with drawn residues in the floats' place.
static std::vector<ExactTensor> drawnAs(const std::vector<Tensor> &inputs,
                                        std::mt19937_64 &random) {
  std::vector<ExactTensor> drawn;
  for (const Tensor &input : inputs) {
    ExactTensor tensor(input.dtype, input.shape);
    tensor.ints = input.ints;
    for (Exact &value : tensor.reals)
      value = Exact::drawn(random());
    drawn.push_back(std::move(tensor));
  }
  return drawn;
}

/// The same in every element.
static Outcome compareExactly(const std::vector<ExactTensor> &body,
                              const std::vector<ExactTensor> &op,
                              std::string &difference) {
  for (size_t i = 0; i < op.size(); ++i) {
    bool same = body[i].shape == op[i].shape && body[i].ints == op[i].ints;
    for (size_t e = 0; same && e < op[i].reals.size(); ++e)
      same = reference::isSame(body[i].reals[e], op[i].reals[e]);
    if (!same) {
      difference = "output " + std::to_string(i) + " is another function";
      return Outcome::Different;
    }
  }
  return Outcome::Equal;
}

func::FuncOp GraphImporter::importProbe(StringRef name,
                                        const pb::NodeProto &node, Frame &frame,
                                        ArrayRef<RankedTensorType> types,
                                        const pb::FunctionProto *body) {
  Scope scope;
  scope.frame = &frame;
  SmallVector<Type> arguments;
  for (RankedTensorType type : types)
    if (type)
      arguments.push_back(type);
  beginFunction(name, arguments);
  unsigned next = 0;
  for (int i = 0; i < node.input_size(); ++i) {
    if (node.input(i).empty())
      continue;
    BlockArgument argument = function.getArgument(next++);
    shapes.setArgument(argument, {});
    bind(scope, node.input(i), argument, "probe");
  }
  if (body)
    inlineCall(node, *body, scope, titleOf(node));
  else
    importOperator(node, scope);
  SmallVector<Value> results;
  for (const std::string &output : node.output())
    if (!output.empty())
      results.push_back(lookup(scope, output, "probe"));
  endFunction(results);
  return function;
}

/// Evaluates the function's body and the operator on one trial's inputs, over
/// residues too where `exactly`.
static Outcome runTrial(Session &session, const pb::NodeProto &node,
                        const pb::FunctionProto &called, Frame &frame,
                        ArrayRef<RankedTensorType> types, double magnitude,
                        bool exactly, uint64_t seed, std::string &difference) {
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(UnknownLoc::get(&session.context));
  func::FuncOp body = GraphImporter(session, *module)
                          .importProbe("body", node, frame, types, &called);
  func::FuncOp op;
  try {
    op = GraphImporter(session, *module)
             .importProbe("operator", node, frame, types, nullptr);
  } catch (const Diagnosed &) {
    difference = "the operator does not take these inputs";
    return Outcome::Undecided;
  } catch (const Error &error) {
    difference = error.what();
    return Outcome::Different;
  }
  std::mt19937_64 random(seed);
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < types.size(); ++i)
    if (types[i])
      inputs.push_back(
          randomTensor(node.op_type(), i, types, magnitude, random));
  reference::Interpreter interpreter(*module);
  FailureOr<std::vector<Tensor>> expected = interpreter.run(op, inputs);
  FailureOr<std::vector<Tensor>> actual = interpreter.run(body, inputs);
  if (failed(expected) || failed(actual)) {
    difference = failed(actual) ? "its body cannot be evaluated"
                                : "the operator does not take these inputs";
    return Outcome::Undecided;
  }
  Outcome outcome = compare(*actual, *expected, difference);
  if (outcome == Outcome::Different || !exactly)
    return outcome;
  std::vector<ExactTensor> drawn = drawnAs(inputs, random);
  Outcome overResidues = Outcome::Undecided;
  // An operator's default such as 1/sqrt(width) is an expression in some bodies
  // and a rounded number in others; to be equal in one way is to be equal.
  for (bool recognising : {false, true}) {
    reference::InterpreterOf<Exact> exact(*module, {},
                                          {.recognising = recognising});
    FailureOr<std::vector<ExactTensor>> wanted = exact.run(op, drawn),
                                        found = exact.run(body, drawn);
    if (failed(wanted) || failed(found)) {
      difference = "it cannot be evaluated exactly";
      continue;
    }
    overResidues = compareExactly(*found, *wanted, difference);
    if (overResidues == Outcome::Equal)
      return outcome;
  }
  return overResidues;
}

/// The node with names of its own, ref_attr_name resolved, and outputs that
/// nobody reads left out.
static pb::NodeProto probeNode(const pb::NodeProto &node,
                               ArrayRef<NodeAttribute> attributes,
                               ArrayRef<Value> operands, Scope &scope) {
  pb::NodeProto probe;
  probe.set_name(node.name());
  probe.set_op_type(node.op_type());
  probe.set_domain(node.domain());
  for (auto [i, operand] : llvm::enumerate(operands))
    probe.add_input(operand ? "i" + std::to_string(i) : "");
  for (int i = 0; i < node.output_size(); ++i)
    probe.add_output(!node.output(i).empty() && scope.isRead(node.output(i))
                         ? "o" + std::to_string(i)
                         : "");
  for (const NodeAttribute &attribute : attributes) {
    *probe.add_attribute() = *attribute.proto;
    probe.mutable_attribute(probe.attribute_size() - 1)
        ->set_name(attribute.name.str());
  }
  return probe;
}

bool GraphImporter::isOperator(const pb::NodeProto &node,
                               const pb::FunctionProto &called, Scope &scope) {
  std::string title = titleOf(node);
  std::vector<NodeAttribute> attributes = resolveAttributes(node, scope, title);
  SmallVector<Value> operands;
  SmallVector<ValueInfo> infos;
  for (const std::string &input : node.input()) {
    operands.push_back(input.empty() ? Value() : lookup(scope, input, title));
    infos.push_back(operands.back() ? shapes.lookup(operands.back())
                                    : ValueInfo());
  }
  pb::NodeProto probe = probeNode(node, attributes, operands, scope);
  probe.clear_name();

  // The dims as the model has them, the symbols renamed: calls in other layers
  // are the same call.
  llvm::DenseMap<symbolic::SymbolId, int64_t> order;
  for (const ValueInfo &info : infos)
    for (const symbolic::Expr &dim : info.shape)
      for (symbolic::SymbolId symbol : dim.symbols())
        order.try_emplace(symbol, static_cast<int64_t>(order.size()));
  auto typesFor = [&](ArrayRef<int64_t> dims)
      -> std::optional<SmallVector<RankedTensorType>> {
    std::vector<int64_t> values(shapes.context().numSymbols(), 1);
    for (auto [symbol, position] : order)
      values[symbol] = dims[position % dims.size()];
    SmallVector<RankedTensorType> types;
    for (const ValueInfo &info : infos) {
      SmallVector<int64_t> shape;
      int64_t elements = 1;
      for (const symbolic::Expr &dim : info.shape) {
        shape.push_back(shapes.context().evaluate(dim, values));
        if (shape.back() < 0 ||
            __builtin_mul_overflow(elements, shape.back(), &elements) ||
            elements > mostElements)
          return std::nullopt;
      }
      types.push_back(info.present()
                          ? RankedTensorType::get(shape, info.elementType)
                          : RankedTensorType());
    }
    return types;
  };

  std::string key = std::to_string(reinterpret_cast<uintptr_t>(&called)) +
                    probe.SerializeAsString();
  for (const Trial &trial : trials)
    if (auto types = typesFor(trial.dims))
      for (RankedTensorType type : *types)
        llvm::raw_string_ostream(key) << type << ";";
  if (auto known = session.recognised.find(key);
      known != session.recognised.end())
    return known->second;
  session.recognised[key] = false; // also where the body fails to import

  std::string said;
  ScopedDiagnosticHandler quiet(&session.context, [&](Diagnostic &diagnostic) {
    said = diagnostic.str();
    return success();
  });
  Frame frame = *scope.frame;
  int agreed = 0;
  bool differs = false;
  std::string difference = "no inputs could be tried";
  for (auto [index, trial] : llvm::enumerate(trials)) {
    auto types = typesFor(trial.dims);
    if (!types || differs)
      continue;
    try {
      Outcome outcome =
          runTrial(session, probe, called, frame, *types, trial.magnitude,
                   index < exactTrials, 2 * index + 1, difference);
      agreed += outcome == Outcome::Equal;
      differs = outcome == Outcome::Different;
    } catch (const Diagnosed &) {
      difference = "its body does not take these inputs";
    } catch (const Error &error) {
      difference = error.what();
    }
  }
  bool same = !differs && agreed >= leastDecided;
  if (!differs && !said.empty())
    difference += " (" + said + ")";
  session.recognised[key] = same;
  if (!same) {
    std::string name = called.domain() + "::" + called.name();
    std::string reason =
        "its body is not the operator " + node.op_type() + ": " + difference;
    if (llvm::none_of(session.unrecognised, [&](const auto &note) {
          return note.first == name && note.second == reason;
        }))
      session.unrecognised.emplace_back(name, reason);
  }
  return same;
}

} // namespace jarana::onnx
