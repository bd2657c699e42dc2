// Writing by indices that are data: loops over the updates. An index outside
// the dimension fails a check.
#include "passes/raise/lower/Indices.h"
#include "passes/raise/lower/Scalars.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// A loop nest over `shape` that carries one tensor; `body` gives the next
/// tensor.
Tensor loopOver(TensorBuilder &build, const Shape &shape, Tensor initial,
                function_ref<Value(OpBuilder &, Location, ValueRange indices,
                                   Value carried)>
                    body) {
  SmallVector<Value> lows, highs, steps;
  for (const Expr &extent : shape) {
    lows.push_back(build.index(Expr(0)));
    highs.push_back(build.index(extent));
    steps.push_back(build.index(Expr(1)));
  }
  scf::LoopNest nest = scf::buildLoopNest(
      build.b, build.loc, lows, highs, steps, ValueRange{initial.value},
      [&](OpBuilder &b, Location loc, ValueRange indices, ValueRange carried) {
        return scf::ValueVector{body(b, loc, indices, carried[0])};
      });
  return {nest.results.front(), initial.shape};
}

/// The element to store, for the attribute `reduction`.
Value combine(OpBuilder &b, Location loc, StringRef reduction, Value old,
              Value update) {
  Scalars s(b, loc);
  if (reduction == "add")
    return s.add(old, update);
  if (reduction == "mul")
    return s.mul(old, update);
  if (reduction == "min")
    return s.min(old, update);
  if (reduction == "max")
    return s.max(old, update);
  return update;
}

/// `carried` with `update` at `position`, combined with what stands there
/// unless the reduction is "none".
Value write(OpBuilder &b, Location loc, StringRef reduction, Value update,
            Value carried, ValueRange position) {
  if (reduction != "none")
    update =
        combine(b, loc, reduction,
                tensor::ExtractOp::create(b, loc, carried, position), update);
  return tensor::InsertOp::create(b, loc, update, carried, position);
}

LogicalResult lowerScatterND(Lowering &lowering, Operation *op) {
  Tensor data = lowering.get(op, 0), indices = lowering.get(op, 1),
         updates = lowering.get(op, 2);
  TensorBuilder &build = lowering.build;
  StringRef reduction = Lowering::text(op, "reduction", "none");
  auto tuples = IndexTuples::get(lowering, op, indices, data.shape, 0);
  if (failed(tuples))
    return failure();
  int64_t lead = tuples->lead();
  lowering.set(
      op->getResult(0),
      loopOver(build, updates.shape, data,
               [&](OpBuilder &b, Location loc, ValueRange at,
                   Value carried) -> Value {
                 SmallVector<Value> position;
                 tuples->append(b, loc, at.take_front(lead), position);
                 llvm::append_range(position, at.drop_front(lead));
                 Value update =
                     tensor::ExtractOp::create(b, loc, updates.value, at);
                 return write(b, loc, reduction, update, carried, position);
               }));
  return success();
}

LogicalResult lowerScatterElements(Lowering &lowering, Operation *op) {
  Tensor data = lowering.get(op, 0), indices = lowering.get(op, 1),
         updates = lowering.get(op, 2);
  TensorBuilder &build = lowering.build;
  StringRef reduction = Lowering::text(op, "reduction", "none");
  int64_t axis = Lowering::integer(op, "axis");
  axis = axis < 0 ? axis + data.rank() : axis;
  lowering.checkIndices(indices, data.shape[axis], true,
                        outsideMessage(op, lowering, data.shape[axis]));
  Value extent = build.index(data.shape[axis]);
  lowering.set(
      op->getResult(0),
      loopOver(build, indices.shape, data,
               [&](OpBuilder &b, Location loc, ValueRange at,
                   Value carried) -> Value {
                 SmallVector<Value> position(at);
                 position[axis] = wrapIndex(
                     b, loc,
                     tensor::ExtractOp::create(b, loc, indices.value, at),
                     extent);
                 Value update =
                     tensor::ExtractOp::create(b, loc, updates.value, at);
                 return write(b, loc, reduction, update, carried, position);
               }));
  return success();
}

/// ai.onnx TensorScatter: writes `update` into the cache from position
/// write_indices[b] of `axis` on.
LogicalResult lowerTensorScatter(Lowering &lowering, Operation *op) {
  Tensor cache = lowering.get(op, 0), update = lowering.get(op, 1);
  TensorBuilder &build = lowering.build;
  int64_t axis = Lowering::integer(op, "axis", -2);
  axis = axis < 0 ? axis + cache.rank() : axis;
  bool circular = Lowering::text(op, "mode", "linear") == "circular";
  Tensor starts;
  if (lowering.present(op, 2)) {
    starts = lowering.get(op, 2);
    Expr room = circular ? cache.shape[axis]
                         : cache.shape[axis] - update.shape[axis] + Expr(1);
    lowering.checkIndices(starts, room, false,
                          outsideMessage(op, lowering, room));
  }
  Value extent = build.index(cache.shape[axis]);
  lowering.set(
      op->getResult(0),
      loopOver(
          build, update.shape, cache,
          [&](OpBuilder &b, Location loc, ValueRange at,
              Value carried) -> Value {
            SmallVector<Value> position(at);
            if (starts) {
              Value start = tensor::ExtractOp::create(b, loc, starts.value,
                                                      at.take_front(1));
              start =
                  arith::IndexCastOp::create(b, loc, b.getIndexType(), start);
              position[axis] = arith::AddIOp::create(b, loc, at[axis], start);
            }
            if (circular)
              position[axis] =
                  Scalars(b, loc, true).truncMod(position[axis], extent);
            Value element = tensor::ExtractOp::create(b, loc, update.value, at);
            return tensor::InsertOp::create(b, loc, element, carried, position);
          }));
  return success();
}

} // namespace

void addScatter(LoweringTable &table) {
  table["ScatterND"] = lowerScatterND;
  table["ScatterElements"] = lowerScatterElements;
  table["TensorScatter"] = lowerTensorScatter;
}

} // namespace jarana::raise
