#include "lib/reference/Interpreter.h"

#include "lib/reference/Exact.h"
#include "lib/reference/MlirTensors.h"
#include "lib/reference/tensor/Handlers.h"
#include "lib/reference/tensor/Softplus.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/ScopeExit.h"

#include <deque>
#include <map>
#include <unordered_map>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real>
using ValuesOf = llvm::DenseMap<mlir::Value, TensorPtrOf<Real>>;

/// Calls and regions within each other; a chain that is longer is taken for
/// endless.
constexpr int deepestNesting = 200;

/// For each op of a block, the block's own values that no later op reads: they
/// are dropped after it.
using Deaths = std::vector<llvm::SmallVector<mlir::Value, 2>>;

Deaths deathsOf(mlir::Block &block) {
  llvm::MapVector<mlir::Value, size_t> last;
  for (mlir::Value argument : block.getArguments())
    last[argument] = 0;
  size_t position = 0;
  for (mlir::Operation &op : block) {
    for (mlir::Value result : op.getResults())
      last[result] = position;
    op.walk(
        [&](mlir::Operation *inner) { // regions read values of the block too
          for (mlir::Value operand : inner->getOperands())
            if (last.contains(operand))
              last[operand] = position;
        });
    ++position;
  }
  Deaths deaths(position);
  for (auto [value, at] : last)
    if (at < deaths.size())
      deaths[at].push_back(value);
  return deaths;
}
} // namespace

template <class Real> struct InterpreterOf<Real>::Impl {
  using Tensors = TensorsOf<Real>;
  using Values = ValuesOf<Real>;

  Impl(mlir::ModuleOp module, Observer observer, Reading reading,
       std::shared_ptr<WeightCacheOf<Real>> cache)
      : symbols(module), numbers(module, std::move(cache)),
        observer(std::move(observer)), reading(reading) {}

  /// Runs a block whose arguments are `inputs`; values of enclosing blocks are
  /// in `values`. Gives what the terminator yields.
  mlir::FailureOr<Tensors> runBlock(mlir::Block &block, Tensors inputs,
                                    Values &values, int depth);
  mlir::FailureOr<Tensors> runOp(mlir::Operation &op, Values &values,
                                 int depth);
  mlir::FailureOr<Tensors> runScan(mlir::Operation &op, Values &values,
                                   int depth);
  mlir::FailureOr<Tensors> runCall(mlir::Operation &op, Values &values,
                                   int depth);

  /// An op that only the front end for MLIR at tensor level knows.
  mlir::FailureOr<Tensors> runHandler(mlir::Operation &op, Values &values,
                                      int depth);

  /// What is known of an op before it runs.
  struct Known {
    std::string name;                           // in the table of operators
    const OperatorOf<Real> *function = nullptr; // null: the table lacks it
    const Operator *inFloats = nullptr;
    Attributes attributes;
  };
  const Known &knownOf(mlir::Operation &op);
  /// What an operator of the table gives, as many results as the op has.
  Tensors apply(mlir::Operation &op, Values &values);
  /// The results, in floats, of an operator of which all operands are single
  /// numbers of the model; nothing where they are not.
  std::optional<Tensors> foldNumbers(mlir::Operation &op, Values &values);

  mlir::SymbolTable symbols;
  ModelNumbersOf<Real> numbers;
  /// By op; an op keeps its attributes while there is an interpreter.
  std::unordered_map<mlir::Operation *, Known> known;
  /// What comparisons with one number compare with.
  llvm::DenseMap<mlir::Operation *, double> thresholds;
  Observer observer;
  Reading reading;
  std::optional<std::string> refusal;
  bool dividedByZero = false;
  uint64_t undefinedOps = 0;              // of this run
  std::map<mlir::Block *, Deaths> deaths; // references to it stay valid
};

namespace {
template <class Real>
TensorsOf<Real> operandsOf(mlir::Operation &op, ValuesOf<Real> &values) {
  TensorsOf<Real> tensors;
  for (mlir::Value operand : op.getOperands())
    tensors.push_back(values.lookup(operand));
  return tensors;
}

/// Whether the op is the sigmoid of x * sigmoid(x) in 16 bits. The frameworks
/// that such graphs are exported from have one function silu, which rounds
/// once, and their results can only be met where the factor is not rounded on
/// its own.
bool isFactorOfSilu(mlir::Operation &op) {
  return op.getName().getStringRef() == "onnx.Sigmoid" &&
         mlir::getElementTypeOrSelf(op.getResult(0)).getIntOrFloatBitWidth() ==
             16 &&
         llvm::all_of(op.getUsers(), [&](mlir::Operation *user) {
           return user->getName().getStringRef() == "onnx.Mul" &&
                  llvm::is_contained(user->getOperands(), op.getOperand(0));
         });
}

TensorsOf<double> unroundedSigmoid(const Tensor &x) {
  Tensor wide = x;
  wide.dtype = DType::f32;
  Tensor result = (*findOperator("Sigmoid"))({&wide}, {})[0];
  result.dtype = x.dtype;
  return {share<double>(std::move(result))};
}

/// The op's name in the table of operators.
std::string inTable(mlir::Operation &op) {
  llvm::StringRef name = op.getName().getStringRef();
  name.consume_front("onnx.");
  return name.str();
}

/// The slice of `x` at `at` along `axis`, without that dimension.
template <class Real>
TensorPtrOf<Real> sliceAt(const TensorOf<Real> &x, int64_t axis, int64_t at) {
  TensorOf<Real> index(DType::i64, {});
  index.ints[0] = at;
  return share<Real>(
      (*findOperatorOf<Real>("Gather"))({&x, &index}, {{"axis", axis}})[0]);
}

/// Slices stacked along a new dimension `axis`, the first at its end where
/// `backward`.
template <class Real>
TensorPtrOf<Real> stack(const TensorsOf<Real> &slices, int64_t axis,
                        bool backward) {
  TensorOf<Real> axes(DType::i64, {1});
  axes.ints[0] = axis;
  std::deque<TensorOf<Real>> parts;
  for (const TensorPtrOf<Real> &slice : slices) {
    TensorOf<Real> part =
        (*findOperatorOf<Real>("Unsqueeze"))({slice.get(), &axes}, {})[0];
    backward ? parts.push_front(std::move(part))
             : parts.push_back(std::move(part));
  }
  InputsOf<Real> inputs;
  for (const TensorOf<Real> &part : parts)
    inputs.push_back(&part);
  return share<Real>(
      (*findOperatorOf<Real>("Concat"))(inputs, {{"axis", axis}})[0]);
}

/// What scan output `type` is after no step at all: no slices (dimensions that
/// are not known are 0 too).
template <class Real>
TensorPtrOf<Real> emptyStack(mlir::Type type, int64_t axis) {
  auto shaped = mlir::cast<mlir::RankedTensorType>(type);
  Shape shape;
  for (int64_t dim : shaped.getShape())
    shape.push_back(mlir::ShapedType::isDynamic(dim) ? 0 : dim);
  shape[axis] = 0;
  return share<Real>(TensorOf<Real>(dtypeOf(shaped.getElementType()), shape));
}

std::vector<int64_t> integersOf(mlir::Operation &op, llvm::StringRef name,
                                size_t count) {
  auto attribute = op.getAttrOfType<mlir::DenseI64ArrayAttr>(name);
  return attribute ? std::vector<int64_t>(attribute.asArrayRef())
                   : std::vector<int64_t>(count, 0);
}
} // namespace

/// Scan of ai.onnx: the states go round, the scan inputs are taken slice by
/// slice, the scan outputs are stacked.
template <class Real>
auto InterpreterOf<Real>::Impl::runScan(mlir::Operation &op, Values &values,
                                        int depth) -> mlir::FailureOr<Tensors> {
  Tensors operands = operandsOf<Real>(op, values);
  size_t scanned =
      op.getAttrOfType<mlir::IntegerAttr>("num_scan_inputs").getInt();
  size_t states = operands.size() - scanned,
         stacked = op.getNumResults() - states;
  auto axes = integersOf(op, "scan_input_axes", scanned),
       directions = integersOf(op, "scan_input_directions", scanned);
  auto outAxes = integersOf(op, "scan_output_axes", stacked),
       outDirections = integersOf(op, "scan_output_directions", stacked);
  int64_t length = -1;
  for (size_t i = 0; i < scanned; ++i) {
    const TensorOf<Real> &x = *operands[states + i];
    axes[i] += axes[i] < 0 ? x.rank() : 0;
    int64_t own = x.shape.at(axes[i]);
    if (length >= 0 && own != length)
      throw Error("the scan inputs have " + std::to_string(length) + " and " +
                  std::to_string(own) + " slices");
    length = own;
  }
  Tensors state(operands.begin(), operands.begin() + states);
  std::vector<Tensors> slices(stacked);
  mlir::Block &body = op.getRegion(0).front();
  for (int64_t t = 0; t < length; ++t) {
    Tensors inputs = state;
    for (size_t i = 0; i < scanned; ++i)
      inputs.push_back(sliceAt<Real>(*operands[states + i], axes[i],
                                     directions[i] ? length - 1 - t : t));
    mlir::FailureOr<Tensors> results =
        runBlock(body, inputs, values, depth + 1);
    if (failed(results))
      return mlir::failure();
    state.assign(results->begin(), results->begin() + states);
    for (size_t i = 0; i < stacked; ++i)
      slices[i].push_back((*results)[states + i]);
  }
  for (size_t i = 0; i < stacked; ++i) {
    auto type =
        mlir::cast<mlir::RankedTensorType>(op.getResult(states + i).getType());
    int64_t axis = outAxes[i] < 0 ? outAxes[i] + type.getRank() : outAxes[i];
    state.push_back(length > 0 ? stack<Real>(slices[i], axis, outDirections[i])
                               : emptyStack<Real>(type, axis));
  }
  return state;
}

template <class Real>
auto InterpreterOf<Real>::Impl::runCall(mlir::Operation &op, Values &values,
                                        int depth) -> mlir::FailureOr<Tensors> {
  auto call = mlir::cast<mlir::func::CallOp>(op);
  auto callee = symbols.lookup<mlir::func::FuncOp>(call.getCallee());
  if (!callee || callee.isExternal())
    throw Error("calls @" + call.getCallee().str() +
                ", which has no body here");
  Values own;
  return runBlock(callee.front(), operandsOf<Real>(op, values), own, depth + 1);
}

template <class Real>
auto InterpreterOf<Real>::Impl::knownOf(mlir::Operation &op) -> const Known & {
  auto [found, isNew] = known.try_emplace(&op);
  Known &entry = found->second;
  if (!isNew)
    return entry;
  entry.name = inTable(op);
  entry.function = findOperatorOf<Real>(entry.name);
  if (op.getName().getDialectNamespace() == "onnx" && op.getNumOperands() > 0)
    entry.inFloats = findOperator(entry.name);
  if (entry.function || entry.inFloats)
    entry.attributes = attributesOf(&op);
  return entry;
}

template <class Real>
auto InterpreterOf<Real>::Impl::apply(mlir::Operation &op, Values &values)
    -> Tensors {
  const auto &[name, function, inFloats, plain] = knownOf(op);
  InputsOf<Real> inputs = inputsOf<Real>(
      &op, [&](mlir::Value value) { return values.lookup(value).get(); });
  Attributes more; // than `plain`, where not empty
  if constexpr (!std::is_same_v<Real, double>) {
    auto parts = op.getAttrOfType<mlir::DenseF64ArrayAttr>(kUnroundedScale);
    if (reading.recognising && parts) {
      more = plain;
      more["unrounded_scale"] = std::vector<double>(parts.asArrayRef());
    }
    if (reading.undefined != 0 &&
        (name == "GroupQueryAttention" || op.hasAttr(kRowsLeftOpen))) {
      if (more.empty())
        more = plain;
      more["undefined"] = static_cast<int64_t>(
          mixed(reading.undefined ^ mixed(++undefinedOps)) >> 1);
    }
  }
  std::vector<TensorOf<Real>> results =
      (*function)(inputs, more.empty() ? plain : more);
  if (results.size() < op.getNumResults())
    throw Error("has more results than the operator");
  Tensors tensors;
  for (unsigned i = 0; i < op.getNumResults(); ++i)
    tensors.push_back(share<Real>(std::move(results[i])));
  if constexpr (!std::is_same_v<Real, double>)
    if (reading.recognising && isNumberLikeOthers(op)) {
      TensorOf<Real> known = *tensors[0];
      for (Real &value : known.reals)
        value = value.withModQ();
      tensors[0] = share<Real>(std::move(known));
    }
  return tensors;
}

template <class Real>
auto InterpreterOf<Real>::Impl::foldNumbers(mlir::Operation &op, Values &values)
    -> std::optional<Tensors> {
  const Known &known = knownOf(op);
  if (!known.inFloats || llvm::any_of(op.getOperands(), [&](mlir::Value value) {
        const TensorPtr &tensor = values.find(value)->second;
        return tensor && tensor->size() != 1;
      }))
    return std::nullopt;
  std::deque<Tensor> numbers;
  InputsOf<double> inputs;
  for (mlir::Value operand : op.getOperands()) {
    TensorPtr value = values.lookup(operand);
    inputs.push_back(nullptr);
    if (!value)
      continue;
    Tensor number(value->dtype, value->shape);
    number.ints = value->ints;
    if constexpr (!std::is_same_v<Real, double>)
      if (isFloat(value->dtype)) {
        auto concrete = value->reals[0].concrete();
        if (!concrete)
          return std::nullopt;
        number.reals[0] = *concrete;
      }
    inputs.back() = &numbers.emplace_back(std::move(number));
  }
  std::vector<Tensor> results = (*known.inFloats)(inputs, known.attributes);
  if (results.size() < op.getNumResults())
    return std::nullopt;
  Tensors tensors;
  for (Tensor &result : results)
    tensors.push_back(shareAs<Real>(std::move(result)));
  tensors.resize(op.getNumResults());
  return tensors;
}

template <class Real>
auto InterpreterOf<Real>::Impl::runOp(mlir::Operation &op, Values &values,
                                      int depth) -> mlir::FailureOr<Tensors> {
  llvm::StringRef name = op.getName().getStringRef();
  if (name == "onnx.None")
    return Tensors{nullptr};
  if (name == "onnx.Constant" || name == "arith.constant") {
    auto elements = op.getAttrOfType<mlir::ElementsAttr>("value");
    if (!elements && name == "onnx.Constant")
      throw Error("is not a tensor");
    if (elements)
      return Tensors{ModelNumbersOf<Real>::constant(elements, reading)};
  }
  if (name == "hybrid.load_weight")
    return Tensors{numbers.weight(
        op.getAttrOfType<mlir::FlatSymbolRefAttr>("weight").getValue(),
        reading)};
  if (name == "func.call")
    return runCall(op, values, depth);
  if (name == "onnx.Scan")
    return runScan(op, values, depth);
  if constexpr (std::is_same_v<Real, double>) {
    if (isFactorOfSilu(op))
      return unroundedSigmoid(*values.lookup(op.getOperand(0)));
  } else if (name == "onnx.Greater" || name == "onnx.GreaterOrEqual") {
    const TensorPtr &limit = values.find(op.getOperand(1))->second;
    if (isFloat(limit->dtype) && limit->size() == 1)
      if (auto threshold = limit->reals[0].concrete())
        thresholds[&op] = *threshold;
  } else if (name == "onnx.Where") {
    auto compared = thresholds.find(op.getOperand(0).getDefiningOp());
    if (compared != thresholds.end()) {
      Tensors curved =
          withoutThreshold(operandsOf<Real>(op, values), compared->second);
      if (!curved.empty())
        return curved;
    }
  }
  if (reading.recognising)
    if (auto folded = foldNumbers(op, values))
      return *folded;
  if (knownOf(op).function)
    return apply(op, values);
  return runHandler(op, values, depth);
}

namespace {
/// A place in the evaluation, as handlers see it.
template <class Real, class Impl> class Frame : public FrameOf<Real> {
public:
  Frame(Impl &impl, ValuesOf<Real> &values, int depth)
      : impl(impl), values(values), depth(depth) {}
  TensorPtrOf<Real> valueOf(mlir::Value value) override {
    TensorPtrOf<Real> tensor = values.lookup(value);
    if (!tensor)
      throw Error("reads a value that is not there");
    return tensor;
  }
  mlir::FailureOr<TensorsOf<Real>> runBlock(mlir::Block &block,
                                            TensorsOf<Real> inputs) override {
    return impl.runBlock(block, std::move(inputs), values, depth + 1);
  }
  void refuse(const std::string &message) override { impl.refusal = message; }

private:
  Impl &impl;
  ValuesOf<Real> &values;
  int depth;
};
} // namespace

template <class Real>
auto InterpreterOf<Real>::Impl::runHandler(mlir::Operation &op, Values &values,
                                           int depth)
    -> mlir::FailureOr<Tensors> {
  HandlerOf<Real> handler = findHandler<Real>(op);
  if (!handler)
    throw Error("has no reference implementation");
  Frame<Real, Impl> frame(*this, values, depth);
  return handler(op, frame);
}

template <class Real>
auto InterpreterOf<Real>::Impl::runBlock(mlir::Block &block, Tensors inputs,
                                         Values &values, int depth)
    -> mlir::FailureOr<Tensors> {
  if (depth > deepestNesting)
    return block.getParentOp()->emitOpError(
               "is nested too deeply in calls and regions"),
           mlir::failure();
  auto found = deaths.find(&block);
  if (found == deaths.end())
    found = deaths.emplace(&block, deathsOf(block)).first;
  const Deaths &dying = found->second;
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), inputs))
    values[argument] = input;
  inputs.clear();
  size_t position = 0;
  for (mlir::Operation &op : block) {
    if (op.hasTrait<mlir::OpTrait::IsTerminator>() && op.getNumRegions() == 0) {
      Tensors results = operandsOf<Real>(op, values);
      for (mlir::Value value : dying[position])
        values.erase(value);
      return results;
    }
    try {
      mlir::FailureOr<Tensors> results = runOp(op, values, depth);
      if (failed(results))
        return mlir::failure();
      if (op.hasTrait<mlir::OpTrait::IsTerminator>())
        return results; // scf.forall's, which computes what it yields
      if (observer)
        observer(op, *results);
      for (auto [value, tensor] : llvm::zip_equal(op.getResults(), *results)) {
        if (tensor)
          checkType("result " + std::to_string(value.getResultNumber()),
                    *tensor, value.getType());
        values[value] = std::move(tensor);
      }
    } catch (const std::exception &error) {
      dividedByZero |= dynamic_cast<const ZeroDivisor *>(&error) != nullptr;
      return op.emitOpError(error.what()), mlir::failure();
    }
    for (mlir::Value value : dying[position])
      values.erase(value);
    ++position;
  }
  return block.getParentOp()->emitOpError("has a block without an end"),
         mlir::failure();
}

template <class Real>
InterpreterOf<Real>::InterpreterOf(mlir::ModuleOp module, Observer observer,
                                   Reading reading,
                                   std::shared_ptr<WeightCacheOf<Real>> cache)
    : impl(std::make_unique<Impl>(module, std::move(observer), reading,
                                  std::move(cache))) {}
template <class Real> InterpreterOf<Real>::~InterpreterOf() = default;

template <class Real>
mlir::FailureOr<std::vector<TensorOf<Real>>>
InterpreterOf<Real>::run(mlir::func::FuncOp function,
                         std::vector<TensorOf<Real>> inputs) {
  if (function.isExternal() || function.getNumArguments() != inputs.size())
    return function.emitOpError() << "takes " << function.getNumArguments()
                                  << " inputs, not " << inputs.size(),
           mlir::failure();
  TensorsOf<Real> shared;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    std::string what = "input " + std::to_string(i);
    for (llvm::StringRef attribute : {"onnx.name", "hybrid.name"})
      if (auto name = function.getArgAttrOfType<mlir::StringAttr>(i, attribute))
        what = "input '" + name.str() + "'";
    try {
      checkType(what, input, function.getArgumentTypes()[i]);
    } catch (const Error &error) {
      return function.emitError(error.what()), mlir::failure();
    }
    shared.push_back(share<Real>(std::move(input)));
  }
  inputs.clear();
  impl->refusal.reset();
  impl->dividedByZero = false;
  impl->undefinedOps = 0;
  ExactPlaces::areUsed = impl->reading.usesPlaces;
  llvm::scope_exit restore([] { ExactPlaces::areUsed = false; });
  ValuesOf<Real> values;
  mlir::FailureOr<TensorsOf<Real>> results =
      impl->runBlock(function.front(), std::move(shared), values, 0);
  if (failed(results))
    return mlir::failure();
  std::vector<TensorOf<Real>> tensors;
  for (const TensorPtr &result : *results)
    tensors.push_back(*result);
  return tensors;
}

template <class Real>
const std::optional<std::string> &InterpreterOf<Real>::refusal() const {
  return impl->refusal;
}

template <class Real> bool InterpreterOf<Real>::dividedByZero() const {
  return impl->dividedByZero;
}

template <class Real> void InterpreterOf<Real>::setReading(Reading reading) {
  impl->reading = reading;
}

template <class Real> bool InterpreterOf<Real>::leftUndefined() const {
  return impl->undefinedOps > 0;
}

template class reference::InterpreterOf<double>;
template class reference::InterpreterOf<Exact>;
