// Reading by indices that are data. An index outside the dimension fails a
// check; nothing outside memory is read.
#include "passes/raise/lower/Indices.h"

using namespace mlir;

namespace jarana::raise {
namespace {

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
  lowering.checkIndices(indices, extent, true,
                        outsideMessage(op, lowering, extent));
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
  lowering.checkIndices(indices, extent, true,
                        outsideMessage(op, lowering, extent));
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
  auto tuples = IndexTuples::get(lowering, op, indices, data.shape, batch);
  if (failed(tuples))
    return failure();
  int64_t lead = tuples->lead();
  lowering.set(
      op->getResult(0),
      build.generate(
          {}, lowering.shapeOf(op->getResult(0)), data.elementType(),
          [&](OpBuilder &b, Location loc, ValueRange at, ValueRange) -> Value {
            SmallVector<Value> position(at.take_front(batch));
            tuples->append(b, loc, at.take_front(lead), position);
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
