// evaluate: a function on drawn inputs, for tests and for a look at what a form
// computes.
#include "lib/verify/Passes.h"

#include "dialects/Guarded.h"
#include "lib/reference/Interpreter.h"
#include "lib/verify/Compare.h"
#include "lib/verify/Limits.h"
#include "lib/verify/Samples.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {

#define GEN_PASS_DEF_EVALUATEPASS
#include "lib/verify/Passes.h.inc"

namespace {

void print(llvm::raw_ostream &stream, double value) {
  stream << llvm::format("%.9g", value);
}

/// Numbers of the model as they are, others as their residue.
void print(llvm::raw_ostream &stream, const Exact &value) {
  if (value.isNaN())
    stream << "nan";
  else if (value.isInfinite())
    stream << (value.isMinusInfinite() ? "-inf" : "inf");
  else if (auto number = value.concrete())
    print(stream, *number);
  else
    stream << "#" << llvm::format_hex_no_prefix(value.modP(), 16);
}

/// "name: float32 [2, 3] = 1, 2, 3, ..."
template <class Real>
void print(llvm::raw_ostream &stream, const TensorOf<Real> &tensor) {
  constexpr int64_t most = 16;
  stream << name(tensor.dtype) << " " << toText(tensor.shape) << " =";
  int64_t count = tensor.size();
  for (int64_t i = 0; i < std::min(count, most); ++i) {
    stream << (i ? ", " : " ");
    if (isFloat(tensor.dtype))
      print(stream, tensor.reals[i]);
    else
      stream << tensor.ints[i];
  }
  stream << (count > most ? ", ...\n" : "\n");
}

struct EvaluatePass : impl::EvaluatePassBase<EvaluatePass> {
  using EvaluatePassBase::EvaluatePassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    if (domain != "exact" && domain != "double") {
      getOperation().emitError("evaluate: there is no domain '")
          << domain << "'; there are exact and double";
      return signalPassFailure();
    }
    LogicalResult evaluated = guarded(getOperation(), [&] {
      return domain == "exact" ? evaluate<Exact>() : evaluate<double>();
    });
    if (failed(evaluated))
      signalPassFailure();
  }

private:
  FailureOr<func::FuncOp> find(StringRef name) {
    auto found = getOperation().lookupSymbol<func::FuncOp>(name);
    if (!found)
      return getOperation().emitError("evaluate: there is no function @")
             << name;
    return found;
  }

  FailureOr<Sizes> parseSizes() {
    Sizes result;
    for (const std::string &item : sizes) {
      auto [symbol, text] = StringRef(item).rsplit('=');
      int64_t value;
      if (symbol.empty() || text.getAsInteger(10, value) || value < 0)
        return getOperation().emitError("evaluate: sizes: '")
               << item << "' is not NAME=NUMBER, such as batch=1";
      result[symbol.str()] = value;
    }
    return result;
  }

  template <class Real>
  FailureOr<TensorsOf<Real>> run(InterpreterOf<Real> &interpreter,
                                 func::FuncOp function, const Sizes &sizes) {
    auto inputs = drawInputs<Real>(function, sizes, seed);
    if (!inputs) {
      std::vector<std::string> symbols = symbolsOf(function);
      if (llvm::all_of(symbols, [&](const std::string &symbol) {
            return sizes.contains(symbol);
          }))
        return function.emitError("evaluate: an input would have a negative "
                                  "size, or more than ")
               << kMostNumbers << " elements";
      auto error = function.emitError("evaluate: sizes must give each of");
      for (const std::string &symbol : symbols)
        error << " " << symbol;
      error << ", such as sizes=" << symbols.front() << "=3";
      return error;
    }
    auto outputs = interpreter.run(function, std::move(*inputs));
    if (failed(outputs) && interpreter.refusal())
      function.emitError("evaluate: the inputs are refused: ")
          << *interpreter.refusal();
    return outputs;
  }

  template <class Real> LogicalResult evaluate() {
    auto function = find(this->function);
    auto sizes = parseSizes();
    if (failed(function) || failed(sizes))
      return failure();
    Reading reading;
    reading.weights = weights;
    reading.drawsConstants = weights != 0;
    InterpreterOf<Real> interpreter(getOperation(), {}, reading);
    auto outputs = run(interpreter, *function, *sizes);
    if (failed(outputs))
      return failure();
    llvm::raw_ostream &stream = llvm::outs();
    if (equals.empty()) {
      for (auto [i, output] : llvm::enumerate(*outputs)) {
        stream << "@" << function->getName() << " "
               << nameOf(*function, true, i) << ": ";
        print(stream, output);
      }
      return success();
    }
    auto other = find(equals);
    if (failed(other))
      return failure();
    auto found = run(interpreter, *other, *sizes);
    if (failed(found))
      return failure();
    if (found->size() != outputs->size())
      return other->emitError("evaluate: @")
             << equals << " has " << found->size() << " outputs, @"
             << this->function << " has " << outputs->size();
    for (auto [i, output] : llvm::enumerate(*outputs))
      if (std::string where = difference(output, (*found)[i]); !where.empty())
        return other->emitError("evaluate: @")
               << equals << " differs from @" << this->function << ": "
               << nameOf(*other, true, i) << " " << where;
    stream << "@" << this->function << " and @" << equals << " are equal\n";
    return success();
  }
};

} // namespace
} // namespace jarana::verify
