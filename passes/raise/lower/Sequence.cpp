// Operators that go along a dimension in order: Scan, CumSum, TopK.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace jarana::raise {

SmallVector<Tensor> loopAlong(
    Lowering &lowering, const Expr &extent, ArrayRef<Tensor> initial,
    function_ref<FailureOr<SmallVector<Tensor>>(const Expr &, ArrayRef<Tensor>)>
        body) {
  TensorBuilder &build = lowering.build;
  // Slices of nothing have no place to begin at.
  if (lowering.context().simplify(extent).isConstant(0))
    return llvm::to_vector(initial);
  SmallVector<Value> values;
  for (const Tensor &tensor : initial)
    values.push_back(tensor.value);
  auto loop =
      scf::ForOp::create(build.b, build.loc, build.index(Expr(0)),
                         build.index(extent), build.index(Expr(1)), values);
  Location loc = build.loc;
  {
    OpBuilder::InsertionGuard guard(build.b);
    build.b.setInsertionPointToStart(loop.getBody());
    SmallVector<Tensor> carried;
    for (auto [tensor, argument] : llvm::zip(initial, loop.getRegionIterArgs()))
      carried.push_back({argument, tensor.shape});
    FailureOr<SmallVector<Tensor>> next =
        body(lowering.runtime(loop.getInductionVar(), "position"), carried);
    if (failed(next))
      return {};
    SmallVector<Value> yielded;
    for (auto [tensor, start] : llvm::zip(*next, initial))
      yielded.push_back(build.castShape(tensor, start.shape).value);
    build.loc = loc;
    scf::YieldOp::create(build.b, loc, yielded);
  }
  SmallVector<Tensor> results;
  for (auto [tensor, result] : llvm::zip(initial, loop.getResults()))
    results.push_back({result, tensor.shape});
  return results;
}

namespace {

LogicalResult lowerScan(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Block &body = op->getRegion(0).front();
  auto scanInputs =
      static_cast<size_t>(Lowering::integer(op, "num_scan_inputs"));
  size_t states = op->getNumOperands() - scanInputs,
         outputs = op->getNumResults() - states;
  SmallVector<int64_t> inAxes = Lowering::integers(op, "scan_input_axes"),
                       outAxes = Lowering::integers(op, "scan_output_axes");
  SmallVector<int64_t> inReversed =
                           Lowering::integers(op, "scan_input_directions"),
                       outReversed =
                           Lowering::integers(op, "scan_output_directions");
  inAxes.resize(scanInputs, 0);
  inReversed.resize(scanInputs, 0);
  outAxes.resize(outputs, 0);
  outReversed.resize(outputs, 0);

  SmallVector<Tensor> inputs, initial;
  for (size_t i = 0; i < scanInputs; ++i)
    inputs.push_back(lowering.get(op, static_cast<unsigned>(states + i)));
  auto axisOf = [](int64_t axis, int64_t rank) {
    return axis < 0 ? axis + rank : axis;
  };
  Expr extent = inputs[0].dim(inAxes[0]);
  for (size_t i = 0; i < states; ++i)
    initial.push_back(build.castShape(
        lowering.get(op, static_cast<unsigned>(i)),
        lowering.shapeOf(op->getResult(static_cast<unsigned>(i)))));
  for (size_t i = 0; i < outputs; ++i) {
    Value result = op->getResult(static_cast<unsigned>(states + i));
    initial.push_back(build.empty(
        lowering.shapeOf(result),
        lowering.resultType(op, static_cast<unsigned>(states + i))));
  }
  bool worked = true;
  SmallVector<Tensor> results = loopAlong(
      lowering, extent, initial,
      [&](const Expr &position,
          ArrayRef<Tensor> carried) -> FailureOr<SmallVector<Tensor>> {
        auto at = [&](bool reversed) {
          return reversed ? extent - Expr(1) - position : position;
        };
        for (size_t i = 0; i < states; ++i) {
          Value argument = body.getArgument(static_cast<unsigned>(i));
          lowering.set(argument,
                       build.castShape(carried[i], lowering.shapeOf(argument)));
        }
        for (size_t i = 0; i < scanInputs; ++i) {
          Value argument = body.getArgument(static_cast<unsigned>(states + i));
          int64_t axis = axisOf(inAxes[i], inputs[i].rank());
          Tensor slice =
              build.sliceAxis(inputs[i], axis, at(inReversed[i]), Expr(1));
          lowering.set(argument,
                       build.reshape(slice, lowering.shapeOf(argument)));
        }
        if (failed(lowering.lowerBlock(body))) {
          worked = false;
          return failure();
        }
        SmallVector<Tensor> next;
        Operation *yield = body.getTerminator();
        for (size_t i = 0; i < states; ++i)
          next.push_back(
              lowering.get(yield->getOperand(static_cast<unsigned>(i))));
        for (size_t i = 0; i < outputs; ++i) {
          Tensor out = carried[states + i];
          int64_t axis = axisOf(outAxes[i], out.rank());
          Shape slice = out.shape;
          slice[axis] = Expr(1);
          SmallVector<Expr> offsets(out.rank(), Expr(0));
          offsets[axis] = at(outReversed[i]);
          Tensor part = build.reshape(lowering.get(yield->getOperand(
                                          static_cast<unsigned>(states + i))),
                                      slice);
          next.push_back(build.insert(part, out, offsets));
        }
        return next;
      });
  if (!worked)
    return failure();
  for (auto [result, tensor] : llvm::zip(op->getResults(), results))
    lowering.set(result, build.castShape(tensor, lowering.shapeOf(result)));
  return success();
}

LogicalResult lowerCumSum(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0);
  auto axes = lowering.numbers(op, 1);
  if (input.rank() == 1)
    axes = std::vector<int64_t>{0};
  if (!axes || axes->empty())
    return Lowering::unknown(op, 1, "an axis that is");
  int64_t axis =
      axes->front() < 0 ? axes->front() + input.rank() : axes->front();
  bool exclusive = Lowering::integer(op, "exclusive") != 0,
       reverse = Lowering::integer(op, "reverse") != 0;
  Type element = lowering.resultType(op), wide = build.computeType(element);
  Shape slice = input.shape;
  slice[axis] = Expr(1);
  Expr extent = input.shape[axis];
  SmallVector<Tensor> initial = {build.empty(input.shape, element),
                                 build.zeros(slice, wide)};
  SmallVector<Tensor> results = loopAlong(
      lowering, extent, initial,
      [&](const Expr &position,
          ArrayRef<Tensor> carried) -> FailureOr<SmallVector<Tensor>> {
        SmallVector<Expr> offsets(input.rank(), Expr(0));
        offsets[axis] = reverse ? extent - Expr(1) - position : position;
        Tensor part = build.slice(input, offsets, slice);
        Tensor sum =
            build.elementwise({carried[1], part}, slice, wide,
                              [](OpBuilder &b, Location loc, ValueRange v) {
                                return Scalars(b, loc).add(v[0], v[1]);
                              });
        Tensor out =
            build.insert(build.convert(exclusive ? carried[1] : sum, element),
                         carried[0], offsets);
        return SmallVector<Tensor>{out, sum};
      });
  lowering.set(op->getResult(0), results[0]);
  return success();
}

/// TopK by counting: the rank of an element is the number of elements that come
/// before it, and place t of the result is the element of rank t. Equal
/// elements keep their order; NaN counts as the largest.
LogicalResult lowerTopK(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  OpBuilder &b = build.b;
  Tensor input = lowering.get(op, 0);
  int64_t axis = Lowering::integer(op, "axis", -1);
  axis = axis < 0 ? axis + input.rank() : axis;
  bool largest = Lowering::integer(op, "largest", 1) != 0,
       isUnsigned = Lowering::isUnsigned(op->getOperand(0));
  if (!lowering.contents(op, 1))
    lowering.defineDim(op->getResult(0), static_cast<unsigned>(axis),
                       lowering.elements(op, 1).front());
  Type i64 = b.getI64Type();
  auto rank = static_cast<unsigned>(input.rank());
  MLIRContext *context = b.getContext();
  SmallVector<AffineExpr> own, other;
  for (unsigned i = 0; i < rank; ++i) {
    own.push_back(getAffineDimExpr(i, context));
    other.push_back(getAffineDimExpr(i == axis ? rank : i, context));
  }
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  AffineMap ownMap = AffineMap::get(rank + 1, 0, own, context),
            otherMap = AffineMap::get(rank + 1, 0, other, context);

  Tensor zeros = build.zeros(input.shape, i64);
  auto places = linalg::GenericOp::create(
      b, build.loc, TypeRange{zeros.value.getType()},
      ValueRange{input.value, input.value}, ValueRange{zeros.value},
      ArrayRef<AffineMap>{ownMap, otherMap, ownMap}, iterators,
      [&](OpBuilder &at, Location loc, ValueRange v) {
        Scalars s(at, loc, isUnsigned);
        Value mine = build.toCompute(at, v[0]),
              theirs = build.toCompute(at, v[1]);
        Value here =
                  linalg::IndexOp::create(at, loc, static_cast<uint64_t>(axis)),
              there = linalg::IndexOp::create(at, loc, rank);
        Value earlier = arith::CmpIOp::create(
            at, loc, arith::CmpIPredicate::ult, there, here);
        Value before = largest ? s.greater(theirs, mine) : s.less(theirs, mine);
        Value tie = s.equal(theirs, mine);
        if (isa<FloatType>(mine.getType())) {
          Value mineNan = s.isNan(mine), theirsNan = s.isNan(theirs),
                yes = s.number(at.getI1Type(), 1);
          Value notNan = arith::XOrIOp::create(
              at, loc, largest ? mineNan : theirsNan, yes);
          Value nanFirst = arith::AndIOp::create(
              at, loc, largest ? theirsNan : mineNan, notNan);
          before = arith::OrIOp::create(at, loc, before, nanFirst);
          tie = arith::OrIOp::create(
              at, loc, tie, arith::AndIOp::create(at, loc, mineNan, theirsNan));
        }
        before = arith::OrIOp::create(
            at, loc, before, arith::AndIOp::create(at, loc, tie, earlier));
        Value one = arith::ExtUIOp::create(at, loc, i64, before);
        linalg::YieldOp::create(at, loc, s.add(v[2], one));
      });

  Shape shape = lowering.shapeOf(op->getResult(0));
  Tensor values = build.zeros(shape, input.elementType()),
         indices = build.zeros(shape, i64);
  auto chosen = linalg::GenericOp::create(
      b, build.loc, TypeRange{values.value.getType(), indices.value.getType()},
      ValueRange{input.value, places.getResult(0)},
      ValueRange{values.value, indices.value},
      ArrayRef<AffineMap>{otherMap, otherMap, ownMap, ownMap}, iterators,
      [&](OpBuilder &at, Location loc, ValueRange v) {
        Value place = arith::IndexCastOp::create(
            at, loc, i64,
            linalg::IndexOp::create(at, loc, static_cast<uint64_t>(axis)));
        Value source = arith::IndexCastOp::create(
            at, loc, i64, linalg::IndexOp::create(at, loc, rank));
        Value hit = arith::CmpIOp::create(at, loc, arith::CmpIPredicate::eq,
                                          v[1], place);
        Value value = arith::SelectOp::create(at, loc, hit, v[0], v[2]);
        Value index = arith::SelectOp::create(at, loc, hit, source, v[3]);
        linalg::YieldOp::create(at, loc, ValueRange{value, index});
      });
  lowering.set(op->getResult(0), {chosen.getResult(0), values.shape});
  if (op->getNumResults() > 1)
    lowering.set(op->getResult(1), {chosen.getResult(1), indices.shape});
  return success();
}

} // namespace

void addSequence(LoweringTable &table) {
  table["Scan"] = lowerScan;
  table["CumSum"] = lowerCumSum;
  table["TopK"] = lowerTopK;
}

} // namespace jarana::raise
