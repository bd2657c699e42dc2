// cpu-halves-as-integers: 16-bit floats are moved as 16-bit integers.
#include "passes/cpu/Passes.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_HALVESASINTEGERSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

/// The same bits as integers: of a type, or of the value of a constant.
AttrTypeReplacer makeReplacer() {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](Type type) -> std::optional<Type> {
    if (isHalf(type))
      return IntegerType::get(type.getContext(), 16);
    return std::nullopt;
  });
  replacer.addReplacement([](FloatAttr value) -> std::optional<Attribute> {
    if (!isHalf(value.getType()))
      return std::nullopt;
    return IntegerAttr::get(IntegerType::get(value.getContext(), 16),
                            value.getValue().bitcastToAPInt());
  });
  replacer.addReplacement(
      [](DenseElementsAttr values) -> std::optional<Attribute> {
        if (!isHalf(values.getElementType()))
          return std::nullopt;
        return values.bitcast(IntegerType::get(values.getContext(), 16));
      });
  replacer.addReplacement(
      [](DenseResourceElementsAttr values) -> std::optional<Attribute> {
        if (!isHalf(values.getElementType()))
          return std::nullopt;
        return DenseResourceElementsAttr::get(
            values.getType().clone(IntegerType::get(values.getContext(), 16)),
            values.getRawHandle());
      });
  return replacer;
}

/// What computes with 16-bit floats: the conversions that the target has, and
/// its intrinsics.
bool computes(Operation *op) {
  return isa<LLVM::FPExtOp, LLVM::FPTruncOp, LLVM::CallIntrinsicOp>(op);
}

struct HalvesAsIntegers : impl::HalvesAsIntegersPassBase<HalvesAsIntegers> {
  void runOnOperation() override {
    SmallVector<Operation *> moving, computing;
    getOperation().walk([&](Operation *op) {
      (computes(op) ? computing : moving).push_back(op);
    });
    AttrTypeReplacer replacer = makeReplacer();
    // These keep their types, between casts from and to integers. The casts get
    // along with their neighbours when all types are replaced.
    for (Operation *op : computing) {
      OpBuilder builder(op);
      for (OpOperand &operand : op->getOpOperands()) {
        Type type = operand.get().getType();
        if (replacer.replace(type) != type)
          operand.set(LLVM::BitcastOp::create(builder, op->getLoc(), type,
                                              operand.get()));
      }
    }
    for (Operation *op : computing) {
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(op);
      for (Value result : op->getResults()) {
        Type type = result.getType(), bits = replacer.replace(type);
        if (bits == type)
          continue;
        auto cast =
            LLVM::BitcastOp::create(builder, op->getLoc(), bits, result);
        result.replaceAllUsesExcept(cast, cast);
      }
    }
    for (Operation *op : moving)
      replacer.replaceElementsIn(op, /*replaceAttrs=*/true,
                                 /*replaceLocs=*/false, /*replaceTypes=*/true);
  }
};
} // namespace
} // namespace jarana::cpu
