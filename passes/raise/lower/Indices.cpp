#include "passes/raise/lower/Indices.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace jarana::raise {

std::string outsideMessage(Operation *op, Lowering &lowering,
                           const Expr &extent) {
  return Lowering::operatorName(op) + " node '" + hybrid::nodeName(op) +
         "': an index is outside the dimension of " +
         lowering.context().print(extent) + " elements";
}

Value wrapIndex(OpBuilder &b, Location loc, Value element, Value extent) {
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), element);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value negative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value moved = arith::AddIOp::create(b, loc, index, extent);
  return arith::SelectOp::create(b, loc, negative, moved, index);
}

FailureOr<IndexTuples> IndexTuples::get(Lowering &lowering, Operation *op,
                                        Tensor indices, const Shape &data,
                                        int64_t batch) {
  auto depth = indices.dim(-1).constant();
  if (!depth)
    return Lowering::error(op)
           << "needs indices whose last dimension is known when it is compiled";
  IndexTuples tuples;
  tuples.indices = indices;
  for (int64_t i = 0; i < *depth; ++i) {
    Expr extent = data[batch + i];
    lowering.checkIndices(
        lowering.build.sliceAxis(indices, -1, Expr(i), Expr(1)), extent, true,
        outsideMessage(op, lowering, extent));
    tuples.extents.push_back(lowering.build.index(extent));
  }
  return tuples;
}

void IndexTuples::append(OpBuilder &b, Location loc, ValueRange at,
                         SmallVectorImpl<Value> &position) const {
  SmallVector<Value> place(at);
  place.push_back(nullptr);
  for (auto [i, extent] : llvm::enumerate(extents)) {
    place.back() = arith::ConstantIndexOp::create(b, loc, i);
    Value element = tensor::ExtractOp::create(b, loc, indices.value, place);
    position.push_back(wrapIndex(b, loc, element, extent));
  }
}

} // namespace jarana::raise
