#include "lib/verify/Trace.h"

#include "lib/verify/Compare.h"
#include "mlir/IR/Diagnostics.h"

#include <utility>

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {

Evaluator::Evaluator(ModuleOp module, std::shared_ptr<Cache> cache,
                     Reading reading)
    : reading(reading),
      interpreter(
          module,
          [this](Operation &op, const Interpreter::Results &results) {
            observe(op, results);
          },
          {}, std::move(cache)) {}

void Evaluator::observe(Operation &op, const Interpreter::Results &results) {
  if (!current)
    return;
  if (uint64_t made = std::exchange(ExactEvents::decisions, 0))
    current->decisions[&op] += made;
  TracedOp entry{&op, {}, {}};
  for (auto [value, tensor] : llvm::zip_equal(op.getResults(), results)) {
    // What nothing may depend on yet says nothing.
    if (!tensor || op.getName().getStringRef() == "tensor.empty")
      continue;
    uint64_t hash = hashOf(*tensor);
    current->values.insert(hash);
    if (!trace || op.getBlock() != traced)
      continue;
    hashes[value] = hash;
    // Sizes and indices have values of their own in each form.
    if (isa<ShapedType>(value.getType()) && isFloat(tensor->dtype))
      entry.results.push_back(hash);
  }
  if (entry.results.empty())
    return;
  // Values that the op's regions read count too.
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (auto found = hashes.find(operand); found != hashes.end())
        entry.operands.push_back(found->second);
  });
  trace->push_back(std::move(entry));
}

Run Evaluator::run(func::FuncOp function, ExactTensors inputs, uint64_t weights,
                   std::vector<TracedOp> *into) {
  constexpr uint64_t seeds[] = {1, 2}; // of what is undefined
  Run result;
  result.inputs = inputs;
  result.weights = weights;
  current = &result;
  trace = into;
  traced = &function.front();
  hashes.clear();
  for (auto [argument, input] :
       llvm::zip(function.getArguments(), result.inputs)) {
    uint64_t hash = hashOf(input);
    result.values.insert(hash);
    hashes[argument] = hash;
  }
  ScopedDiagnosticHandler quiet(
      function.getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return failure();
        result.error += (result.error.empty() ? "" : "\n") + diagnostic.str();
        return success();
      });
  ExactEvents::decisions = 0; // nobody else's
  reading.weights = weights;
  reading.undefined = seeds[0];
  interpreter.setReading(reading);
  auto outputs = interpreter.run(function, std::move(inputs));
  current = nullptr;
  result.refused = interpreter.refusal().has_value();
  result.dividedByZero = interpreter.dividedByZero();
  if (succeeded(outputs))
    result.outputs = std::move(*outputs);
  else if (result.refused)
    result.error = *interpreter.refusal();
  else if (result.error.empty())
    result.error = "it cannot be evaluated";
  if (!result.succeeded() || !interpreter.leftUndefined())
    return result;
  reading.undefined = seeds[1];
  interpreter.setReading(reading);
  outputs = interpreter.run(function, result.inputs);
  if (failed(outputs)) {
    result.error = "it depends on what is undefined: " + result.error;
    return result;
  }
  for (auto [first, second] : llvm::zip_equal(result.outputs, *outputs))
    result.undefined.push_back(differences(first, second));
  return result;
}

Operation *firstUnexplained(const std::vector<TracedOp> &trace,
                            const llvm::DenseSet<uint64_t> &before) {
  auto known = [&](ArrayRef<uint64_t> results) {
    return llvm::all_of(results,
                        [&](uint64_t hash) { return before.contains(hash); });
  };
  // From the end: a value leads somewhere where an op that reads it gives a
  // value that was there, or leads to one.
  llvm::DenseSet<uint64_t> leading;
  for (const TracedOp &entry : llvm::reverse(trace)) {
    bool leads =
        known(entry.results) || llvm::any_of(entry.results, [&](uint64_t hash) {
          return leading.contains(hash);
        });
    if (leads)
      leading.insert(entry.operands.begin(), entry.operands.end());
  }
  for (const TracedOp &entry : trace) {
    bool explained =
        known(entry.results) || llvm::any_of(entry.results, [&](uint64_t hash) {
          return leading.contains(hash);
        });
    if (!explained)
      return entry.op;
  }
  return nullptr;
}

} // namespace jarana::verify
