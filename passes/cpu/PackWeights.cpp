// cpu-pack-weights: products with weights read panels packed at compile time.
#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// The right side of a product: a weight, stored as [k, n] or as [n, k].
struct WeightMatrix {
  hybrid::LoadWeightOp load;
  bool transposed = false;
  /// Where the weight is codes of signed bytes, the tensor that they are
  /// multiplied with, the map from the matrix's two dimensions to its own, and
  /// whether these two are [n, k].
  Value scale = {};
  AffineMap scaleMap = {};
  bool scaleTransposed = false;
};

/// Takes a generic op that converts codes and multiplies them with a scale, as
/// DequantizeLinear without zero points becomes. Gives the codes, or null.
Value matchDequantized(linalg::GenericOp op, WeightMatrix &matrix) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumLoops() != 2 || op.getNumParallelLoops() != 2)
    return {};
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (!maps[0].isIdentity() || !maps[2].isIdentity())
    return {};
  Block *body = op.getBody();
  auto product =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::MulFOp>();
  if (!product || product.getRhs() != body->getArgument(1))
    return {};
  auto real = product.getLhs().getDefiningOp<arith::SIToFPOp>();
  if (!real)
    return {};
  Value code = real.getIn();
  if (auto wide = code.getDefiningOp<arith::ExtSIOp>())
    code = wide.getIn();
  if (code != body->getArgument(0) || !code.getType().isSignlessInteger(8))
    return {};
  matrix.scale = op.getDpsInputOperand(1)->get();
  matrix.scaleMap = maps[1];
  matrix.scaleTransposed = matrix.transposed;
  return op.getDpsInputOperand(0)->get();
}

std::optional<WeightMatrix> weightMatrix(Value value) {
  WeightMatrix result;
  for (;;) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return std::nullopt;
    if (auto load = dyn_cast<hybrid::LoadWeightOp>(op)) {
      result.load = load;
      return result;
    }
    if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
      if (transpose.getPermutation() != ArrayRef<int64_t>{1, 0})
        return std::nullopt;
      result.transposed = !result.transposed;
      value = transpose.getInput();
    } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      if (auto perm = linalg::isaTransposeOpInterface(generic)) {
        if (*perm != SmallVector<int64_t>{1, 0})
          return std::nullopt;
        result.transposed = !result.transposed;
        value = generic.getDpsInputOperand(0)->get();
      } else if (Value codes = result.scale
                                   ? Value()
                                   : matchDequantized(generic, result)) {
        value = codes;
      } else {
        return std::nullopt;
      }
    } else if (auto cast = dyn_cast<tensor::CastOp>(op)) {
      value = cast.getSource();
    } else {
      return std::nullopt;
    }
  }
}

bool isStoredFloat(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

struct PackWeights : impl::PackWeightsPassBase<PackWeights> {
  using PackWeightsPassBase::PackWeightsPassBase;

  void runOnOperation() override {
    if (nr == 0)
      return;
    SymbolTable symbols(getOperation());
    SmallVector<linalg::LinalgOp> products;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (linalg::isaContractionOpInterface(op))
        products.push_back(op);
    });
    for (linalg::LinalgOp product : products)
      pack(product, symbols);
  }

  void pack(linalg::LinalgOp product, SymbolTable &symbols) {
    // [m..., k] x [k, n], or [m..., k] x [n, k]
    auto dims = linalg::inferContractionDims(product);
    if (failed(dims) || !dims->batch.empty() || dims->m.empty() ||
        dims->n.size() != 1 || dims->k.size() != 1)
      return;
    Value lhs = product.getDpsInputOperand(0)->get();
    Value rhs = product.getDpsInputOperand(1)->get();
    std::optional<WeightMatrix> matrix = weightMatrix(rhs);
    if (!matrix)
      return;
    MLIRContext *context = &getContext();
    AffineExpr n = getAffineDimExpr(dims->n[0], context),
               k = getAffineDimExpr(dims->k[0], context);
    SmallVector<AffineExpr> rows = llvm::map_to_vector(
        dims->m, [&](unsigned dim) { return getAffineDimExpr(dim, context); });
    auto with = [&](AffineExpr last) {
      SmallVector<AffineExpr> exprs = rows;
      exprs.push_back(last);
      return exprs;
    };
    SmallVector<AffineMap> maps = product.getIndexingMapsArray();
    if (maps[0].getResults() != ArrayRef(with(k)) ||
        maps[2].getResults() != ArrayRef(with(n)))
      return;
    if (maps[1].getResults() == ArrayRef<AffineExpr>{n, k}) {
      matrix->transposed = !matrix->transposed;
      matrix->scaleTransposed = !matrix->scaleTransposed;
    } else if (maps[1].getResults() != ArrayRef<AffineExpr>{k, n})
      return;
    auto outType = cast<RankedTensorType>(product->getResultTypes()[0]);
    auto weightType = matrix->load.getType();
    // A product of f16 or bf16 is summed in f32 and rounded then: in one op.
    Type element = cast<RankedTensorType>(lhs.getType()).getElementType();
    SmallVector<Operation *> rounding;
    if (outType.getElementType() != element && outType.getElementType().isF32())
      rounding = roundingAfter(product->getResult(0), element);
    bool takesWeight = matrix->scale
                           ? element.isF32() && hasScalePerColumn(*matrix)
                           : isStoredFloat(weightType.getElementType());
    if (!takesWeight || !isStoredFloat(element) ||
        (outType.getElementType() != element && rounding.empty()) ||
        !startsFromZero(product.getDpsInitOperand(0)->get())) {
      remark::missed(product.getLoc(), remark::RemarkOpts::name("element-types")
                                           .category("cpu-pack-weights"))
          << "the product reads its weight unpacked: element types, or an "
             "initial value";
      return;
    }

    auto source = symbols.lookup<hybrid::WeightOp>(matrix->load.getWeight());
    hybrid::WeightOp panels = panelsOf(source, matrix->transposed, symbols);
    OpBuilder builder(product);
    Location loc = product.getLoc();
    Value load = hybrid::LoadWeightOp::create(builder, loc, panels);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(
        builder, loc, product.getDpsInitOperand(0)->get());
    SmallVector<ReassociationIndices> rowsAndColumn(2);
    for (size_t row = 0; row < rows.size(); ++row)
      rowsAndColumn[0].push_back(row);
    rowsAndColumn[1].push_back(rows.size());
    bool flatten = rows.size() > 1;
    if (flatten)
      lhs = tensor::CollapseShapeOp::create(builder, loc, lhs, rowsAndColumn);
    SmallVector<OpFoldResult> flat{tensor::getMixedSize(builder, loc, lhs, 0),
                                   sizes.back()};
    Value empty = tensor::EmptyOp::create(builder, loc, flat, element);
    Value result =
        hybrid::PackedMatmulOp::create(builder, loc, lhs, load, empty)
            ->getResult(0);
    if (matrix->scale)
      result = scaleColumns(builder, loc, result, empty, *matrix);
    if (flatten)
      result = tensor::ExpandShapeOp::create(
          builder, loc, outType.clone(element), result, rowsAndColumn, sizes);
    if (!rounding.empty())
      narrow(rounding, element);
    product->getResult(0).replaceAllUsesWith(result);
    product->erase();
  }

  static bool hasScalePerColumn(const WeightMatrix &matrix) {
    unsigned column = matrix.scaleTransposed ? 0 : 1;
    return llvm::all_of(matrix.scaleMap.getResults(), [&](AffineExpr expr) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      return isa<AffineConstantExpr>(expr) ||
             (dim && dim.getPosition() == column);
    });
  }

  /// Column j of a product with codes [m, n] times the scale of column j.
  static Value scaleColumns(OpBuilder &builder, Location loc, Value product,
                            Value init, const WeightMatrix &matrix) {
    AffineExpr column = builder.getAffineDimExpr(1);
    AffineMap scaleMap = matrix.scaleMap.replaceDimsAndSymbols(
        {column, column}, {}, /*numResultDims=*/2, /*numResultSyms=*/0);
    AffineMap identity = builder.getMultiDimIdentityMap(2);
    return linalg::GenericOp::create(
               builder, loc, init.getType(), ValueRange{product, matrix.scale},
               init, ArrayRef<AffineMap>{identity, scaleMap, identity},
               SmallVector(2, utils::IteratorType::parallel),
               [](OpBuilder &b, Location loc, ValueRange args) {
                 Value scaled = arith::MulFOp::create(b, loc, args[0], args[1]);
                 linalg::YieldOp::create(b, loc, scaled);
               })
        .getResult(0);
  }

  /// The reshapes of `value`, and the op at their end that rounds it to
  /// `element`; empty where anything else uses it.
  static SmallVector<Operation *> roundingAfter(Value value, Type element) {
    SmallVector<Operation *> ops;
    while (value.hasOneUse()) {
      Operation *user = *value.getUsers().begin();
      ops.push_back(user);
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user)) {
        value = user->getResult(0);
        continue;
      }
      auto generic = dyn_cast<linalg::GenericOp>(user);
      if (!generic || generic.getNumDpsInputs() != 1 ||
          generic.getNumDpsInits() != 1 ||
          generic.getDpsInputOperand(0)->get() != value ||
          llvm::any_of(generic.getIndexingMapsArray(),
                       [](AffineMap map) { return !map.isIdentity(); }))
        break;
      Block *body = generic.getBody();
      auto truncate = dyn_cast<arith::TruncFOp>(body->front());
      if (truncate && truncate.getIn() == body->getArgument(0) &&
          truncate.getType() == element &&
          body->getTerminator()->getOperand(0) == truncate.getResult())
        return ops;
      break;
    }
    return {};
  }

  /// Makes the reshapes take `element`, and drops the rounding.
  static void narrow(ArrayRef<Operation *> rounding, Type element) {
    for (Operation *reshape : rounding.drop_back()) {
      Value result = reshape->getResult(0);
      result.setType(cast<RankedTensorType>(result.getType()).clone(element));
    }
    Operation *last = rounding.back();
    last->getResult(0).replaceAllUsesWith(last->getOperand(0));
    last->erase();
  }

  static bool startsFromZero(Value init) {
    auto fill = init.getDefiningOp<linalg::FillOp>();
    return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  }

  hybrid::WeightOp panelsOf(hybrid::WeightOp source, bool transposed,
                            SymbolTable &symbols) {
    std::string name =
        (source.getSymName() + (transposed ? ".panelsT" : ".panels")).str() +
        std::to_string(nr);
    if (auto existing = symbols.lookup<hybrid::WeightOp>(name))
      return existing;
    RankedTensorType type = source.getTensorType();
    int64_t k = type.getDimSize(transposed ? 1 : 0),
            n = type.getDimSize(transposed ? 0 : 1);
    OpBuilder builder(source);
    builder.setInsertionPointAfter(source);
    auto packing = transposed ? hybrid::Packing::PanelsTransposed
                              : hybrid::Packing::Panels;
    auto value = hybrid::DerivedAttr::get(
        builder.getContext(), FlatSymbolRefAttr::get(source.getSymNameAttr()),
        packing, nr);
    auto panelType = RankedTensorType::get(
        {llvm::divideCeilSigned(n, int64_t(nr)), k, nr}, type.getElementType());
    auto panels = hybrid::WeightOp::create(builder, source.getLoc(), name,
                                           panelType, value);
    symbols.insert(panels);
    return panels;
  }
};
} // namespace
} // namespace jarana::cpu
