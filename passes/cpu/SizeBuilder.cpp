#include "passes/cpu/SizeBuilder.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace jarana::cpu {

Value SizeBuilder::constant(Location loc, int64_t value) {
  Value &result = constants[value];
  if (!result)
    result = arith::ConstantIndexOp::create(builder, loc, value);
  return result;
}

FailureOr<Value> SizeBuilder::atEntry(Value value) {
  if (auto it = moved.find(value); it != moved.end())
    return it->second;
  IntegerAttr attribute;
  if (matchPattern(value, m_Constant(&attribute)) && value.getType().isIndex())
    return moved[value] = constant(value.getLoc(), attribute.getInt());

  Operation *op = value.getDefiningOp();
  if (!op)
    return failure(); // an argument of a loop
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    auto argument = dyn_cast<BlockArgument>(dim.getSource());
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return failure();
    if (auto alloc = dim.getSource().getDefiningOp<memref::AllocOp>()) {
      auto type = alloc.getType();
      return atEntry(alloc.getDynamicSizes()[type.getDynamicDimIndex(*index)]);
    }
    if (!argument || argument.getOwner() != &entry)
      return failure();
  } else if (!isPure(op) || op->getNumRegions() != 0 ||
             op->getNumResults() != 1 ||
             llvm::any_of(op->getOperandTypes(), [](Type type) {
               return !type.isIntOrIndexOrFloat();
             })) {
    return failure();
  }

  std::vector<const void *> key{
      op->getName().getAsOpaquePointer(),
      op->getRawDictionaryAttrs().getAsOpaquePointer(),
      op->getPropertiesAsAttribute().getAsOpaquePointer(),
      value.getType().getAsOpaquePointer()};
  IRMapping mapping;
  for (Value operand : op->getOperands()) {
    Value there = operand;
    if (!isa<MemRefType>(operand.getType())) {
      FailureOr<Value> copied = atEntry(operand);
      if (failed(copied))
        return failure();
      there = *copied;
    }
    mapping.map(operand, there);
    key.push_back(there.getAsOpaquePointer());
  }
  Value &result = computed[key];
  if (!result)
    result = builder.clone(*op, mapping)->getResult(0);
  return moved[value] = result;
}

bool SizeBuilder::isCount(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (std::optional<int64_t> number = getConstantIntValue(value))
    return *number >= 0;
  if (isa<memref::DimOp>(op))
    return true;
  if (isa<arith::MaxSIOp>(op))
    return isCount(op->getOperand(0)) || isCount(op->getOperand(1));
  return isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp>(op) &&
         isCount(op->getOperand(0)) && isCount(op->getOperand(1));
}

FailureOr<Value> SizeBuilder::bound(Value value) {
  FailureOr<Value> exact = atEntry(value);
  Operation *op = value.getDefiningOp();
  if (succeeded(exact) || !op)
    return exact;
  Location loc = value.getLoc();
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    auto alloc = dim.getSource().getDefiningOp<memref::AllocOp>();
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!alloc || !index)
      return failure();
    return bound(alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(
        static_cast<unsigned>(*index))]);
  }
  if (op->getNumOperands() != 2 || op->getNumResults() != 1)
    return failure();
  Value a = op->getOperand(0), b = op->getOperand(1);
  FailureOr<Value> first = bound(a), second = bound(b);
  if (isa<arith::MinSIOp>(op) && succeeded(first) != succeeded(second))
    return succeeded(first) ? first : second;
  if (failed(first) || failed(second))
    return failure();
  // Of factors, neither may be negative.
  bool grows = isa<arith::MinSIOp, arith::MaxSIOp, arith::AddIOp>(op) ||
               (isa<arith::MulIOp>(op) && isCount(a) && isCount(b));
  if (!grows)
    return failure();
  IRMapping mapping;
  mapping.map(a, *first);
  mapping.map(b, *second);
  return builder.clone(*op, mapping)->getResult(0);
}

Value SizeBuilder::multiply(Location loc, Value a, Value b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, b);
}

FailureOr<Value> SizeBuilder::bytes(memref::AllocOp alloc, int64_t alignment) {
  MemRefType type = alloc.getType();
  Location loc = alloc.getLoc();
  // A boolean takes a byte.
  int64_t factor = std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  for (int64_t dim : type.getShape())
    if (!ShapedType::isDynamic(dim) &&
        (llvm::MulOverflow(factor, dim, factor) ||
         factor > std::numeric_limits<int64_t>::max() - alignment))
      return alloc.emitError("this buffer is larger than 2^63 bytes: ") << type;
  std::vector<void *> key{reinterpret_cast<void *>(factor)};
  SmallVector<Value> dims;
  for (Value size : alloc.getDynamicSizes()) {
    FailureOr<Value> dim = atEntry(size);
    if (failed(dim))
      dim = bound(size);
    if (failed(dim))
      return alloc.emitError(
          "the size of this buffer depends on values that are only known "
          "when the model runs, and nothing bounds it");
    dims.push_back(*dim);
  }
  for (Value dim : dims)
    key.push_back(dim.getAsOpaquePointer());
  Value &result = products[key];
  if (result)
    return result;
  if (dims.empty())
    return result = constant(loc, llvm::alignTo(factor, alignment));
  Value product = constant(loc, factor);
  for (Value dim : dims)
    product = multiply(loc, product, dim);
  if (factor % alignment != 0) {
    Value up = arith::AddIOp::create(builder, loc, product,
                                     constant(loc, alignment - 1));
    Value mask = constant(loc, -alignment);
    product = arith::AndIOp::create(builder, loc, up, mask);
  }
  return result = product;
}

Value cloneSizes(OpBuilder &builder, Value value, IRMapping &mapping,
                 function_ref<Value(memref::DimOp)> dimension) {
  if (Value there = mapping.lookupOrNull(value))
    return there;
  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    Value there = dimension(dim);
    mapping.map(value, there);
    return there;
  }
  for (Value operand : op->getOperands())
    cloneSizes(builder, operand, mapping, dimension);
  return builder.clone(*op, mapping)->getResult(0);
}

} // namespace jarana::cpu
