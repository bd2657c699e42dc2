// cpu-lower-expand-shapes: splitting a dimension into several of unknown size.
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_LOWEREXPANDSHAPESPASS
#include "passes/cpu/Passes.h.inc"

namespace {

bool hasGroupOfUnknowns(memref::ExpandShapeOp op) {
  return llvm::any_of(op.getReassociationIndices(),
                      [&](const ReassociationIndices &group) {
                        return llvm::count_if(group, [&](int64_t dim) {
                                 return op.getResultType().isDynamicDim(dim);
                               }) > 1;
                      });
}

void lower(memref::ExpandShapeOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  MemRefType type = op.getResultType();
  auto source =
      memref::ExtractStridedMetadataOp::create(builder, loc, op.getSrc());
  auto [strides, offset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(),
                            mixedStrides(type.getRank());
  auto asValue = [&](OpFoldResult value) -> Value {
    if (auto attribute = dyn_cast<Attribute>(value))
      return arith::ConstantIndexOp::create(
          builder, loc, cast<IntegerAttr>(attribute).getInt());
    return cast<Value>(value);
  };
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    OpFoldResult stride = source.getStrides()[dim];
    for (int64_t inner : llvm::reverse(group)) {
      if (!ShapedType::isDynamic(strides[inner]))
        stride = builder.getIndexAttr(strides[inner]);
      mixedStrides[inner] = stride;
      stride = builder.createOrFold<arith::MulIOp>(loc, asValue(stride),
                                                   asValue(sizes[inner]));
    }
  }
  OpFoldResult mixedOffset = ShapedType::isDynamic(offset)
                                 ? OpFoldResult(source.getOffset())
                                 : OpFoldResult(builder.getIndexAttr(offset));
  auto cast = memref::ReinterpretCastOp::create(
      builder, loc, type, source.getBaseBuffer(), mixedOffset, sizes,
      mixedStrides);
  op.replaceAllUsesWith(cast.getResult());
  op.erase();
}

struct LowerExpandShapes : impl::LowerExpandShapesPassBase<LowerExpandShapes> {
  void runOnOperation() override {
    getOperation().walk([](memref::ExpandShapeOp op) {
      if (hasGroupOfUnknowns(op))
        lower(op);
    });
  }
};
} // namespace
} // namespace jarana::cpu
