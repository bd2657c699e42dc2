// Loops, branches and checks: scf, affine, cf.assert and hybrid.check.
#include "lib/reference/Exact.h"
#include "lib/reference/tensor/Slices.h"

#include "dialects/hybrid/Hybrid.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using Results = mlir::FailureOr<TensorsOf<Real>>;

template <class Real>
TensorsOf<Real> valuesOf(FrameOf<Real> &frame, mlir::ValueRange values) {
  TensorsOf<Real> tensors;
  for (mlir::Value value : values)
    tensors.push_back(frame.valueOf(value));
  return tensors;
}

int64_t expectStep(int64_t step) {
  if (step <= 0)
    throw Error("the step is " + std::to_string(step) +
                ", but it must be positive");
  return step;
}

/// A loop from `low` up to `high` that carries tensors.
template <class Real>
Results<Real> loop(mlir::Block &body, FrameOf<Real> &frame, int64_t low,
                   int64_t high, int64_t step, TensorsOf<Real> carried) {
  for (int64_t i = low; i < high; i += expectStep(step)) {
    carried.insert(carried.begin(), indexTensor<Real>(i));
    auto next = frame.runBlock(body, std::move(carried));
    if (failed(next))
      return mlir::failure();
    carried = std::move(*next);
  }
  return carried;
}

template <class Real>
Results<Real> runFor(mlir::Operation &op, FrameOf<Real> &frame) {
  auto forOp = mlir::cast<mlir::scf::ForOp>(op);
  return loop(*forOp.getBody(), frame, indexOf(frame, forOp.getLowerBound()),
              indexOf(frame, forOp.getUpperBound()),
              indexOf(frame, forOp.getStep()),
              valuesOf(frame, forOp.getInitArgs()));
}

/// The values of an affine map's results.
template <class Real>
std::vector<int64_t> valuesOfMap(FrameOf<Real> &frame, mlir::AffineMap map,
                                 mlir::ValueRange operands) {
  llvm::SmallVector<int64_t> values;
  for (mlir::Value operand : operands)
    values.push_back(indexOf(frame, operand));
  return reference::mapped(map, values);
}

template <class Real>
Results<Real> runAffineFor(mlir::Operation &op, FrameOf<Real> &frame) {
  auto forOp = mlir::cast<mlir::affine::AffineForOp>(op);
  auto low = valuesOfMap(frame, forOp.getLowerBoundMap(),
                         forOp.getLowerBoundOperands()),
       high = valuesOfMap(frame, forOp.getUpperBoundMap(),
                          forOp.getUpperBoundOperands());
  return loop(*forOp.getBody(), frame,
              *std::max_element(low.begin(), low.end()),
              *std::min_element(high.begin(), high.end()), forOp.getStepAsInt(),
              valuesOf(frame, forOp.getInits()));
}

template <class Real>
Results<Real> runApply(mlir::Operation &op, FrameOf<Real> &frame) {
  auto apply = mlir::cast<mlir::affine::AffineApplyOp>(op);
  return TensorsOf<Real>{indexTensor<Real>(
      valuesOfMap(frame, apply.getMap(), apply.getMapOperands()).front())};
}

template <class Real, class Op>
Results<Real> runExtreme(mlir::Operation &op, FrameOf<Real> &frame) {
  auto extreme = mlir::cast<Op>(op);
  auto values = valuesOfMap(frame, extreme.getMap(), extreme.getOperands());
  return TensorsOf<Real>{
      indexTensor<Real>(std::is_same_v<Op, mlir::affine::AffineMinOp>
                            ? *std::min_element(values.begin(), values.end())
                            : *std::max_element(values.begin(), values.end()))};
}

template <class Real>
Results<Real> runIf(mlir::Operation &op, FrameOf<Real> &frame) {
  auto ifOp = mlir::cast<mlir::scf::IfOp>(op);
  mlir::Block *block =
      indexOf(frame, ifOp.getCondition()) ? ifOp.thenBlock() : ifOp.elseBlock();
  return block ? frame.runBlock(*block, {}) : TensorsOf<Real>{};
}

template <class Real>
Results<Real> runWhile(mlir::Operation &op, FrameOf<Real> &frame) {
  auto whileOp = mlir::cast<mlir::scf::WhileOp>(op);
  TensorsOf<Real> carried = valuesOf(frame, whileOp.getInits());
  // Longer than this is taken for endless.
  constexpr int most = 1 << 20;
  for (int i = 0; i < most; ++i) {
    auto before = frame.runBlock(*whileOp.getBeforeBody(), std::move(carried));
    if (failed(before))
      return mlir::failure();
    // scf.condition: the condition, then what goes on.
    bool goesOn = before->front()->ints.at(0);
    before->erase(before->begin());
    if (!goesOn)
      return before;
    auto after = frame.runBlock(*whileOp.getAfterBody(), std::move(*before));
    if (failed(after))
      return mlir::failure();
    carried = std::move(*after);
  }
  throw Error("does not end");
}

template <class Real>
int64_t sizeOf(FrameOf<Real> &frame, mlir::OpFoldResult result) {
  if (auto attribute = mlir::dyn_cast<mlir::Attribute>(result))
    return mlir::cast<mlir::IntegerAttr>(attribute).getInt();
  return indexOf(frame, mlir::cast<mlir::Value>(result));
}

/// The threads of a forall one after the other; each inserts into what the
/// ones before left, as no two may write to one place.
template <class Real>
Results<Real> runForall(mlir::Operation &op, FrameOf<Real> &frame) {
  auto forall = mlir::cast<mlir::scf::ForallOp>(op);
  Shape low, high, step;
  for (auto [l, h, s] :
       llvm::zip_equal(forall.getMixedLowerBound(), forall.getMixedUpperBound(),
                       forall.getMixedStep())) {
    low.push_back(sizeOf(frame, l));
    high.push_back(sizeOf(frame, h));
    step.push_back(expectStep(sizeOf(frame, s)));
    if (low.back() >= high.back())
      return valuesOf(frame, forall.getOutputs());
  }
  TensorsOf<Real> shared = valuesOf(frame, forall.getOutputs());
  Shape at = low;
  for (;;) {
    TensorsOf<Real> inputs;
    for (int64_t index : at)
      inputs.push_back(indexTensor<Real>(index));
    inputs.insert(inputs.end(), shared.begin(), shared.end());
    auto next = frame.runBlock(*forall.getBody(), std::move(inputs));
    if (failed(next))
      return mlir::failure();
    shared = std::move(*next);
    size_t d = at.size();
    while (d-- > 0) {
      if ((at[d] += step[d]) < high[d])
        break;
      at[d] = low[d];
    }
    if (d == static_cast<size_t>(-1))
      return shared;
  }
}

/// The end of a forall's body: what the shared tensors are now.
template <class Real>
Results<Real> runInParallel(mlir::Operation &op, FrameOf<Real> &frame) {
  auto end = mlir::cast<mlir::scf::InParallelOp>(op);
  auto forall = mlir::cast<mlir::scf::ForallOp>(op.getParentOp());
  TensorsOf<Real> shared =
      valuesOf(frame, mlir::ValueRange(forall.getRegionOutArgs()));
  for (mlir::Operation &write : *end.getBody()) {
    auto insert = mlir::dyn_cast<mlir::tensor::ParallelInsertSliceOp>(write);
    if (!insert)
      throw Error("ends with '" + write.getName().getStringRef().str() +
                  "', which has no meaning here");
    auto into = mlir::cast<mlir::BlockArgument>(insert.getDest());
    TensorPtrOf<Real> &tensor =
        shared.at(into.getArgNumber() - forall.getRank());
    tensor = share(insertedInParallel(write, frame, *tensor));
  }
  return shared;
}

template <class Real>
Results<Real> runRegion(mlir::Operation &op, FrameOf<Real> &frame) {
  if (!op.getRegion(0).hasOneBlock())
    throw Error("has branches between blocks, which have no meaning here");
  return frame.runBlock(op.getRegion(0).front(), {});
}

/// A condition on the inputs: others are not for this function.
template <class Real>
Results<Real> runCheck(mlir::Operation &op, FrameOf<Real> &frame) {
  if (indexOf(frame, op.getOperand(0)))
    return TensorsOf<Real>{};
  std::string message = "a check failed";
  for (llvm::StringRef name : {"message", "msg"})
    if (auto text = op.getAttrOfType<mlir::StringAttr>(name))
      message = text.str();
  frame.refuse(message);
  return mlir::failure();
}
} // namespace

template <class Real>
void reference::addControlHandlers(HandlersOf<Real> &table) {
  using namespace mlir::affine;
  table["scf.for"] = runFor<Real>;
  table["scf.if"] = runIf<Real>;
  table["scf.while"] = runWhile<Real>;
  table["scf.forall"] = runForall<Real>;
  table["scf.forall.in_parallel"] = runInParallel<Real>;
  table["scf.execute_region"] = runRegion<Real>;
  table["hybrid.group"] = runRegion<Real>;
  table["affine.for"] = runAffineFor<Real>;
  table["affine.apply"] = runApply<Real>;
  table["affine.min"] = runExtreme<Real, AffineMinOp>;
  table["affine.max"] = runExtreme<Real, AffineMaxOp>;
  table["cf.assert"] = runCheck<Real>;
  table["hybrid.check"] = runCheck<Real>;
}

template void reference::addControlHandlers(HandlersOf<double> &);
template void reference::addControlHandlers(HandlersOf<Exact> &);
