// Conv, with any number of spatial dimensions and groups.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// Zero padding of the spatial dimensions: [begin..., end...].
FailureOr<SmallVector<int64_t>> padding(Lowering &lowering, Operation *op,
                                        const Tensor &input,
                                        const Tensor &weight,
                                        ArrayRef<int64_t> strides,
                                        ArrayRef<int64_t> dilations) {
  auto spatial = static_cast<size_t>(input.rank() - 2);
  StringRef automatic = Lowering::text(op, "auto_pad", "NOTSET");
  SmallVector<int64_t> pads = Lowering::integers(op, "pads");
  if (automatic == "NOTSET" || automatic == "VALID") {
    if (pads.empty() || automatic == "VALID")
      pads.assign(2 * spatial, 0);
    return pads;
  }
  // SAME: as many outputs as ceil(input / stride).
  pads.assign(2 * spatial, 0);
  for (size_t i = 0; i < spatial; ++i) {
    auto extent = input.shape[i + 2].constant(),
         kernel = weight.shape[i + 2].constant();
    if (!kernel || (strides[i] != 1 && !extent))
      return Lowering::error(op) << "with auto_pad " << automatic
                                 << " needs static spatial dimensions";
    int64_t span = (*kernel - 1) * dilations[i] + 1;
    int64_t total = span - 1;
    if (strides[i] != 1)
      total = std::max<int64_t>(
          0, ((*extent + strides[i] - 1) / strides[i] - 1) * strides[i] + span -
                 *extent);
    int64_t small = total / 2, large = total - small;
    pads[i] = automatic == "SAME_LOWER" ? large : small;
    pads[i + spatial] = automatic == "SAME_LOWER" ? small : large;
  }
  return pads;
}

LogicalResult lowerConv(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0), weight = lowering.get(op, 1);
  auto spatial = static_cast<unsigned>(input.rank() - 2);
  SmallVector<int64_t> strides = Lowering::integers(op, "strides"),
                       dilations = Lowering::integers(op, "dilations");
  strides.resize(spatial, 1);
  dilations.resize(spatial, 1);
  int64_t groups = Lowering::integer(op, "group", 1);
  auto pads = padding(lowering, op, input, weight, strides, dilations);
  if (failed(pads))
    return failure();
  auto channels = input.shape[1].constant(),
       filters = weight.shape[0].constant();
  if (!channels || !filters)
    return Lowering::error(op) << "needs static channels";

  // Zero padding.
  Shape padded = input.shape;
  SmallVector<Expr> offsets(input.rank(), Expr(0));
  for (unsigned i = 0; i < spatial; ++i) {
    padded[i + 2] = build.context.simplify(
        padded[i + 2] + Expr((*pads)[i] + (*pads)[i + spatial]));
    offsets[i + 2] = Expr((*pads)[i]);
  }
  if (llvm::any_of(*pads, [](int64_t pad) { return pad != 0; }))
    input =
        build.insert(input, build.zeros(padded, input.elementType()), offsets);

  // [n, g, c, ...] with [g, f, c, k...] gives [n, g, f, ...].
  auto split = [&](const Shape &shape, size_t axis, int64_t first,
                   int64_t second) {
    Shape result = shape;
    result[axis] = Expr(second);
    result.insert(result.begin() + static_cast<int64_t>(axis), Expr(first));
    return result;
  };
  Shape shape = lowering.shapeOf(op->getResult(0));
  input =
      build.reshape(input, split(input.shape, 1, groups, *channels / groups));
  weight =
      build.reshape(weight, split(weight.shape, 0, groups, *filters / groups));
  Shape outShape = split(shape, 1, groups, *filters / groups);
  unsigned rank = 3 + spatial + 1 + spatial; // n g f o... | c k...
  MLIRContext *context = build.b.getContext();
  auto loop = [&](unsigned i) { return getAffineDimExpr(i, context); };
  unsigned firstOut = 3, c = 3 + spatial, firstKernel = c + 1;
  SmallVector<AffineExpr> in = {loop(0), loop(1), loop(c)},
                          kernel = {loop(1), loop(2), loop(c)},
                          out = {loop(0), loop(1), loop(2)};
  for (unsigned i = 0; i < spatial; ++i) {
    in.push_back(loop(firstOut + i) * strides[i] +
                 loop(firstKernel + i) * dilations[i]);
    kernel.push_back(loop(firstKernel + i));
    out.push_back(loop(firstOut + i));
  }
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), 3 + spatial, utils::IteratorType::parallel);
  Type element = lowering.resultType(op), wide = build.computeType(element);
  Tensor init;
  if (lowering.present(op, 2)) {
    Shape bias = {Expr(groups), Expr(*filters / groups)};
    bias.resize(2 + spatial, Expr(1));
    init = build.broadcast(
        build.reshape(build.convert(lowering.get(op, 2), wide), bias),
        outShape);
  } else {
    init = build.zeros(outShape, wide);
  }
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, in, context),
                                 AffineMap::get(rank, 0, kernel, context),
                                 AffineMap::get(rank, 0, out, context)};
  auto generic = linalg::GenericOp::create(
      build.b, build.loc, TypeRange{init.value.getType()},
      ValueRange{input.value, weight.value}, ValueRange{init.value}, maps,
      iterators, [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value product =
            s.mul(build.toCompute(b, v[0]), build.toCompute(b, v[1]));
        linalg::YieldOp::create(b, loc, s.add(v[2], product));
      });
  Tensor result = build.convert({generic.getResult(0), init.shape}, element);
  lowering.set(op->getResult(0), build.reshape(result, shape));
  return success();
}

} // namespace

void addConvolution(LoweringTable &table) { table["Conv"] = lowerConv; }

} // namespace jarana::raise
