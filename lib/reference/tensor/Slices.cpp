// tensor.extract_slice, insert_slice, parallel_insert_slice and pad.
#include "lib/reference/tensor/Slices.h"

#include "lib/reference/Exact.h"
#include "lib/reference/operators/Support.h"
#include "lib/reference/tensor/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
/// Each a constant or the value of an operand.
template <class Real>
Shape sizesOf(FrameOf<Real> &frame,
              llvm::ArrayRef<mlir::OpFoldResult> foldResults) {
  Shape sizes;
  for (mlir::OpFoldResult result : foldResults)
    sizes.push_back(
        mlir::isa<mlir::Attribute>(result)
            ? mlir::cast<mlir::IntegerAttr>(mlir::cast<mlir::Attribute>(result))
                  .getInt()
            : indexOf(frame, mlir::cast<mlir::Value>(result)));
  return sizes;
}

/// A slice of a tensor: where it begins, and its shape and strides in elements
/// of the tensor.
struct Slice {
  int64_t begin = 0;
  Shape shape, strides;
};

template <class Real, class Op>
Slice sliceOf(Op op, FrameOf<Real> &frame, const Shape &whole) {
  Shape offsets = sizesOf(frame, op.getMixedOffsets()),
        steps = sizesOf(frame, op.getMixedStrides()), of = stridesOf(whole);
  Slice slice;
  slice.shape = sizesOf(frame, op.getMixedSizes());
  for (size_t d = 0; d < whole.size(); ++d) {
    int64_t size = slice.shape[d],
            last = offsets[d] + (size > 0 ? (size - 1) * steps[d] : 0);
    // A thread that has nothing to do stands behind the end.
    if (size < 0 || std::min(offsets[d], last) < 0 ||
        (size > 0 && std::max(offsets[d], last) >= whole[d]))
      throw Error("slice of " + std::to_string(size) + " from " +
                  std::to_string(offsets[d]) + " in steps of " +
                  std::to_string(steps[d]) + " is not in dimension " +
                  std::to_string(d) + ", which has " +
                  std::to_string(whole[d]));
    slice.begin += offsets[d] * of[d];
    slice.strides.push_back(steps[d] * of[d]);
  }
  return slice;
}

template <class Real>
mlir::FailureOr<TensorsOf<Real>> extractSlice(mlir::Operation &op,
                                              FrameOf<Real> &frame) {
  auto extract = mlir::cast<mlir::tensor::ExtractSliceOp>(op);
  auto source = frame.valueOf(extract.getSource());
  Slice slice = sliceOf(extract, frame, source->shape);
  llvm::SmallBitVector dropped = extract.getDroppedDims();
  Shape shape;
  for (size_t d = 0; d < slice.shape.size(); ++d)
    if (!dropped[d])
      shape.push_back(slice.shape[d]);
  TensorOf<Real> result =
      strided(*source, slice.shape, slice.strides, slice.begin);
  return TensorsOf<Real>{share(reshaped(std::move(result), shape))};
}

/// `into` with the elements of the slice from `source`, which may lack
/// dimensions of 1.
template <class Real>
TensorOf<Real> inserted(const TensorOf<Real> &source, TensorOf<Real> into,
                        const Slice &slice) {
  if (source.size() != elementCount(slice.shape))
    throw Error("a tensor of shape " + toText(source.shape) +
                " is inserted into a slice of shape " + toText(slice.shape));
  forEach<1>(slice.shape, {slice.strides}, [&](int64_t i, auto &at) {
    copyRun(source, i, into, slice.begin + at[0], 1);
  });
  return into;
}

template <class Real>
mlir::FailureOr<TensorsOf<Real>> insertSlice(mlir::Operation &op,
                                             FrameOf<Real> &frame) {
  auto insert = mlir::cast<mlir::tensor::InsertSliceOp>(op);
  auto into = frame.valueOf(insert.getDest());
  return TensorsOf<Real>{
      share(inserted(*frame.valueOf(insert.getSource()), *into,
                     sliceOf(insert, frame, into->shape)))};
}

/// What surrounds the source is what the region yields there.
template <class Real>
mlir::FailureOr<TensorsOf<Real>> pad(mlir::Operation &op,
                                     FrameOf<Real> &frame) {
  auto pad = mlir::cast<mlir::tensor::PadOp>(op);
  auto source = frame.valueOf(pad.getSource());
  Shape low = sizesOf(frame, pad.getMixedLowPad()),
        high = sizesOf(frame, pad.getMixedHighPad()), shape;
  for (size_t d = 0; d < low.size(); ++d) {
    if (low[d] < 0 || high[d] < 0)
      throw Error("pads by a negative number of elements");
    shape.push_back(low[d] + source->shape[d] + high[d]);
  }
  TensorOf<Real> result(source->dtype, shape);
  fillByIndices(result, pad.getRegion().front(), frame);
  Slice slice{0, source->shape, stridesOf(shape)};
  for (size_t d = 0; d < low.size(); ++d)
    slice.begin += low[d] * slice.strides[d];
  return TensorsOf<Real>{share(inserted(*source, std::move(result), slice))};
}
} // namespace

template <class Real>
TensorOf<Real> reference::insertedInParallel(mlir::Operation &op,
                                             FrameOf<Real> &frame,
                                             TensorOf<Real> into) {
  auto insert = mlir::cast<mlir::tensor::ParallelInsertSliceOp>(op);
  Slice slice = sliceOf(insert, frame, into.shape);
  return inserted(*frame.valueOf(insert.getSource()), std::move(into), slice);
}

template <class Real>
void reference::addSliceHandlers(HandlersOf<Real> &table) {
  table["tensor.extract_slice"] = extractSlice<Real>;
  table["tensor.insert_slice"] = insertSlice<Real>;
  table["tensor.pad"] = pad<Real>;
}

template TensorOf<double> reference::insertedInParallel(mlir::Operation &,
                                                        FrameOf<double> &,
                                                        TensorOf<double>);
template TensorOf<Exact> reference::insertedInParallel(mlir::Operation &,
                                                       FrameOf<Exact> &,
                                                       TensorOf<Exact>);
template void reference::addSliceHandlers(HandlersOf<double> &);
template void reference::addSliceHandlers(HandlersOf<Exact> &);
