#include "passes/raise/lower/IndexedProduct.h"

#include "dialects/hybrid/Hybrid.h"

using namespace mlir;

namespace jarana::raise {
namespace {

bool isFloat(Value value) {
  return isa<Float32Type, Float16Type, BFloat16Type>(
      getElementTypeOrSelf(value.getType()));
}

/// Goes back over what leaves the matrices of `value` as they are but for their
/// orientation, and tells whether that changed.
bool peel(Value &value) {
  bool swapped = false;
  for (;;) {
    Operation *op = value.getDefiningOp();
    StringRef name = op ? op->getName().stripDialect() : StringRef();
    if (name == "Transpose") {
      SmallVector<int64_t> perm = Lowering::integers(op, "perm");
      size_t rank = perm.size();
      SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, rank));
      if (rank < 2)
        return swapped;
      std::swap(swap[rank - 2], swap[rank - 1]);
      if (perm != swap)
        return swapped;
      swapped = !swapped;
    } else if (name == "Cast") {
      // Kernels widen what they read.
      if (!isFloat(op->getOperand(0)) || !isFloat(op->getResult(0)) ||
          !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        return swapped;
    } else if (name != "Identity") {
      return swapped;
    }
    value = op->getOperand(0);
  }
}

} // namespace

std::optional<IndexedProduct>
IndexedProduct::match(Operation *op, onnx::SymbolicShapes &shapes) {
  if (op->getName().stripDialect() != "MatMul" || !isFloat(op->getResult(0)))
    return std::nullopt;
  for (unsigned side : {1, 0}) {
    Value gathered = op->getOperand(side), rows = op->getOperand(1 - side);
    bool swapped = peel(gathered);
    Operation *gather = gathered.getDefiningOp();
    StringRef name = gather ? gather->getName().stripDialect() : StringRef();
    bool isTuple = name == "GatherND";
    if (!isTuple && name != "Gather")
      continue;
    Value matrices = gather->getOperand(0), indices = gather->getOperand(1);
    const onnx::ValueInfo &tuples = shapes[indices];
    if (shapes[matrices].rank() != 3 || tuples.contents ||
        shapes[rows].rank() < 2)
      continue;
    if (isTuple
            ? Lowering::integer(gather, "batch_dims") != 0 ||
                  tuples.rank() < 1 ||
                  !shapes.context().simplify(tuples.shape.back()).isConstant(1)
            : Lowering::integer(gather, "axis") != 0)
      continue;
    bool isColumn = side == 0;
    if (isColumn &&
        !shapes.context().simplify(shapes[rows].shape.back()).isConstant(1))
      continue;
    swapped ^= peel(matrices);
    if (!isFloat(matrices) ||
        !shapes.context().simplify(shapes[matrices].shape[0]).constant())
      continue;
    return IndexedProduct{matrices, indices, rows, swapped != isColumn,
                          isColumn, isTuple};
  }
  return std::nullopt;
}

Tensor IndexedProduct::lower(Lowering &lowering, Operation *op) const {
  TensorBuilder &build = lowering.build;
  Tensor weights = lowering.get(matrices), chosen = lowering.get(indices),
         lhs = lowering.get(rows);
  Shape result = lowering.shapeOf(op->getResult(0));
  Expr inner = weights.dim(transposed ? 2 : 1),
       columns = weights.dim(transposed ? 1 : 2);
  // One index per row: the batch's, for all rows of its matrix.
  Shape lead(result.begin(), result.end() - (isColumn ? 2 : 1));
  Shape places = chosen.shape, left = lhs.shape;
  if (isTuple)
    places.pop_back();
  if (isColumn)
    left.pop_back();
  else
    places.push_back(Expr(1));
  Shape whole = lead;
  whole.push_back(inner);
  Expr count = build.product(lead);
  lhs = build.reshape(build.broadcast(build.reshape(lhs, left), whole),
                      {count, inner});
  chosen = build.convert(chosen, build.b.getI64Type());
  chosen = build.reshape(build.broadcast(build.reshape(chosen, places), lead),
                         {count});
  Tensor init = build.empty({count, columns}, lhs.elementType());
  Value product = hybrid::IndexedMatmulOp::create(build.b, build.loc, lhs.value,
                                                  weights.value, chosen.value,
                                                  init.value, transposed)
                      ->getResult(0);
  lowering.report.raised(
      Lowering::operatorName(op), hybrid::nodeName(op), "hybrid.indexed_matmul",
      {{"matrices", lowering.context().print(weights.shape[0])}});
  return build.reshape({product, init.shape}, result);
}

} // namespace jarana::raise
