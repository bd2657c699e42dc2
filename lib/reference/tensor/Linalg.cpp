// Ops of linalg's structured interface, named or generic: their indexing maps
// and their region say all.
#include "lib/reference/Exact.h"
#include "lib/reference/operators/Support.h"
#include "lib/reference/tensor/Scalars.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

using namespace jarana;
using namespace jarana::reference;

namespace {
/// One dimension of an operand: an affine expression of the loops, as factors
/// of them and a constant, or the expression where it is no such sum.
struct Index {
  Shape factors;
  int64_t constant = 0;
  mlir::AffineExpr other;
};

/// Adds `scale` times `expr` to the sum; false where it is none.
bool addTo(Index &index, mlir::AffineExpr expr, int64_t scale) {
  if (auto dim = mlir::dyn_cast<mlir::AffineDimExpr>(expr)) {
    index.factors[dim.getPosition()] += scale;
    return true;
  }
  if (auto constant = mlir::dyn_cast<mlir::AffineConstantExpr>(expr)) {
    index.constant += scale * constant.getValue();
    return true;
  }
  auto binary = mlir::dyn_cast<mlir::AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (expr.getKind() == mlir::AffineExprKind::Add)
    return addTo(index, binary.getLHS(), scale) &&
           addTo(index, binary.getRHS(), scale);
  auto factor = mlir::dyn_cast<mlir::AffineConstantExpr>(binary.getRHS());
  return expr.getKind() == mlir::AffineExprKind::Mul && factor &&
         addTo(index, binary.getLHS(), scale * factor.getValue());
}

/// Where an operand is read at a point of the iteration.
struct Access {
  Shape steps;        ///< elements per step of each loop
  int64_t offset = 0; ///< elements at the first point
  /// Dimensions that are no sums, and the elements that one step of them is.
  std::vector<std::pair<mlir::AffineExpr, int64_t>> others;
  Shape sizesOfOthers;
};

std::vector<Index> indicesOf(mlir::AffineMap map) {
  std::vector<Index> indices;
  for (mlir::AffineExpr expr : map.getResults()) {
    Index index{Shape(map.getNumDims()), 0, {}};
    if (!addTo(index, expr, 1))
      index.other = expr;
    indices.push_back(std::move(index));
  }
  return indices;
}

/// The trip count of each loop: the size of a dimension that the loop runs
/// over alone.
template <class Real>
Shape rangesOf(mlir::linalg::LinalgOp op, const TensorsOf<Real> &operands) {
  Shape ranges(op.getNumLoops(), -1);
  auto maps = op.getIndexingMapsArray();
  for (auto [k, map] : llvm::enumerate(maps))
    for (auto [d, expr] : llvm::enumerate(map.getResults()))
      if (auto loop = mlir::dyn_cast<mlir::AffineDimExpr>(expr)) {
        int64_t size = operands[k]->shape[d],
                &range = ranges[loop.getPosition()];
        if (range >= 0 && range != size)
          throw Error("dimension " + std::to_string(d) + " of operand " +
                      std::to_string(k) + " is " + std::to_string(size) +
                      ", but another operand has " + std::to_string(range) +
                      " there");
        range = size;
      }
  for (int64_t range : ranges)
    if (range < 0)
      throw Error("has a loop over no dimension of an operand alone");
  return ranges;
}

template <class Real>
Access accessOf(mlir::AffineMap map, const TensorOf<Real> &operand,
                const Shape &ranges, size_t number) {
  Access access{Shape(ranges.size()), 0, {}, {}};
  Shape strides = stridesOf(operand.shape);
  for (auto [d, index] : llvm::enumerate(indicesOf(map))) {
    if (index.other) {
      access.others.emplace_back(index.other, strides[d]);
      access.sizesOfOthers.push_back(operand.shape[d]);
      continue;
    }
    int64_t least = index.constant, most = index.constant;
    for (size_t loop = 0; loop < ranges.size(); ++loop) {
      int64_t factor = index.factors[loop];
      (factor < 0 ? least : most) += factor * (ranges[loop] - 1);
      access.steps[loop] += factor * strides[d];
    }
    access.offset += index.constant * strides[d];
    if (least < 0 || most >= operand.shape[d])
      throw Error("reads index " + std::to_string(least < 0 ? least : most) +
                  " of dimension " + std::to_string(d) + " of operand " +
                  std::to_string(number) + ", which has " +
                  std::to_string(operand.shape[d]));
  }
  return access;
}

/// The part of the offset that is no sum of loops.
int64_t otherOffset(const Access &access, const Shape &point) {
  int64_t offset = 0;
  mlir::Builder builder(access.others.front().first.getContext());
  llvm::SmallVector<mlir::AffineExpr> constants;
  for (int64_t value : point)
    constants.push_back(builder.getAffineConstantExpr(value));
  for (auto [n, other] : llvm::enumerate(access.others)) {
    auto value = mlir::dyn_cast<mlir::AffineConstantExpr>(
        other.first.replaceDims(constants));
    if (!value || value.getValue() < 0 ||
        value.getValue() >= access.sizesOfOthers[n])
      throw Error("reads outside an operand");
    offset += value.getValue() * other.second;
  }
  return offset;
}

/// Whether the region is out + a * b, with casts to wider floats on the way.
bool isSumOfProducts(mlir::linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return false;
  mlir::Block &block = *op.getBlock();
  auto argument = [&](mlir::Value value) -> std::optional<unsigned> {
    if (auto *cast = value.getDefiningOp();
        cast && cast->getName().getStringRef() == "arith.extf")
      value = cast->getOperand(0);
    auto own = mlir::dyn_cast<mlir::BlockArgument>(value);
    if (!own || own.getOwner() != &block)
      return std::nullopt;
    return own.getArgNumber();
  };
  mlir::Operation *sum = block.getTerminator()->getOperand(0).getDefiningOp();
  if (!sum || sum->getName().getStringRef() != "arith.addf" ||
      argument(sum->getOperand(0)) != 2)
    return false;
  mlir::Operation *product = sum->getOperand(1).getDefiningOp();
  if (!product || product->getName().getStringRef() != "arith.mulf")
    return false;
  auto a = argument(product->getOperand(0)),
       b = argument(product->getOperand(1));
  return a && b && *a + *b == 1;
}

/// A contraction, each of whose sums is rounded once.
template <class Real>
void contract(const Shape &ranges, const std::vector<Access> &accesses,
              const TensorsOf<Real> &operands, TensorOf<Real> &result) {
  const Real *a = operands[0]->reals.data() + accesses[0].offset,
             *b = operands[1]->reals.data() + accesses[1].offset;
  Real *c = result.reals.data() + accesses[2].offset;
  forEach<3>(ranges, {accesses[0].steps, accesses[1].steps, accesses[2].steps},
             [&](int64_t, auto &at) { c[at[2]] += a[at[0]] * b[at[1]]; });
  result = rounded(std::move(result));
}

/// Runs the region at every point, the last loop fastest.
template <class Real> class Iteration {
public:
  Iteration(const Shape &ranges, std::vector<Access> accesses,
            std::vector<const TensorOf<Real> *> inputs,
            std::vector<TensorOf<Real>> &outputs, ScalarProgram<Real> &program)
      : ranges(ranges), accesses(std::move(accesses)),
        inputs(std::move(inputs)), outputs(outputs), program(program),
        point(ranges.size()) {}

  void run() {
    if (elementCount(ranges) == 0)
      return;
    std::vector<int64_t> offsets;
    for (const Access &access : accesses)
      offsets.push_back(access.offset);
    for (;;) {
      visit(offsets);
      size_t loop = ranges.size();
      for (; loop-- > 0;) {
        bool carry = ++point[loop] == ranges[loop];
        for (size_t k = 0; k < accesses.size(); ++k)
          offsets[k] += carry ? accesses[k].steps[loop] * (1 - ranges[loop])
                              : accesses[k].steps[loop];
        if (!carry)
          break;
        point[loop] = 0;
      }
      if (loop == static_cast<size_t>(-1))
        return;
    }
  }

private:
  int64_t at(size_t k, const std::vector<int64_t> &offsets) {
    const Access &access = accesses[k];
    return access.others.empty() ? offsets[k]
                                 : offsets[k] + otherOffset(access, point);
  }

  void visit(const std::vector<int64_t> &offsets) {
    for (size_t k = 0; k < inputs.size(); ++k)
      program.cells[k] = cellOf(*inputs[k], at(k, offsets));
    for (size_t n = 0; n < outputs.size(); ++n) {
      size_t k = inputs.size() + n;
      program.cells[k] = cellOf(outputs[n], at(k, offsets));
    }
    for (auto [loop, cell] : program.indices)
      program.cells[cell].integer = point[loop];
    program.run();
    for (size_t n = 0; n < outputs.size(); ++n)
      setCell(outputs[n], at(inputs.size() + n, offsets),
              program.cells[program.results[n]]);
  }

  const Shape &ranges;
  std::vector<Access> accesses;
  std::vector<const TensorOf<Real> *> inputs;
  std::vector<TensorOf<Real>> &outputs;
  ScalarProgram<Real> &program;
  Shape point;
};
} // namespace

template <class Real>
mlir::FailureOr<TensorsOf<Real>> reference::runLinalg(mlir::Operation &op,
                                                      FrameOf<Real> &frame) {
  auto linalg = mlir::cast<mlir::linalg::LinalgOp>(op);
  TensorsOf<Real> operands;
  for (mlir::Value operand : op.getOperands()) {
    operands.push_back(frame.valueOf(operand));
    if (!operands.back())
      throw Error("an operand is not there");
  }
  Shape ranges = rangesOf(linalg, operands);
  std::vector<Access> accesses;
  bool plain = true;
  for (auto [k, map] : llvm::enumerate(linalg.getIndexingMapsArray())) {
    accesses.push_back(elementCount(ranges) == 0
                           ? Access{Shape(ranges.size()), 0, {}, {}}
                           : accessOf(map, *operands[k], ranges, k));
    plain &= accesses.back().others.empty();
  }
  std::vector<const TensorOf<Real> *> inputs;
  std::vector<TensorOf<Real>> outputs;
  for (int64_t k = 0; k < linalg.getNumDpsInputs(); ++k)
    inputs.push_back(operands[k].get());
  for (int64_t n = 0; n < linalg.getNumDpsInits(); ++n)
    outputs.push_back(*operands[inputs.size() + n]);
  if (plain && isSumOfProducts(linalg)) {
    contract(ranges, accesses, operands, outputs[0]);
  } else {
    ScalarProgram<Real> program(*linalg.getBlock(), [&](mlir::Value value) {
      return frame.valueOf(value);
    });
    Iteration<Real>(ranges, std::move(accesses), std::move(inputs), outputs,
                    program)
        .run();
  }
  TensorsOf<Real> results;
  for (TensorOf<Real> &output : outputs)
    results.push_back(share(std::move(output)));
  return results;
}

/// linalg.softmax: exp(x - max) / sum of them along a dimension.
template <class Real>
mlir::FailureOr<TensorsOf<Real>> reference::runSoftmax(mlir::Operation &op,
                                                       FrameOf<Real> &frame) {
  using std::exp;
  auto softmax = mlir::cast<mlir::linalg::SoftmaxOp>(op);
  TensorOf<Real> result = *frame.valueOf(softmax.getInput());
  auto axis = static_cast<int64_t>(softmax.getDimension());
  int64_t count = result.shape[axis],
          inner = product(result.shape, axis + 1, result.rank()),
          outer = product(result.shape, 0, axis);
  for (int64_t row = 0; row < outer * inner; ++row) {
    Real *x = result.reals.data() + row / inner * count * inner + row % inner;
    if (count == 0)
      break;
    Real most = x[0], sum(0);
    for (int64_t i = 1; i < count; ++i)
      most = most < x[i * inner] ? x[i * inner] : most;
    for (int64_t i = 0; i < count; ++i)
      sum += x[i * inner] = exp(x[i * inner] - most);
    for (int64_t i = 0; i < count; ++i)
      x[i * inner] /= sum;
  }
  return TensorsOf<Real>{share(rounded(std::move(result)))};
}

template mlir::FailureOr<TensorsOf<double>>
reference::runLinalg(mlir::Operation &, FrameOf<double> &);
template mlir::FailureOr<TensorsOf<Exact>>
reference::runLinalg(mlir::Operation &, FrameOf<Exact> &);
template mlir::FailureOr<TensorsOf<double>>
reference::runSoftmax(mlir::Operation &, FrameOf<double> &);
template mlir::FailureOr<TensorsOf<Exact>>
reference::runSoftmax(mlir::Operation &, FrameOf<Exact> &);
