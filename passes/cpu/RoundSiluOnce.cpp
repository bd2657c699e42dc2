// cpu-round-silu-once: silu of f16 and bf16 rounds once.
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_ROUNDSILUONCEPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// x, where the value is 1 / (1 + exp(-x)).
Value sigmoidOf(Value value) {
  auto quotient = value.getDefiningOp<arith::DivFOp>();
  if (!quotient || !matchPattern(quotient.getLhs(), m_OneFloat()))
    return nullptr;
  auto sum = quotient.getRhs().getDefiningOp<arith::AddFOp>();
  if (!sum)
    return nullptr;
  for (auto [one, power] : {std::pair(sum.getLhs(), sum.getRhs()),
                            std::pair(sum.getRhs(), sum.getLhs())}) {
    auto exp = power.getDefiningOp<math::ExpOp>();
    auto negative =
        exp ? exp.getOperand().getDefiningOp<arith::NegFOp>() : nullptr;
    if (negative && matchPattern(one, m_OneFloat()))
      return negative.getOperand();
  }
  return nullptr;
}

struct RoundSiluOnce : impl::RoundSiluOncePassBase<RoundSiluOnce> {
  void runOnOperation() override {
    getOperation().walk([](arith::ExtFOp widened) {
      auto rounded = widened.getIn().getDefiningOp<arith::TruncFOp>();
      if (!rounded || rounded.getIn().getType() != widened.getType())
        return;
      Value x = sigmoidOf(rounded.getIn());
      bool isSilu =
          x && llvm::all_of(widened->getUsers(), [&](Operation *user) {
            return isa<arith::MulFOp>(user) &&
                   llvm::is_contained(user->getOperands(), x);
          });
      if (isSilu)
        widened.replaceAllUsesWith(rounded.getIn());
    });
  }
};
} // namespace
} // namespace jarana::cpu
