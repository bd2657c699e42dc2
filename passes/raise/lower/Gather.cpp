// Reading by indices that are data. An index outside the dimension fails a
// check; nothing outside memory is read.
#include "passes/raise/Lowering.h"

using namespace mlir;

namespace jarana::raise {
namespace {

std::string outside(Operation *op, Lowering &lowering, const Expr &extent) {
  return Lowering::operatorName(op) + " node '" + Lowering::nodeName(op) +
         "': an index is outside the dimension of " +
         lowering.context().print(extent) + " elements";
}

/// An integer element as an index that counts from the end where it is
/// negative.
Value wrapIndex(OpBuilder &b, Location loc, Value element, Value extent) {
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), element);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value negative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value moved = arith::AddIOp::create(b, loc, index, extent);
  return arith::SelectOp::create(b, loc, negative, moved, index);
}

LogicalResult lowerGather(Lowering &lowering, Operation *op) {
  Tensor data = lowering.get(op, 0);
  TensorBuilder &build = lowering.build;
  int64_t axis = Lowering::integer(op, "axis");
  axis = axis < 0 ? axis + data.rank() : axis;
  Expr extent = data.shape[axis];
  Shape shape = lowering.shapeOf(op->getResult(0));
  auto known = lowering.contents(op, 1);
  if (known && known->size() == 1) {
    Expr offset = lowering.wrapped(known->front(), extent);
    lowering.requireInside(op, offset, extent);
    lowering.set(
        op->getResult(0),
        build.reshape(build.sliceAxis(data, axis, offset, Expr(1)), shape));
    return success();
  }
  Tensor indices = lowering.get(op, 1);
  lowering.checkIndices(indices, extent, true, outside(op, lowering, extent));
  // The indices stand at [axis, axis + rank of indices) of the result.
  Shape aligned = indices.shape;
  aligned.insert(aligned.end(), static_cast<size_t>(data.rank() - axis - 1),
                 Expr(1));
  Value size = build.index(extent);
  lowering.set(
      op->getResult(0),
      build.generate(
          {build.reshape(indices, aligned)}, shape, data.elementType(),
          [&](OpBuilder &b, Location loc, ValueRange at,
              ValueRange v) -> Value {
            SmallVector<Value> position(at.take_front(axis));
            position.push_back(wrapIndex(b, loc, v[0], size));
            llvm::append_range(position, at.drop_front(axis + indices.rank()));
            return tensor::ExtractOp::create(b, loc, data.value, position);
          }));
  return success();
}

LogicalResult lowerGatherElements(Lowering &lowering, Operation *op) {
  Tensor data = lowering.get(op, 0), indices = lowering.get(op, 1);
  TensorBuilder &build = lowering.build;
  int64_t axis = Lowering::integer(op, "axis");
  axis = axis < 0 ? axis + data.rank() : axis;
  Expr extent = data.shape[axis];
  lowering.checkIndices(indices, extent, true, outside(op, lowering, extent));
  Value size = build.index(extent);
  lowering.set(op->getResult(0),
               build.generate({indices}, lowering.shapeOf(op->getResult(0)),
                              data.elementType(),
                              [&](OpBuilder &b, Location loc, ValueRange at,
                                  ValueRange v) -> Value {
                                SmallVector<Value> position(at);
                                position[axis] = wrapIndex(b, loc, v[0], size);
                                return tensor::ExtractOp::create(
                                    b, loc, data.value, position);
                              }));
  return success();
}

LogicalResult lowerGatherND(Lowering &lowering, Operation *op) {
  Tensor data = lowering.get(op, 0), indices = lowering.get(op, 1);
  TensorBuilder &build = lowering.build;
  int64_t batch = Lowering::integer(op, "batch_dims");
  auto depth = indices.dim(-1).constant();
  if (!depth)
    return Lowering::error(op)
           << "needs indices whose last dimension is known when it is compiled";
  SmallVector<Value> extents;
  for (int64_t i = 0; i < *depth; ++i) {
    Expr extent = data.shape[batch + i];
    lowering.checkIndices(build.sliceAxis(indices, -1, Expr(i), Expr(1)),
                          extent, true, outside(op, lowering, extent));
    extents.push_back(build.index(extent));
  }
  int64_t lead = indices.rank() - 1;
  lowering.set(
      op->getResult(0),
      build.generate(
          {}, lowering.shapeOf(op->getResult(0)), data.elementType(),
          [&](OpBuilder &b, Location loc, ValueRange at, ValueRange) -> Value {
            SmallVector<Value> position(at.take_front(batch)),
                tuple(at.take_front(lead));
            tuple.push_back(nullptr);
            for (int64_t i = 0; i < *depth; ++i) {
              tuple.back() = arith::ConstantIndexOp::create(b, loc, i);
              Value element =
                  tensor::ExtractOp::create(b, loc, indices.value, tuple);
              position.push_back(wrapIndex(b, loc, element, extents[i]));
            }
            llvm::append_range(position, at.drop_front(lead));
            return tensor::ExtractOp::create(b, loc, data.value, position);
          }));
  return success();
}

} // namespace

void addGather(LoweringTable &table) {
  table["Gather"] = lowerGather;
  table["GatherElements"] = lowerGatherElements;
  table["GatherND"] = lowerGatherND;
}

} // namespace jarana::raise
