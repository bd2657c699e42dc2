#include "lib/reference/tensor/Handlers.h"

#include "lib/reference/Exact.h"
#include "lib/reference/MlirTensors.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace jarana;
using namespace jarana::reference;

DType reference::elementTypeOf(mlir::Type type) {
  return dtypeOf(mlir::getElementTypeOrSelf(type));
}

std::vector<int64_t> reference::mapped(mlir::AffineMap map,
                                       llvm::ArrayRef<int64_t> values) {
  mlir::Builder builder(map.getContext());
  llvm::SmallVector<mlir::AffineExpr> constants;
  for (int64_t value : values)
    constants.push_back(builder.getAffineConstantExpr(value));
  auto all = llvm::ArrayRef(constants);
  std::vector<int64_t> results;
  for (mlir::AffineExpr expr : map.getResults()) {
    auto value = mlir::dyn_cast<mlir::AffineConstantExpr>(
        expr.replaceDimsAndSymbols(all.take_front(map.getNumDims()),
                                   all.drop_front(map.getNumDims())));
    if (!value)
      throw Error("divides by zero or by a negative number");
    results.push_back(value.getValue());
  }
  return results;
}

template <class Real>
TensorOf<Real> reference::undefined(mlir::Type type,
                                    const std::vector<int64_t> &sizes) {
  Shape shape;
  size_t next = 0;
  for (int64_t dim : mlir::cast<mlir::RankedTensorType>(type).getShape())
    shape.push_back(mlir::ShapedType::isDynamic(dim) ? sizes.at(next++) : dim);
  TensorOf<Real> result(elementTypeOf(type), shape);
  for (Real &value : result.reals)
    value = Real(std::numeric_limits<double>::quiet_NaN());
  for (int64_t &value : result.ints)
    value = wrap(result.dtype, std::numeric_limits<int64_t>::min() / 3);
  return result;
}

template <class Real>
HandlerOf<Real> reference::findHandler(mlir::Operation &op) {
  static const HandlersOf<Real> table = [] {
    HandlersOf<Real> all;
    addScalarHandlers(all);
    addTensorHandlers(all);
    addSliceHandlers(all);
    addControlHandlers(all);
    addOnnxControlHandlers(all);
    all["linalg.softmax"] = runSoftmax<Real>;
    return all;
  }();
  auto found = table.find(op.getName().getStringRef().str());
  if (found != table.end())
    return found->second;
  return mlir::isa<mlir::linalg::LinalgOp>(op) ? runLinalg<Real> : nullptr;
}

template TensorOf<double> reference::undefined(mlir::Type,
                                               const std::vector<int64_t> &);
template TensorOf<Exact> reference::undefined(mlir::Type,
                                              const std::vector<int64_t> &);
template HandlerOf<double> reference::findHandler(mlir::Operation &);
template HandlerOf<Exact> reference::findHandler(mlir::Operation &);
