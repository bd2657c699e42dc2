// If and Loop: scf.if and scf.while over tensors.
#include "passes/raise/Lowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// The one element of an integer tensor.
Value elementOf(Lowering &lowering, Tensor tensor) {
  SmallVector<Value> at(static_cast<size_t>(tensor.rank()),
                        lowering.build.index(Expr(0)));
  return tensor::ExtractOp::create(lowering.builder(), lowering.loc(),
                                   tensor.value, at);
}

/// A tensor of no dimensions.
Tensor fromElement(Lowering &lowering, Value element) {
  auto type = RankedTensorType::get({}, element.getType());
  return {tensor::FromElementsOp::create(lowering.builder(), lowering.loc(),
                                         type, element),
          {}};
}

/// The op's results; their sizes are written down where the op hides them.
void setResults(Lowering &lowering, Operation *op, ValueRange values) {
  TensorBuilder &build = lowering.build;
  for (auto [result, value] : llvm::zip_equal(op->getResults(), values)) {
    Tensor tensor{value, lowering.shapeOf(result)};
    auto type = cast<RankedTensorType>(value.getType());
    if (!type.hasStaticShape()) {
      SmallVector<OpFoldResult> offsets(tensor.rank(), build.b.getIndexAttr(0)),
          strides(tensor.rank(), build.b.getIndexAttr(1));
      tensor.value = tensor::ExtractSliceOp::create(
          build.b, build.loc, type, value, offsets, build.sizes(tensor.shape),
          strides);
    }
    lowering.set(result, tensor);
  }
}

SmallVector<Type> typesOf(Lowering &lowering, Operation *op) {
  SmallVector<Type> types;
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    types.push_back(
        lowering.build.type(lowering.shapeOf(result),
                            lowering.resultType(op, static_cast<unsigned>(i))));
  return types;
}

LogicalResult lowerIf(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  OpBuilder &b = build.b;
  Location loc = build.loc;
  Value condition;
  if (auto known = lowering.contents(op, 0))
    condition = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                      build.index(known->front()),
                                      build.index(Expr(0)));
  else
    condition = elementOf(lowering, lowering.get(op, 0));
  auto branches =
      scf::IfOp::create(b, loc, typesOf(lowering, op), condition,
                        /*addThenBlock=*/true, /*addElseBlock=*/true);
  for (unsigned number : {0U, 1U}) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&branches->getRegion(number).front());
    Block &block = op->getRegion(number).front();
    if (failed(lowering.lowerBlock(block)))
      return failure();
    build.loc = loc;
    SmallVector<Value> yielded;
    for (auto [result, value] : llvm::zip_equal(
             op->getResults(), block.getTerminator()->getOperands()))
      yielded.push_back(
          build.castShape(lowering.get(value), lowering.shapeOf(result)).value);
    scf::YieldOp::create(b, loc, yielded);
  }
  setResults(lowering, op, branches.getResults());
  return success();
}

/// The loop carries the tensors, the iteration's number and the condition. The
/// tensors come first: bufferization wants what the first region hands on at
/// the places where it got it, and the last two may fold away.
LogicalResult lowerLoop(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  OpBuilder &b = build.b;
  Location loc = build.loc;
  Type i64 = b.getI64Type();
  unsigned carried = op->getNumResults();
  Value count = elementOf(lowering, lowering.get(op, 0)),
        zero = arith::ConstantIntOp::create(b, loc, i64, 0),
        one = arith::ConstantIntOp::create(b, loc, i64, 1);
  SmallVector<Value> initial;
  for (unsigned i = 0; i < carried; ++i)
    initial.push_back(build
                          .castShape(lowering.get(op, i + 2),
                                     lowering.shapeOf(op->getResult(i)))
                          .value);
  initial.append({zero, elementOf(lowering, lowering.get(op, 1))});
  SmallVector<Type> types = typesOf(lowering, op);
  types.append({i64, b.getI1Type()});
  auto loop = scf::WhileOp::create(b, loc, types, initial);
  SmallVector<Location> locations(types.size(), loc);
  {
    OpBuilder::InsertionGuard guard(b);
    Block *before = b.createBlock(&loop.getBefore(), {}, types, locations);
    Value more = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                       before->getArgument(carried), count);
    Value goesOn =
        arith::AndIOp::create(b, loc, more, before->getArgument(carried + 1));
    scf::ConditionOp::create(b, loc, goesOn, before->getArguments());

    Block *after = b.createBlock(&loop.getAfter(), {}, types, locations);
    Value number = after->getArgument(carried);
    Block &body = op->getRegion(0).front();
    lowering.set(body.getArgument(0), fromElement(lowering, number));
    lowering.set(body.getArgument(1),
                 fromElement(lowering, after->getArgument(carried + 1)));
    for (unsigned i = 0; i < carried; ++i) {
      Value argument = body.getArgument(i + 2);
      lowering.set(argument,
                   build.castShape({after->getArgument(i),
                                    lowering.shapeOf(op->getResult(i))},
                                   lowering.shapeOf(argument)));
    }
    if (failed(lowering.lowerBlock(body)))
      return failure();
    build.loc = loc;
    Operation *yield = body.getTerminator();
    SmallVector<Value> next;
    for (unsigned i = 0; i < carried; ++i)
      next.push_back(build
                         .castShape(lowering.get(yield, i + 1),
                                    lowering.shapeOf(op->getResult(i)))
                         .value);
    next.push_back(arith::AddIOp::create(b, loc, number, one));
    next.push_back(elementOf(lowering, lowering.get(yield, 0)));
    scf::YieldOp::create(b, loc, next);
  }
  setResults(lowering, op, loop.getResults().take_front(carried));
  return success();
}

} // namespace

void addControl(LoweringTable &table) {
  table["If"] = lowerIf;
  table["Loop"] = lowerLoop;
}

} // namespace jarana::raise
