// The verifiers of the operators that have regions.
#include "dialects/onnx/OnnxDialect.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::onnx;

//===- Scan ---------------------------------------------------------------===//

LogicalResult ScanOp::verifyRegions() {
  int64_t scanInputs = getNumScanInputs();
  int64_t operands = getNumOperands();
  if (scanInputs < 1 || scanInputs > operands) // C1
    return emitOpError() << "has num_scan_inputs = " << scanInputs
                         << ", which must be from 1 to the number of operands, "
                         << operands;
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || block.getNumArguments() != operands ||
      yield.getNumOperands() != getNumResults()) // C2
    return emitOpError() << "needs a region with one argument per operand ("
                         << operands << ") that yields one value per result ("
                         << getNumResults() << ")";
  int64_t states = operands - scanInputs;
  if (static_cast<int64_t>(getNumResults()) < states)
    return emitOpError() << "has " << states << " states and only "
                         << getNumResults() << " results";
  int64_t scanOutputs = getNumResults() - states;
  for (auto [index, operand] : llvm::enumerate(getOperands())) {
    auto outer = cast<RankedTensorType>(operand.getType());
    auto inner = dyn_cast<RankedTensorType>(block.getArgument(index).getType());
    if (!inner || inner.getElementType() != outer.getElementType()) // C3
      return emitOpError() << "operand " << index << " is " << outer
                           << ", but the region's argument is "
                           << block.getArgument(index).getType();
    if (static_cast<int64_t>(index) >= states &&
        inner.getRank() + 1 != outer.getRank()) // C4
      return emitOpError() << "scan input " << index - states << " is " << outer
                           << ", so the region's argument must have rank "
                           << outer.getRank() - 1 << ", not "
                           << inner.getRank();
  }
  for (auto [result, yielded] :
       llvm::zip_equal(getResults(), yield.getValues()))
    if (getElementTypeOrSelf(result.getType()) !=
        getElementTypeOrSelf(yielded.getType())) // C3
      return emitOpError() << "result " << result.getResultNumber() << " is "
                           << result.getType() << ", but the region yields "
                           << yielded.getType();
  auto check = [&](ArrayRef<int64_t> axes, ArrayRef<int64_t> directions,
                   int64_t count, StringRef what, int64_t first,
                   TypeRange types) -> LogicalResult {
    if (static_cast<int64_t>(axes.size()) != count ||
        static_cast<int64_t>(directions.size()) != count) // C5
      return emitOpError() << "needs one axis and one direction per " << what
                           << " (" << count << ")";
    for (int64_t i = 0; i < count; ++i) {
      int64_t rank = cast<RankedTensorType>(types[first + i]).getRank();
      if (axes[i] < -rank || axes[i] >= rank || directions[i] < 0 ||
          directions[i] > 1)
        return emitOpError()
               << "has axis " << axes[i] << " and direction " << directions[i]
               << " for " << what << " " << i << " of rank " << rank;
    }
    return success();
  };
  if (failed(check(getScanInputAxes(), getScanInputDirections(), scanInputs,
                   "scan input", states, getOperation()->getOperandTypes())))
    return failure();
  return check(getScanOutputAxes(), getScanOutputDirections(), scanOutputs,
               "scan output", states, getOperation()->getResultTypes());
}

//===- If and Loop --------------------------------------------------------===//

/// Whether both are tensors of one element type and rank.
static bool areAlike(Type a, Type b) {
  auto first = dyn_cast<RankedTensorType>(a),
       second = dyn_cast<RankedTensorType>(b);
  return first && second && first.getElementType() == second.getElementType() &&
         first.getRank() == second.getRank();
}

/// Whether it is a tensor of one element of an integer type of `width` bits.
static bool isSingle(Type type, unsigned width) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getElementType().isSignlessInteger(width) &&
         llvm::all_of(tensor.getShape(), [](int64_t dim) {
           return dim == 1 || ShapedType::isDynamic(dim);
         });
}

LogicalResult IfOp::verifyRegions() {
  if (!isSingle(getCondition().getType(), 1)) // C1
    return emitOpError() << "has the condition " << getCondition().getType()
                         << ", which must be an i1 tensor of one element";
  for (Region *region : getRegions()) {
    auto yield = dyn_cast<YieldOp>(region->front().getTerminator());
    if (!yield || region->getNumArguments() != 0 ||
        yield.getNumOperands() != getNumResults()) // C2
      return emitOpError() << "needs two regions without arguments that yield "
                              "one value per result ("
                           << getNumResults() << ")";
    for (auto [result, yielded] :
         llvm::zip_equal(getResults(), yield.getValues()))
      if (!areAlike(result.getType(), yielded.getType())) // C3
        return emitOpError() << "result " << result.getResultNumber() << " is "
                             << result.getType() << ", but a region yields "
                             << yielded.getType();
  }
  return success();
}

LogicalResult LoopOp::verifyRegions() {
  if (!isSingle(getTripCount().getType(), 64) ||
      !isSingle(getCondition().getType(), 1)) // C1
    return emitOpError()
           << "begins with " << getTripCount().getType() << " and "
           << getCondition().getType()
           << ", which must be an i64 and an i1 tensor of one element";
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || block.getNumArguments() != getNumOperands() ||
      yield.getNumOperands() != getNumResults() + 1 ||
      getNumResults() != getInitial().size()) // C2
    return emitOpError() << "needs a region with one argument per operand ("
                         << getNumOperands()
                         << ") that yields a condition and one value per "
                            "carried value, as many as there are results ("
                         << getNumResults() << ")";
  if (!isSingle(block.getArgument(0).getType(), 64) ||
      !isSingle(block.getArgument(1).getType(), 1) ||
      !isSingle(yield.getOperand(0).getType(), 1)) // C1
    return emitOpError("needs a region that gets an iteration's number and a "
                       "condition, and yields a condition");
  for (auto [index, initial] : llvm::enumerate(getInitial()))
    for (Type other :
         {block.getArgument(static_cast<unsigned>(index) + 2).getType(),
          yield.getOperand(static_cast<unsigned>(index) + 1).getType(),
          getResult(static_cast<unsigned>(index)).getType()})
      if (!areAlike(initial.getType(), other)) // C3
        return emitOpError() << "carries value " << index << " as "
                             << initial.getType() << " and as " << other;
  return success();
}
