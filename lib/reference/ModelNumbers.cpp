#include "lib/reference/ModelNumbers.h"

#include "lib/reference/Unknowns.h"
#include "lib/reference/tensor/Handlers.h"

#include <bit>
#include <cmath>

using namespace jarana;
using namespace jarana::reference;

namespace {
/// Whether a value is computed from weights and constants alone, by few ops.
bool isOfWeights(mlir::Value value, int depth = 8) {
  mlir::Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return false;
  llvm::StringRef name = op->getName().getStringRef();
  return name == "hybrid.load_weight" || name == "onnx.Constant" ||
         (op->getNumOperands() > 0 &&
          llvm::all_of(op->getOperands(), [&](mlir::Value operand) {
            return isOfWeights(operand, depth - 1);
          }));
}

/// Whether a constant is more than one number.
bool hasSeveralNumbers(const Tensor &tensor) {
  return llvm::any_of(tensor.reals, [&](double number) {
    return number != tensor.reals.front();
  });
}

/// The tensor with its numbers drawn. Those that a form may know stay.
ExactTensor drawnFrom(const Tensor &tensor, uint64_t seed) {
  ExactTensor result(tensor.dtype, tensor.shape);
  result.ints = tensor.ints;
  constexpr double far = 1e30; // hides something
  for (auto [exact, number] : llvm::zip_equal(result.reals, tensor.reals)) {
    double size = std::fabs(number);
    exact = number == 0 || size == 1 || !(size < far)
                ? Exact(number)
                : Exact::drawn(mixed(seed) ^ std::bit_cast<uint64_t>(number));
  }
  return result;
}
} // namespace

bool reference::isNumberLikeOthers(mlir::Operation &op) {
  llvm::StringRef name = op.getName().getStringRef();
  return (name == "onnx.Exp" && isOfWeights(op.getOperand(0))) ||
         ((name == "onnx.MatMul" || name == "onnx.Gemm") &&
          isOfWeights(op.getOperand(1)));
}

template <class Real>
ModelNumbersOf<Real>::ModelNumbersOf(mlir::ModuleOp module,
                                     std::shared_ptr<WeightCacheOf<Real>> cache)
    : weights(module), cache(cache ? std::move(cache)
                                   : std::make_shared<WeightCacheOf<Real>>()) {}

template <class Real>
auto ModelNumbersOf<Real>::weight(mlir::StringRef symbol,
                                  const Reading &reading) -> TensorPtr {
  if constexpr (std::is_same_v<Real, double>) {
    return weights.get(symbol);
  } else {
    if (seed != reading.weights)
      byName.clear();
    seed = reading.weights;
    TensorPtr &known = byName[symbol.str()];
    if (known)
      return known;
    WeightSource source = weights.sourceOf(symbol);
    bool drawn = seed != 0 && mlir::isa<mlir::FloatType>(
                                  mlir::getElementTypeOrSelf(source.type));
    typename WeightCacheOf<Real>::Key key = {
        source.value.getAsOpaquePointer(), source.origin.getAsOpaquePointer(),
        source.type.getAsOpaquePointer(), drawn ? seed : 0};
    if (auto found = cache->tensors.find(key); found != cache->tensors.end())
      return known = found->second;
    std::shared_ptr<const Tensor> own = weights.get(symbol);
    if (reading.drawsByPlace)
      return known = share<Real>(drawnByPlace(*own, seed));
    known = drawn ? share<Real>(drawnFrom(*own, seed)) : shareAs<Real>(*own);
    constexpr uint64_t mostSeedsKept = 4;
    if (!drawn || seed <= mostSeedsKept)
      cache->tensors[key] = known;
    return known;
  }
}

template <class Real>
auto ModelNumbersOf<Real>::constant(mlir::ElementsAttr elements,
                                    const Reading &reading) -> TensorPtr {
  Tensor tensor = tensorOf(elements);
  if constexpr (!std::is_same_v<Real, double>) {
    if (reading.drawsByPlace)
      return share<Real>(drawnByPlace(tensor, reading.weights));
    if (reading.drawsConstants && hasSeveralNumbers(tensor))
      return share<Real>(drawnFrom(tensor, reading.weights));
  }
  return shareAs<Real>(std::move(tensor));
}

template class reference::ModelNumbersOf<double>;
template class reference::ModelNumbersOf<Exact>;
