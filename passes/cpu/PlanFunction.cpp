#include "passes/cpu/PlanFunction.h"
#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace jarana::cpu {
namespace {

/// Whether the value follows from the dimensions of tensors alone.
class DependsOnShapes {
public:
  bool operator()(Value value) {
    auto [it, isNew] = known.try_emplace(value, false);
    if (!isNew)
      return it->second;
    Operation *op = value.getDefiningOp();
    bool result = op && (isa<tensor::DimOp>(op) ||
                         (isPure(op) && op->getNumRegions() == 0 &&
                          value.getType().isIntOrIndex() &&
                          llvm::all_of(op->getOperands(), [&](Value v) {
                            return v.getType().isIntOrIndex() && (*this)(v);
                          })));
    return known[value] = result;
  }

private:
  DenseMap<Value, bool> known;
};

/// What an error calls output `index`.
std::string outputName(func::FuncOp entry, unsigned index) {
  if (auto name = entry.getResultAttrOfType<StringAttr>(index, "hybrid.name"))
    return "output '" + name.getValue().str() + "'";
  return "output " + std::to_string(index);
}

/// Results become their dimensions, so that everything else is dead.
SmallVector<std::string> returnDims(func::FuncOp plan) {
  Operation *terminator = plan.getBody().back().getTerminator();
  OpBuilder builder(terminator);
  SmallVector<Value> dims;
  SmallVector<std::string> names;
  for (auto [index, result] : llvm::enumerate(terminator->getOperands()))
    for (int64_t dim = 0;
         dim < cast<RankedTensorType>(result.getType()).getRank(); ++dim) {
      dims.push_back(
          builder.createOrFold<tensor::DimOp>(result.getLoc(), result, dim));
      names.push_back(outputName(plan, index) + " dimension " +
                      std::to_string(dim));
    }
  terminator->setOperands(dims);
  SmallVector<Type> types(dims.size(), builder.getIndexType());
  plan.setResAttrsAttr({});
  plan.setType(builder.getFunctionType(plan.getArgumentTypes(), types));
  return names;
}

/// Whether the computation of a scalar looks at a tensor; the inputs of
/// integers that it looks at, which can be fixed.
bool usesTensors(Value value, func::FuncOp plan,
                 SmallVectorImpl<StringRef> &inputs) {
  SmallVector<Value> stack{value};
  DenseSet<Value> seen;
  bool uses = false;
  while (!stack.empty()) {
    Value next = stack.pop_back_val();
    uses |= isa<TensorType>(next.getType());
    if (!seen.insert(next).second)
      continue;
    if (Operation *op = next.getDefiningOp()) {
      llvm::append_range(stack, op->getOperands());
    } else if (auto argument = cast<BlockArgument>(next);
               argument.getOwner() == &plan.front() &&
               argument.getArgNumber() < plan.getNumArguments() &&
               isa<IntegerType>(getElementTypeOrSelf(next.getType()))) {
      if (auto name = plan.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                        "hybrid.name"))
        inputs.push_back(name);
    }
  }
  return uses;
}

/// Dimensions of arguments are read from the first buffer.
void readDims(func::FuncOp entry, func::FuncOp plan, Value dims) {
  plan.walk([&](tensor::DimOp dim) {
    auto argument = dyn_cast<BlockArgument>(dim.getSource());
    if (!argument || !dim.getConstantIndex())
      return;
    OpBuilder builder(dim);
    unsigned index =
        dimNumber(entry, 0, argument.getArgNumber(), *dim.getConstantIndex());
    Value position =
        arith::ConstantIndexOp::create(builder, dim.getLoc(), index);
    Value value = memref::LoadOp::create(builder, dim.getLoc(), dims, position);
    Value size = arith::IndexCastOp::create(builder, dim.getLoc(),
                                            builder.getIndexType(), value);
    dim.replaceAllUsesWith(size);
    dim.erase();
  });
}

} // namespace

LogicalResult makePlanFunction(
    func::FuncOp entry,
    function_ref<LogicalResult(OpPassManager &, Operation *)> run) {
  OpBuilder builder(entry);
  func::FuncOp plan = entry.clone();
  plan.setName((entry.getName() + "_plan").str());
  builder.setInsertionPointAfter(entry);
  builder.insert(plan);

  DependsOnShapes dependsOnShapes;
  SmallVector<hybrid::CheckOp> later;
  plan.walk([&](hybrid::CheckOp check) {
    if (check->getParentOp() != plan || !dependsOnShapes(check.getCondition()))
      later.push_back(check);
  });
  for (hybrid::CheckOp check : later)
    check.erase();
  SmallVector<std::string> names = returnDims(plan);
  OpPassManager pm(func::FuncOp::getOperationName());
  pm.addPass(
      createCanonicalizerPass()); // removes what is dead before looking at it
  pm.addPass(createResolveDimsPass());
  pm.addPass(createSCFForLoopCanonicalizationPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (failed(run(pm, plan)))
    return failure();

  Block &block = plan.getBody().front();
  unsigned inputs = block.getNumArguments();
  auto bufferType =
      MemRefType::get({ShapedType::kDynamic}, builder.getI64Type());
  Value dims = block.addArgument(bufferType, entry.getLoc());
  Value out = block.addArgument(bufferType, entry.getLoc());
  readDims(entry, plan, dims);

  Operation *terminator = block.getTerminator();
  for (auto [value, name] : llvm::zip_equal(terminator->getOperands(), names)) {
    SmallVector<StringRef> fixable;
    if (!usesTensors(value, plan, fixable))
      continue;
    InFlightDiagnostic error =
        entry.emitError()
        << name << " depends on values that are only known when the model runs";
    for (auto [i, input] : llvm::enumerate(fixable))
      error << (i ? ", '" : "; fix what decides it, with --bind=INPUT=VALUE: '")
            << input << "'";
    return error;
  }
  builder.setInsertionPoint(terminator);
  for (auto [index, value] :
       llvm::enumerate(llvm::to_vector(terminator->getOperands()))) {
    Value position =
        arith::ConstantIndexOp::create(builder, entry.getLoc(), index);
    Value number = arith::IndexCastOp::create(builder, entry.getLoc(),
                                              builder.getI64Type(), value);
    memref::StoreOp::create(builder, entry.getLoc(), number, out, position);
  }
  Value bytes = arith::ConstantOp::create(builder, entry.getLoc(),
                                          builder.getI64IntegerAttr(0));
  terminator->setOperands(bytes);
  for (unsigned i = 0; i < inputs; ++i)
    if (!block.getArgument(i).use_empty())
      return entry.emitError(
                 "the shapes of the outputs depend on the values of input ")
             << i << " (" << (*block.getArgument(i).user_begin())->getName()
             << ")";
  block.eraseArguments(0, inputs);
  plan.setArgAttrsAttr({});
  plan.setType(
      builder.getFunctionType(block.getArgumentTypes(), builder.getI64Type()));
  plan->setAttr(planOfAttr, FlatSymbolRefAttr::get(entry.getNameAttr()));
  plan->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                builder.getUnitAttr());
  return success();
}

} // namespace jarana::cpu
