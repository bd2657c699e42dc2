#include "lib/reference/tensor/Softplus.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/ScopeExit.h"

using namespace jarana;
using namespace jarana::reference;

TensorsOf<Exact> reference::withoutThreshold(const TensorsOf<Exact> &operands,
                                             double threshold) {
  constexpr double smallestThreshold = 20;
  const TensorOf<Exact> &above = *operands[0], &line = *operands[1],
                        &curve = *operands[2];
  if (threshold < smallestThreshold || !isFloat(line.dtype) ||
      above.shape != line.shape || line.shape != curve.shape)
    return {};
  // What is looked at here is no decision of the graph's.
  llvm::scope_exit restore(
      [made = ExactEvents::decisions] { ExactEvents::decisions = made; });
  for (size_t i = 0; i < line.reals.size(); ++i) {
    const Exact &x = line.reals[i];
    if (curve.reals[i] != log1p(exp(x)) ||
        above.ints[i] != (x > Exact(threshold)))
      return {};
  }
  ExactEvents::note(Assumption::LinearIsSoftplus);
  return {operands[2]};
}

mlir::Value reference::operandOfSoftplus(mlir::Operation &op) {
  auto sum = mlir::dyn_cast<mlir::arith::AddFOp>(op);
  if (!sum)
    return {};
  auto most = sum.getLhs().getDefiningOp<mlir::arith::MaximumFOp>();
  auto rest = sum.getRhs().getDefiningOp<mlir::math::Log1pOp>();
  auto power = rest ? rest.getOperand().getDefiningOp<mlir::math::ExpOp>()
                    : mlir::math::ExpOp();
  auto minus = power ? power.getOperand().getDefiningOp<mlir::arith::NegFOp>()
                     : mlir::arith::NegFOp();
  auto size = minus ? minus.getOperand().getDefiningOp<mlir::math::AbsFOp>()
                    : mlir::math::AbsFOp();
  bool matches = most && size && most.getLhs() == size.getOperand() &&
                 mlir::matchPattern(most.getRhs(), mlir::m_AnyZeroFloat());
  return matches ? size.getOperand() : mlir::Value();
}
