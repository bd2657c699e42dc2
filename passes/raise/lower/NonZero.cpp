// NonZero: a tensor whose size follows when the model runs, and is at most the
// number of elements that are looked at.
#include "passes/raise/Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// The places of the true elements of a 1-D tensor of `size`, in order, in the
/// first elements of the result; and how many they are.
std::pair<Value, Value> compact(Lowering &lowering, Tensor truth,
                                const Expr &size) {
  OpBuilder &b = lowering.builder();
  Location loc = lowering.loc();
  Value zero = lowering.build.index(Expr(0)),
        one = lowering.build.index(Expr(1));
  Tensor places = lowering.build.empty({size}, b.getI64Type());
  // Each place is written where the next true one goes, and stays if it is one:
  // no branch. That is never behind the place itself, so it is inside.
  auto loop = scf::ForOp::create(
      b, loc, zero, lowering.build.index(size), one,
      ValueRange{places.value, zero},
      [&](OpBuilder &at, Location, Value place, ValueRange carried) {
        Value number =
            arith::IndexCastOp::create(at, loc, at.getI64Type(), place);
        Value next = tensor::InsertOp::create(at, loc, number, carried[0],
                                              ValueRange{carried[1]});
        Value isTrue = tensor::ExtractOp::create(at, loc, truth.value, place);
        Value more =
            arith::IndexCastUIOp::create(at, loc, at.getIndexType(), isTrue);
        scf::YieldOp::create(
            at, loc,
            ValueRange{next, arith::AddIOp::create(at, loc, carried[1], more)});
      });
  return {loop.getResult(0), loop.getResult(1)};
}

LogicalResult lowerNonZero(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  OpBuilder &b = build.b;
  Location loc = build.loc;
  Tensor input = lowering.get(op, 0);
  Expr size = build.product(input.shape);
  auto [places, found] = compact(lowering, build.reshape(input, {size}), size);
  // The planner of the arena reads from this form how large it can be.
  Value count = arith::MaxSIOp::create(
      b, loc, arith::MinSIOp::create(b, loc, found, build.index(size)),
      build.index(Expr(0)));
  Expr length = lowering.runtime(count, Lowering::operatorName(op));
  lowering.defineDim(op->getResult(0), 1, length);
  Shape shape = lowering.shapeOf(op->getResult(0)), row{Expr(1), shape[1]};
  Tensor flat = build.slice({places, {size}}, {Expr(0)}, {shape[1]});
  flat = build.reshape(flat, row);
  SmallVector<Tensor> rows;
  Expr stride(1);
  for (int64_t axis = input.rank(); axis-- > 0;) {
    auto number = [&](const Expr &expr) -> Value {
      Value index = arith::MaxSIOp::create(b, loc, build.index(expr),
                                           build.index(Expr(1)));
      return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
    };
    Value by = number(stride), extent = number(input.shape[axis]);
    rows.push_back(build.elementwise(
        {flat}, row, b.getI64Type(),
        [&](OpBuilder &at, Location, ValueRange v) -> Value {
          Value quotient = arith::DivSIOp::create(at, loc, v[0], by);
          return arith::RemSIOp::create(at, loc, quotient, extent);
        }));
    stride = build.context.simplify(stride * input.shape[axis]);
  }
  std::reverse(rows.begin(), rows.end());
  Tensor result = rows.empty() ? build.empty(shape, b.getI64Type())
                               : build.concat(rows, 0, shape);
  lowering.set(op->getResult(0), result);
  return success();
}

} // namespace

void addNonZero(LoweringTable &table) { table["NonZero"] = lowerNonZero; }

} // namespace jarana::raise
