// Ops of the tensor dialect but for slices: shapes, elements, whole tensors.
#include "lib/reference/Exact.h"
#include "lib/reference/operators/Support.h"
#include "lib/reference/tensor/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using Results = mlir::FailureOr<TensorsOf<Real>>;

template <class Real>
std::vector<int64_t> indicesOf(FrameOf<Real> &frame, mlir::ValueRange values) {
  std::vector<int64_t> indices;
  for (mlir::Value value : values)
    indices.push_back(indexOf(frame, value));
  return indices;
}

/// The element's place; throws outside the tensor.
int64_t placeOf(const Shape &shape, const std::vector<int64_t> &indices) {
  int64_t at = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (indices[d] < 0 || indices[d] >= shape[d])
      throw Error("index " + std::to_string(indices[d]) +
                  " is not in dimension " + std::to_string(d) + ", which has " +
                  std::to_string(shape[d]));
    at = at * shape[d] + indices[d];
  }
  return at;
}

template <class Real>
Results<Real> empty(mlir::Operation &op, FrameOf<Real> &frame) {
  return TensorsOf<Real>{share(undefined<Real>(
      op.getResult(0).getType(), indicesOf(frame, op.getOperands())))};
}

template <class Real>
Results<Real> dim(mlir::Operation &op, FrameOf<Real> &frame) {
  auto tensor = frame.valueOf(op.getOperand(0));
  int64_t at = indexOf(frame, op.getOperand(1));
  if (at < 0 || at >= tensor->rank())
    throw Error("there is no dimension " + std::to_string(at));
  return TensorsOf<Real>{indexTensor<Real>(tensor->shape[at])};
}

template <class Real>
Results<Real> rank(mlir::Operation &op, FrameOf<Real> &frame) {
  return TensorsOf<Real>{
      indexTensor<Real>(frame.valueOf(op.getOperand(0))->rank())};
}

template <class Real>
Results<Real> cast(mlir::Operation &op, FrameOf<Real> &frame) {
  return TensorsOf<Real>{frame.valueOf(op.getOperand(0))};
}

/// expand_shape (whose result's dynamic dimensions are operands) and
/// collapse_shape.
template <class Real>
Results<Real> expandShape(mlir::Operation &op, FrameOf<Real> &frame) {
  auto expand = mlir::cast<mlir::tensor::ExpandShapeOp>(op);
  auto source = frame.valueOf(expand.getSrc());
  Shape shape(expand.getStaticOutputShape());
  size_t next = 0;
  for (int64_t &size : shape)
    if (mlir::ShapedType::isDynamic(size))
      size = indexOf(frame, expand.getOutputShape()[next++]);
  for (auto [d, group] : llvm::enumerate(expand.getReassociationIndices())) {
    int64_t product = 1;
    for (int64_t part : group)
      product *= shape[part];
    if (product != source->shape[d])
      throw Error("dimension " + std::to_string(d) + " of " +
                  std::to_string(source->shape[d]) + " is expanded to " +
                  std::to_string(product) + " elements");
  }
  return TensorsOf<Real>{share(reshaped(*source, shape))};
}

template <class Real>
Results<Real> collapseShape(mlir::Operation &op, FrameOf<Real> &frame) {
  auto collapse = mlir::cast<mlir::tensor::CollapseShapeOp>(op);
  auto source = frame.valueOf(collapse.getSrc());
  Shape shape;
  for (const auto &group : collapse.getReassociationIndices()) {
    shape.push_back(1);
    for (int64_t part : group)
      shape.back() *= source->shape[part];
  }
  return TensorsOf<Real>{share(reshaped(*source, shape))};
}

template <class Real>
Results<Real> reshape(mlir::Operation &op, FrameOf<Real> &frame) {
  return TensorsOf<Real>{
      share(reshaped(*frame.valueOf(op.getOperand(0)),
                     Shape(frame.valueOf(op.getOperand(1))->ints)))};
}

template <class Real>
Results<Real> extract(mlir::Operation &op, FrameOf<Real> &frame) {
  auto extract = mlir::cast<mlir::tensor::ExtractOp>(op);
  auto source = frame.valueOf(extract.getTensor());
  TensorOf<Real> result(source->dtype, {});
  copyRun(*source,
          placeOf(source->shape, indicesOf(frame, extract.getIndices())),
          result, 0, 1);
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
Results<Real> insert(mlir::Operation &op, FrameOf<Real> &frame) {
  auto insert = mlir::cast<mlir::tensor::InsertOp>(op);
  TensorOf<Real> result = *frame.valueOf(insert.getDest());
  copyRun(*frame.valueOf(insert.getScalar()), 0, result,
          placeOf(result.shape, indicesOf(frame, insert.getIndices())), 1);
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
Results<Real> fromElements(mlir::Operation &op, FrameOf<Real> &frame) {
  TensorOf<Real> result = undefined<Real>(op.getResult(0).getType(), {});
  for (auto [i, operand] : llvm::enumerate(op.getOperands()))
    copyRun(*frame.valueOf(operand), 0, result, static_cast<int64_t>(i), 1);
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
Results<Real> splat(mlir::Operation &op, FrameOf<Real> &frame) {
  auto splat = mlir::cast<mlir::tensor::SplatOp>(op);
  TensorOf<Real> result = undefined<Real>(
      splat.getType(), indicesOf(frame, splat.getDynamicSizes()));
  Cell<Real> value = cellOf(*frame.valueOf(splat.getInput()), 0);
  for (int64_t i = 0, count = result.size(); i < count; ++i)
    setCell(result, i, value);
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
Results<Real> generate(mlir::Operation &op, FrameOf<Real> &frame) {
  TensorOf<Real> result = undefined<Real>(op.getResult(0).getType(),
                                          indicesOf(frame, op.getOperands()));
  fillByIndices(result, op.getRegion(0).front(), frame);
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
Results<Real> concat(mlir::Operation &op, FrameOf<Real> &frame) {
  auto axis =
      static_cast<int64_t>(mlir::cast<mlir::tensor::ConcatOp>(op).getDim());
  TensorsOf<Real> parts;
  for (mlir::Value operand : op.getOperands())
    parts.push_back(frame.valueOf(operand));
  Shape shape = parts[0]->shape;
  shape[axis] = 0;
  for (const auto &part : parts) {
    Shape expected = part->shape;
    shape[axis] += expected[axis];
    expected[axis] = shape[axis];
    expectShape("an operand", expected, shape);
  }
  TensorOf<Real> result(parts[0]->dtype, shape);
  int64_t outer = product(shape, 0, axis), at = 0,
          inner = product(shape, axis + 1, result.rank());
  for (int64_t row = 0; row < outer; ++row)
    for (const auto &part : parts) {
      int64_t run = part->shape[axis] * inner;
      copyRun(*part, row * run, result, at, run);
      at += run;
    }
  return TensorsOf<Real>{share(std::move(result))};
}

/// gather and scatter: each row of the indices names a slice of the dimensions
/// that are not gathered; gathered dimensions of the slice are 1 or left out.
struct GatheredSlices {
  Shape sliceShape, sliceStrides; ///< of the whole, along the kept dimensions
  std::vector<int64_t> begins;    ///< one per row of the indices

  template <class Real>
  GatheredSlices(const TensorOf<Real> &whole, const TensorOf<Real> &indices,
                 llvm::ArrayRef<int64_t> dims) {
    Shape strides = stridesOf(whole.shape);
    for (int64_t d = 0; d < whole.rank(); ++d)
      if (!llvm::is_contained(dims, d)) {
        sliceShape.push_back(whole.shape[d]);
        sliceStrides.push_back(strides[d]);
      }
    auto count = static_cast<int64_t>(dims.size());
    for (int64_t row = 0; row * count < indices.size(); ++row) {
      begins.push_back(0);
      for (int64_t n = 0; n < count; ++n) {
        int64_t index = indices.ints[row * count + n],
                size = whole.shape[dims[n]];
        if (index < 0 || index >= size)
          throw Error("index " + std::to_string(index) +
                      " is not in dimension " + std::to_string(dims[n]) +
                      ", which has " + std::to_string(size));
        begins.back() += index * strides[dims[n]];
      }
    }
  }

  /// Calls f(element of the slices, element of the whole).
  template <class F> void each(F &&f) const {
    int64_t size = elementCount(sliceShape);
    for (size_t row = 0; row < begins.size(); ++row)
      forEach<1>(sliceShape, {sliceStrides}, [&](int64_t i, auto &at) {
        f(static_cast<int64_t>(row) * size + i, begins[row] + at[0]);
      });
  }
};

template <class Real>
Results<Real> gather(mlir::Operation &op, FrameOf<Real> &frame) {
  auto gather = mlir::cast<mlir::tensor::GatherOp>(op);
  auto source = frame.valueOf(gather.getSource()),
       indices = frame.valueOf(gather.getIndices());
  GatheredSlices slices(*source, *indices, gather.getGatherDims());
  Shape shape(indices->shape.begin(), indices->shape.end() - 1);
  int64_t lead = indices->rank() - 1,
          kept = gather.getResultType().getRank() - lead;
  for (int64_t d = 0; d < source->rank(); ++d)
    if (!llvm::is_contained(gather.getGatherDims(), d))
      shape.push_back(source->shape[d]);
    else if (kept == source->rank()) // not left out: 1
      shape.push_back(1);
  TensorOf<Real> result(source->dtype, shape);
  slices.each(
      [&](int64_t to, int64_t from) { copyRun(*source, from, result, to, 1); });
  return TensorsOf<Real>{share(std::move(result))};
}

template <class Real>
Results<Real> scatter(mlir::Operation &op, FrameOf<Real> &frame) {
  auto scatter = mlir::cast<mlir::tensor::ScatterOp>(op);
  auto source = frame.valueOf(scatter.getSource());
  TensorOf<Real> result = *frame.valueOf(scatter.getDest());
  GatheredSlices slices(result, *frame.valueOf(scatter.getIndices()),
                        scatter.getScatterDims());
  slices.each(
      [&](int64_t from, int64_t to) { copyRun(*source, from, result, to, 1); });
  return TensorsOf<Real>{share(std::move(result))};
}
} // namespace

template <class Real>
void reference::addTensorHandlers(HandlersOf<Real> &table) {
  table["tensor.empty"] = empty<Real>;
  table["tensor.dim"] = dim<Real>;
  table["tensor.rank"] = rank<Real>;
  table["tensor.cast"] = cast<Real>;
  table["tensor.expand_shape"] = expandShape<Real>;
  table["tensor.collapse_shape"] = collapseShape<Real>;
  table["tensor.reshape"] = reshape<Real>;
  table["tensor.extract"] = extract<Real>;
  table["tensor.insert"] = insert<Real>;
  table["tensor.from_elements"] = fromElements<Real>;
  table["tensor.splat"] = splat<Real>;
  table["tensor.generate"] = generate<Real>;
  table["tensor.concat"] = concat<Real>;
  table["tensor.gather"] = gather<Real>;
  table["tensor.scatter"] = scatter<Real>;
}

template void reference::addTensorHandlers(HandlersOf<double> &);
template void reference::addTensorHandlers(HandlersOf<Exact> &);
