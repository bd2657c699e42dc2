// The evaluator's front end for MLIR at tensor level: ops of linalg, tensor,
// arith, math, scf and affine, by name. Everything is a tensor between ops:
// scalars have rank 0, and an index is an i64.
#pragma once

#include "lib/reference/Tensor.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Operation.h"

#include <map>
#include <memory>

namespace jarana::reference {

template <class Real> using TensorPtrOf = std::shared_ptr<const TensorOf<Real>>;
template <class Real> using TensorsOf = std::vector<TensorPtrOf<Real>>;

/// The evaluation that an op is part of.
template <class Real> class FrameOf {
public:
  virtual ~FrameOf() = default;
  /// What a value that is visible at the op is.
  virtual TensorPtrOf<Real> valueOf(mlir::Value) = 0;
  /// Runs a block of one of the op's regions on `inputs`, one per argument;
  /// gives the operands of its terminator. Failure is reported already.
  virtual mlir::FailureOr<TensorsOf<Real>> runBlock(mlir::Block &,
                                                    TensorsOf<Real> inputs) = 0;
  /// Notes that the function does not take its inputs; the op then fails.
  virtual void refuse(const std::string &message) = 0;
};

/// What an op's results are. Throws jarana::Error for what the op does not
/// allow (an index outside its tensor, dimensions that do not agree); failure
/// means that an op inside it failed, and has been reported.
template <class Real>
using HandlerOf = mlir::FailureOr<TensorsOf<Real>> (*)(mlir::Operation &,
                                                       FrameOf<Real> &);

/// The handler of an op, nullptr where there is none. Of an op that implements
/// linalg's structured interface, whatever its name.
template <class Real> HandlerOf<Real> findHandler(mlir::Operation &);

// The files of this folder, one per family.
template <class Real> using HandlersOf = std::map<std::string, HandlerOf<Real>>;
template <class Real> void addScalarHandlers(HandlersOf<Real> &);
template <class Real> void addTensorHandlers(HandlersOf<Real> &);
template <class Real> void addSliceHandlers(HandlersOf<Real> &);
template <class Real> void addControlHandlers(HandlersOf<Real> &);
template <class Real> void addOnnxControlHandlers(HandlersOf<Real> &);
template <class Real>
mlir::FailureOr<TensorsOf<Real>> runLinalg(mlir::Operation &, FrameOf<Real> &);
template <class Real>
mlir::FailureOr<TensorsOf<Real>> runSoftmax(mlir::Operation &, FrameOf<Real> &);

/// The element type of a tensor or scalar type; i64 for index.
DType elementTypeOf(mlir::Type);
/// What an affine map gives for its dimensions and then its symbols.
std::vector<int64_t> mapped(mlir::AffineMap, llvm::ArrayRef<int64_t> values);
/// A tensor of `type`, whose dynamic dimensions are `sizes`, with elements that
/// nothing may depend on: NaN, and integers that are no index.
template <class Real>
TensorOf<Real> undefined(mlir::Type type, const std::vector<int64_t> &sizes);

template <class Real> TensorPtrOf<Real> share(TensorOf<Real> tensor) {
  return std::make_shared<const TensorOf<Real>>(std::move(tensor));
}
/// A tensor of the model over other scalars.
template <class Real> TensorPtrOf<Real> shareAs(Tensor tensor) {
  if constexpr (std::is_same_v<Real, double>) {
    return share(std::move(tensor));
  } else {
    TensorOf<Real> result;
    result.dtype = tensor.dtype;
    result.shape = std::move(tensor.shape);
    result.ints = std::move(tensor.ints);
    result.reals.reserve(tensor.reals.size());
    for (double value : tensor.reals)
      result.reals.emplace_back(value);
    return share(std::move(result));
  }
}

template <class Real> TensorPtrOf<Real> indexTensor(int64_t value) {
  TensorOf<Real> tensor(DType::i64, {});
  tensor.ints[0] = value;
  return share(std::move(tensor));
}
template <class Real> int64_t indexOf(FrameOf<Real> &frame, mlir::Value value) {
  return frame.valueOf(value)->ints.at(0);
}

} // namespace jarana::reference
