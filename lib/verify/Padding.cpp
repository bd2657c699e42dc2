#include "lib/verify/Padding.h"

#include "dialects/hybrid/Hybrid.h"
#include "lib/reference/Interpreter.h"
#include "lib/reference/MlirTensors.h"
#include "lib/reference/operators/Support.h"
#include "lib/reference/tensor/Handlers.h"
#include "lib/verify/Compare.h"
#include "lib/verify/Limits.h"
#include "lib/verify/Samples.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {
namespace {

using Tokens = std::vector<int64_t>;

/// Which argument or result of a function has the name; -1: none.
int numberOf(func::FuncOp function, bool isResult, const std::string &name) {
  unsigned count =
      isResult ? function.getNumResults() : function.getNumArguments();
  for (unsigned i = 0; i < count && !name.empty(); ++i)
    if (nameOf(function, isResult, i) == name)
      return static_cast<int>(i);
  return -1;
}

/// The functions of a module that a session drives.
struct Model {
  Model(ModuleOp module, const bundle::StateSpec &spec)
      : spec(spec), entry(module.lookupSymbol<func::FuncOp>(spec.entry)),
        decode(spec.decode.empty()
                   ? func::FuncOp()
                   : module.lookupSymbol<func::FuncOp>(spec.decode)),
        module(module) {}

  /// Why no session can be tried; empty where one can.
  std::string prepare() {
    if (!entry || (!spec.decode.empty() && !decode))
      return "there is no function '" + spec.entry + "'";
    for (func::FuncOp function : {entry, decode})
      if (function)
        if (std::string why = tooLarge(function); !why.empty())
          return why;
    entry.walk([&](hybrid::LoadWeightOp load) {
      auto type = dyn_cast<FloatType>(getElementTypeOrSelf(load.getType()));
      if (!type || type.getWidth() < 32) // rounded to 16 or fewer bits
        tolerance = 2e-2;
    });
    int ids = numberOf(entry, false, spec.ids);
    if (ids < 0 || numberOf(entry, true, spec.logits) < 0)
      return "it has no ids or no logits";
    auto type = cast<RankedTensorType>(entry.getArgumentTypes()[ids]);
    if (type.getRank() < 1 || type.getRank() > 2)
      return "its ids have rank " + std::to_string(type.getRank());
    std::vector<std::string> dims = dimsOf(entry, false, ids);
    hasBatch = type.getRank() == 2;
    if (hasBatch && type.isDynamicDim(0))
      batchSymbol = dims.front();
    fixedBatch = !hasBatch ? 1 : type.isDynamicDim(0) ? 0 : type.getDimSize(0);
    int64_t last = type.getRank() - 1;
    tokensAtOnce = type.isDynamicDim(last) ? 0 : type.getDimSize(last);
    if ((type.isDynamicDim(last) ? 1 : tokensAtOnce) < 1 || tokensAtOnce > 64 ||
        fixedBatch > 8)
      return "its ids are of shape " + std::to_string(fixedBatch) + " x " +
             std::to_string(tokensAtOnce);
    return "";
  }

  const bundle::StateSpec &spec;
  func::FuncOp entry, decode;
  ModuleOp module;
  bool hasBatch = false;
  std::string batchSymbol;  ///< empty where the batch is fixed
  int64_t fixedBatch = 0;   ///< 0: any
  int64_t tokensAtOnce = 0; ///< of a step; 0: any
  double tolerance = 1e-4;  ///< of floats, relative to the largest
};

/// What a session of the runtime does, over the scalars `Real`.
template <class Real> class Session {
public:
  using T = TensorOf<Real>;
  Session(Model &model, InterpreterOf<Real> &interpreter, int64_t batch,
          Tokens padding)
      : model(model), interpreter(interpreter), batch(batch),
        padding(std::move(padding)) {}

  /// One step: tokens of shape [batch, count]. False where it failed.
  bool step(const Tokens &ids) {
    int64_t count = static_cast<int64_t>(ids.size()) / batch;
    func::FuncOp function =
        count == 1 && model.decode ? model.decode : model.entry;
    std::vector<T> inputs;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto input = inputOf(function, i, ids, count);
      if (!input)
        return false;
      inputs.push_back(std::move(*input));
    }
    std::string message;
    ScopedDiagnosticHandler quiet(function.getContext(), [&](Diagnostic &d) {
      if (d.getSeverity() != DiagnosticSeverity::Error)
        return failure();
      message = d.str();
      return success();
    });
    auto outputs = interpreter.run(function, std::move(inputs));
    if (failed(outputs)) {
      dividedByZero = interpreter.dividedByZero();
      const auto &refusal = interpreter.refusal();
      error = refusal ? *refusal : message;
      isRefused = refusal.has_value();
      return false;
    }
    for (unsigned i = 0; i < outputs->size(); ++i) {
      std::string name = nameOf(function, true, i);
      if (name == model.spec.logits)
        logits = (*outputs)[i];
      for (const bundle::StateTensor &tensor : model.spec.tensors)
        if (tensor.output == name)
          states[tensor.input] = (*outputs)[i];
    }
    position += count;
    return true;
  }

  /// The logits of the last position of one sequence.
  T lastLogits(int64_t row) const {
    int64_t width = logits.shape.back();
    int64_t rows = product(logits.shape, 0, logits.rank() - 1);
    int64_t perSequence = model.hasBatch ? rows / batch : rows;
    return strided(logits, {width}, {1}, ((row + 1) * perSequence - 1) * width);
  }
  /// Its part of a state of fixed size; none where that is not known.
  std::optional<T> stateOf(const std::string &name, int64_t row) const {
    auto found = states.find(name);
    int number = numberOf(model.entry, false, name);
    if (found == states.end() || number < 0)
      return std::nullopt;
    const T &state = found->second;
    if (model.batchSymbol.empty())
      return state;
    std::vector<std::string> dims = dimsOf(model.entry, false, number);
    auto axis = llvm::find(dims, model.batchSymbol) - dims.begin();
    if (axis == static_cast<int64_t>(dims.size()))
      return std::nullopt;
    Shape shape = state.shape, strides = stridesOf(shape);
    shape[axis] = 1;
    return strided(state, shape, strides, row * strides[axis]);
  }

  int64_t position = 0;
  std::string error;      ///< why a step failed
  bool isRefused = false; ///< as the function does not take such sizes
  bool dividedByZero = false;

private:
  std::optional<T> inputOf(func::FuncOp function, unsigned number,
                           const Tokens &ids, int64_t count) {
    std::string name = nameOf(function, false, number);
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[number]);
    DType dtype = elementTypeOf(type);
    auto fill = [&](int64_t length, auto value) {
      Shape shape = type.getRank() == 2 ? Shape{batch, length} : Shape{length};
      T input(dtype, shape);
      for (int64_t i = 0; i < input.size(); ++i) {
        int64_t number = value(i / length, i % length);
        if (isFloat(dtype))
          input.reals[i] = Real(static_cast<double>(number));
        else
          input.ints[i] = wrap(dtype, number);
      }
      return input;
    };
    if (name == model.spec.ids)
      return fill(count,
                  [&](int64_t b, int64_t i) { return ids[b * count + i]; });
    if (name == model.spec.mask)
      return fill(position + count,
                  [&](int64_t b, int64_t i) { return i >= padding[b]; });
    if (name == model.spec.positions)
      return fill(count, [&](int64_t b, int64_t i) {
        return std::max<int64_t>(0, position + i - padding[b]);
      });
    if (auto carried = states.find(name); carried != states.end())
      return carried->second;
    for (const bundle::StateTensor &tensor : model.spec.tensors) {
      if (tensor.input != name)
        continue;
      Shape shape;
      for (auto [d, dim] : llvm::enumerate(dimsOf(function, false, number)))
        shape.push_back(!type.isDynamicDim(d)      ? type.getDimSize(d)
                        : dim == model.batchSymbol ? batch
                                                   : 0);
      return T(dtype, shape);
    }
    error = "a session cannot fill input '" + name + "'";
    return std::nullopt;
  }

  Model &model;
  InterpreterOf<Real> &interpreter;
  int64_t batch;
  Tokens padding; ///< per sequence
  T logits;
  std::map<std::string, T> states; ///< by the input's name
};

/// Where padding shows, of one sequence with padding and alone.
struct Comparison {
  bool isDecided = false; ///< there were logits to compare
  bool differs = false;
  std::string state; ///< the first one of fixed size that differs
  std::string error; ///< why a step failed
  bool isRefused = false, dividedByZero = false;
};

/// The tokens of each step, and how many are padding of the first sequence of a
/// batch (where the model does not fix it); the others have none.
struct Trial {
  std::vector<int64_t> steps;
  int64_t padding, batch;
};

/// Sequences with and without padding. Residues, of which weights are drawn by
/// the seed, must be equal; floats, computed with the weights as they are,
/// may differ by what the types round.
template <class Real> class Trials {
public:
  using T = TensorOf<Real>;
  Trials(Model &model, uint64_t seed)
      : model(model), interpreter(model.module), random(mixed(seed)) {
    Reading reading;
    reading.weights = seed;
    interpreter.setReading(reading);
    int number = numberOf(model.entry, true, model.spec.logits);
    int64_t width = cast<RankedTensorType>(model.entry.getResultTypes()[number])
                        .getShape()
                        .back();
    vocabulary = ShapedType::isDynamic(width)
                     ? 2
                     : std::clamp<int64_t>(width, 1, manyIntegers);
  }

  /// Every sequence of the batch, beside the same alone.
  Comparison compare(const Trial &trial) {
    int64_t total = 0;
    for (int64_t step : trial.steps)
      total += step;
    int64_t batch = batchOf(trial);
    ids = draw(batch, total);
    Tokens padding = paddingOf(trial);
    // The first and the last show all: a batch of 1 has one.
    std::vector<int64_t> rows = {0};
    if (batch > 1)
      rows.push_back(batch - 1);
    int64_t rowsAlone = model.fixedBatch != 0 ? model.fixedBatch : 1;
    Session<Real> padded(model, interpreter, batch, padding);
    std::vector<Session<Real>> alone(
        rows.size(),
        Session<Real>(model, interpreter, rowsAlone, Tokens(rowsAlone, 0)));
    Comparison result;
    for (int64_t step : trial.steps) {
      if (!padded.step(slice(batch, padded.position, step)))
        return failed(padded);
      for (auto [row, session] : llvm::zip_equal(rows, alone)) {
        int64_t begin = session.position + padding[row], end = padded.position;
        if (end <= begin)
          continue; // nothing but padding so far
        Tokens own;
        for (int64_t b = 0; b < rowsAlone; ++b)
          own.insert(own.end(), ids[row].begin() + begin,
                     ids[row].begin() + end);
        if (!session.step(own))
          return failed(session);
        T expected = session.lastLogits(0);
        result.isDecided |= llvm::any_of(
            expected.reals, [](const Real &value) { return value == value; });
        if (!differ(expected, padded.lastLogits(row)))
          continue;
        result.differs = true;
        result.state = changedState(session, padded, row);
        return result;
      }
    }
    return result;
  }

  /// Whether other tokens as padding change the logits.
  bool seesPadding(const Trial &trial) {
    int64_t batch = batchOf(trial);
    Tokens padding = paddingOf(trial);
    auto logits = [&]() -> std::optional<T> {
      Session<Real> session(model, interpreter, batch, padding);
      for (int64_t step : trial.steps)
        if (!session.step(slice(batch, session.position, step)))
          return std::nullopt;
      return session.lastLogits(0);
    };
    auto before = logits();
    for (int64_t i = 0; i < trial.padding; ++i)
      ids[0][i] = (ids[0][i] + 1) % vocabulary;
    auto after = logits();
    return before && after && differ(*before, *after);
  }

private:
  bool differ(const T &expected, const T &found) const {
    if constexpr (!std::is_same_v<Real, double>) {
      return !difference(expected, found).empty();
    } else {
      double most = 0, apart = 0;
      for (auto [a, b] : llvm::zip_equal(expected.reals, found.reals)) {
        if ((a != a) != (b != b))
          return true;
        if (a == b || a != a)
          continue;
        most = std::max(most, std::fabs(a));
        apart = std::max(apart, std::fabs(a - b));
      }
      return apart > model.tolerance * most;
    }
  }

  std::vector<Tokens> draw(int64_t batch, int64_t total) {
    std::vector<Tokens> rows(batch, Tokens(total));
    for (Tokens &row : rows)
      for (int64_t &id : row)
        id = static_cast<int64_t>(random() % vocabulary);
    return rows;
  }
  Tokens slice(int64_t batch, int64_t begin, int64_t count) {
    Tokens result;
    for (int64_t b = 0; b < batch; ++b)
      result.insert(result.end(), ids[b].begin() + begin,
                    ids[b].begin() + begin + count);
    return result;
  }

  int64_t batchOf(const Trial &trial) const {
    return model.fixedBatch != 0 ? model.fixedBatch : trial.batch;
  }
  Tokens paddingOf(const Trial &trial) const {
    Tokens padding(batchOf(trial), 0);
    padding[0] = trial.padding;
    return padding;
  }
  static Comparison failed(const Session<Real> &session) {
    Comparison result;
    result.error = session.error.empty() ? "it failed" : session.error;
    result.dividedByZero = session.dividedByZero;
    result.isRefused = session.isRefused;
    return result;
  }
  /// The first state of fixed size that differs; empty: none.
  std::string changedState(const Session<Real> &alone,
                           const Session<Real> &padded, int64_t row) const {
    for (const bundle::StateTensor &tensor : model.spec.tensors) {
      if (tensor.kind == "key" || tensor.kind == "value")
        continue;
      auto own = alone.stateOf(tensor.input, 0),
           found = padded.stateOf(tensor.input, row);
      if (own && found && own->shape == found->shape && differ(*own, *found))
        return tensor.input;
    }
    return "";
  }

  Model &model;
  InterpreterOf<Real> interpreter;
  std::mt19937_64 random;
  int64_t vocabulary;
  std::vector<Tokens> ids; ///< per sequence
};

/// The op that mixes positions and leaves the state, through reshapes, slices
/// and conversions.
Operation *mixerOf(func::FuncOp function, const std::string &output) {
  int number = numberOf(function, true, output);
  if (number < 0 || !function.getBody().hasOneBlock())
    return nullptr;
  Operation *op =
      function.front().getTerminator()->getOperand(number).getDefiningOp();
  while (op && !isa<hybrid::SequenceMixerOpInterface>(op)) {
    Value next;
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()) && operand.getDefiningOp() &&
          !next)
        next = operand;
    op = next ? next.getDefiningOp() : nullptr;
  }
  return op;
}

/// Whether the argument enters what the op reads, but through other ops that
/// mix positions.
bool reaches(Value argument, Operation *op) {
  llvm::SetVector<Operation *> open;
  bool found = false;
  auto add = [&](Operation *user) {
    user->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        found |= operand == argument;
        Operation *from = operand.getDefiningOp();
        if (from && !isa<hybrid::SequenceMixerOpInterface>(from))
          open.insert(from);
      }
    });
  };
  add(op);
  for (size_t i = 0; i < open.size() && !found; ++i)
    add(open[i]);
  return found;
}

std::string describe(Operation *op) {
  std::string text = ("'" + op->getName().getStringRef() + "'").str();
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    text += " of node '" + name.getName().str() + "'";
  return text;
}

/// What padding changes, where it changes something.
std::string describe(Model &model, const Comparison &found, bool seesPadding) {
  const bundle::StateSpec &spec = model.spec;
  std::string text;
  if (!found.state.empty()) {
    text = "padding changes the state '" + found.state + "'";
    auto tensor = llvm::find_if(spec.tensors, [&](const auto &candidate) {
      return candidate.input == found.state;
    });
    if (Operation *op = mixerOf(model.entry, tensor->output)) {
      text += " (" + describe(op) + ")";
      int mask = numberOf(model.entry, false, spec.mask);
      if (mask >= 0 && !reaches(model.entry.getArgument(mask), op))
        text += ": the graph's mask '" + spec.mask + "' does not reach it";
    }
    return text;
  }
  if (seesPadding)
    return "padded tokens reach the logits in spite of the mask '" + spec.mask +
           "'";
  return "the logits depend on how many tokens are padding: the graph counts "
         "positions from the first token, padding included";
}

/// Looks at sequences of small lengths until padding shows.
class Check {
public:
  explicit Check(Model &model) : model(model) {
    // In one piece and then token by token; padding alone in a piece; across
    // a chunk of 16, and a piece of several after it.
    trials = {{{5, 1, 1}, 2, 2}, {{2, 3}, 3, 1}, {{18, 2}, 3, 1}};
    if (int64_t n = model.tokensAtOnce)
      trials = {{{n, n, n}, n, 2}, {{n, n, n}, 2 * n, 1}};
  }

  std::string run() {
    constexpr uint64_t wantedDraws = 2, mostDraws = 8;
    uint64_t draws = 0;
    for (uint64_t seed = 1; seed <= mostDraws && draws < wantedDraws; ++seed) {
      isRedrawn = false;
      // What the lengths decide shows with one draw.
      ArrayRef<Trial> some = trials;
      if (draws != 0)
        some = some.take_front();
      if (std::string why = draw(some, seed); !why.empty())
        return why;
      draws += !isRedrawn;
    }
    if (isDecided && draws == wantedDraws)
      return shifts ? ofFloats() : "";
    return unchecked(error.empty() ? "small sequences give nothing but NaN"
                                   : error);
  }

private:
  static std::string unchecked(const std::string &why) {
    return "it could not be checked that padding changes nothing: " + why;
  }

  std::string draw(ArrayRef<Trial> some, uint64_t seed) {
    Trials<Exact> exact(model, seed);
    for (const Trial &trial : some) {
      Comparison found = exact.compare(trial);
      isDecided |= found.isDecided;
      isRedrawn |= found.dividedByZero;
      if (!found.error.empty())
        error = found.error;
      // Lengths that the model does not take are none for a session either.
      if (!found.error.empty() && !found.dividedByZero && !found.isRefused)
        return unchecked(error);
      if (!found.differs)
        continue;
      if (exact.seesPadding(trial))
        return describe(model, found, true);
      shifts = true;
    }
    return "";
  }

  /// The padded tokens are not seen, and yet something differs: how many they
  /// are. A rotation by the position does not depend on where positions begin,
  /// by a law of sines and cosines that residues do not have. Floats tell.
  std::string ofFloats() {
    Trials<double> floats(model, 1);
    for (const Trial &trial : trials) {
      Comparison found = floats.compare(trial);
      if (!found.error.empty() && !found.isRefused)
        return unchecked(found.error);
      if (found.differs)
        return describe(model, found, false);
    }
    return "";
  }

  Model &model;
  std::vector<Trial> trials;
  bool isDecided = false, isRedrawn = false;
  bool shifts = false; ///< the number of padded tokens changes residues
  std::string error;
};
} // namespace

std::string refusalOfPadding(ModuleOp module, const bundle::StateSpec &spec) {
  Model model(module, spec);
  if (std::string why = model.prepare(); !why.empty())
    return "it could not be checked that padding changes nothing: " + why;
  return Check(model).run();
}

} // namespace jarana::verify
