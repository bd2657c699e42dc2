// Norms with what stands around them: a weight applied after the groups were
// put together again, and a SiLU gate before or after, become one
// hybrid.rms_norm.
//
//   w * Reshape(RMSNormalization(Reshape(y * silu(z))))        gate before
//   (w * Reshape(RMSNormalization(Reshape(y)))) * silu(z)      gate after
//
// with groups where Reshape cuts the last dimension. Each factor may stand on
// either side, and any of them may be missing.
#include "passes/raise/named/Named.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace jarana::raise {
namespace {

StringRef nameOf(Value value) {
  Operation *op = value.getDefiningOp();
  return op ? op->getName().stripDialect() : StringRef();
}

/// z, where the value is z * Sigmoid(z).
Value siluInput(Value value) {
  if (nameOf(value) != "Mul")
    return {};
  Operation *product = value.getDefiningOp();
  for (unsigned side : {0u, 1u}) {
    Value sigmoid = product->getOperand(side),
          z = product->getOperand(1 - side);
    if (nameOf(sigmoid) == "Sigmoid" &&
        sigmoid.getDefiningOp()->getOperand(0) == z)
      return z;
  }
  return {};
}

/// Whether one op uses the value, those that only ask for its shape aside.
bool usedOnce(Value value) {
  return llvm::count_if(value.getUsers(), [](Operation *user) {
           return user->getName().stripDialect() != "Shape";
         }) == 1;
}

/// What the value was converted from, where that has the given type.
Value before(Value value, Type element) {
  if (nameOf(value) != "Cast")
    return value;
  Value source = value.getDefiningOp()->getOperand(0);
  return getElementTypeOrSelf(source.getType()) == element ? source : value;
}

/// Whether a constant, or a small weight, is one everywhere.
bool isOnes(Value value) {
  Attribute elements;
  if (auto constant = value.getDefiningOp<::mlir::onnx::ConstantOp>())
    elements = constant.getValue();
  else if (auto load = value.getDefiningOp<hybrid::LoadWeightOp>())
    if (auto weight = SymbolTable::lookupNearestSymbolFrom<hybrid::WeightOp>(
            load, load.getWeightAttr()))
      elements = weight.getValue();
  auto dense = dyn_cast_if_present<DenseElementsAttr>(elements);
  auto isOne = [](const APFloat &element) {
    return element.isExactlyValue(1.0);
  };
  if (!dense || !isa<FloatType>(dense.getElementType()))
    return false;
  return dense.isSplat() ? isOne(dense.getSplatValue<APFloat>())
                         : llvm::all_of(dense.getValues<APFloat>(), isOne);
}

/// Collects the factors of a norm from its end to its start.
class GatedNorm {
public:
  GatedNorm(Lowering &lowering, Value end)
      : lowering(lowering), build(lowering.build), end(end),
        shape(lowering.shapeOf(end)) {}

  /// False where `end` is no norm, or just RMSNormalization with its weight.
  bool match() {
    std::optional<Parts> collected =
        shape.empty() ? std::nullopt : collect(end);
    if (!collected)
      return false;
    norm = collected->norm;
    weight = collected->weight;
    gate = collected->gate;
    gateAfter = static_cast<bool>(gate);
    Value source = norm->getOperand(0);
    Shape inner = lowering.shapeOf(source);
    if (!cutsIntoGroups(inner))
      return false;
    input = source;
    Type type = getElementTypeOrSelf(source.getType());
    while ((nameOf(source) == "Reshape" || nameOf(source) == "Cast") &&
           usedOnce(source))
      source = source.getDefiningOp()->getOperand(0);
    if (hasShape(source) && getElementTypeOrSelf(source.getType()) == type)
      input = source;
    if (nameOf(source) == "Mul" && usedOnce(source) && !gate) {
      Operation *product = source.getDefiningOp();
      for (unsigned side : {0u, 1u}) {
        Value z = siluInput(product->getOperand(side)),
              y = product->getOperand(1 - side);
        if (!z || gate || !hasShape(z) || !hasShape(y))
          continue;
        // The op multiplies in f32 itself.
        y = before(y, type);
        if (getElementTypeOrSelf(y.getType()) != type)
          continue;
        gate = before(z, type);
        input = y;
      }
    }
    bool isPlain = weight && !gate && end.getDefiningOp() == norm;
    return !isPlain && typesFit();
  }

  void lower() {
    auto flat = [&](Value value) {
      return build.reshape(lowering.get(value), shape);
    };
    Tensor rows = flat(input), scale, gating;
    if (weight)
      scale = build.reshape(lowering.get(weight), {shape.back()});
    if (gate)
      gating = flat(gate);
    Tensor init = build.empty(rows.shape, rows.elementType());
    auto op = hybrid::RmsNormOp::create(
        build.b, build.loc, rows.value, scale.value, gating.value, init.value,
        static_cast<float>(Lowering::real(norm, "epsilon", 1e-5)), groups,
        gateAfter ? hybrid::GatePosition::After : hybrid::GatePosition::Before);
    lowering.set(end, {op->getResult(0), init.shape});
    // In the place of what was said of the norm alone.
    std::string node = hybrid::nodeName(norm);
    std::vector<std::pair<std::string, std::string>> facts = {
        {"width", lowering.context().print(shape.back())}};
    if (groups > 1)
      facts.emplace_back("groups", std::to_string(groups));
    if (gate)
      facts.emplace_back("gate", gateAfter ? "after" : "before");
    for (RaiseEntry &entry : lowering.report.entries)
      if (entry.op == "RMSNormalization" && entry.node == node) {
        llvm::erase_if(entry.facts, [&](const auto &known) {
          return llvm::any_of(facts, [&](const auto &fact) {
            return fact.first == known.first;
          });
        });
        entry.facts.insert(entry.facts.begin(), facts.begin(), facts.end());
        return;
      }
    lowering.report.raised("RMSNormalization", node, "hybrid.rms_norm", facts);
  }

private:
  bool hasShape(Value value) {
    Shape other = lowering.shapeOf(value);
    return other.size() == shape.size() &&
           llvm::all_of(llvm::zip(other, shape), [&](auto pair) {
             return build.same(std::get<0>(pair), std::get<1>(pair));
           });
  }

  /// What a value is made of, from a norm on.
  struct Parts {
    Operation *norm;
    Value weight, gate;
  };

  /// Goes through factors and views down to the norm.
  std::optional<Parts> collect(Value value) {
    StringRef name = nameOf(value);
    Operation *op = value.getDefiningOp();
    if (value != end && !usedOnce(value))
      return std::nullopt;
    if (name == "RMSNormalization") {
      Parts parts{op, {}, {}};
      int64_t axis = Lowering::integer(op, "axis", -1),
              rank = static_cast<int64_t>(
                  lowering.shapeOf(op->getOperand(0)).size());
      Value scale = op->getOperand(1);
      bool fits = (axis == -1 || axis == rank - 1) &&
                  (isOnes(scale) || takeWeight(parts, scale, value));
      return fits ? std::make_optional(parts) : std::nullopt;
    }
    bool isView =
        name == "Reshape" ||
        (name == "Cast" && op->getOperand(0).getType() == value.getType());
    if (isView && value != end)
      return collect(op->getOperand(0));
    if (name != "Mul")
      return std::nullopt;
    for (unsigned side : {0u, 1u}) {
      std::optional<Parts> parts = collect(op->getOperand(side));
      if (!parts)
        continue;
      Value factor = op->getOperand(1 - side);
      if (Value z = siluInput(factor); z && !parts->gate && hasShape(z)) {
        parts->gate = z;
        return parts;
      }
      return takeWeight(*parts, factor, value) ? parts : std::nullopt;
    }
    return std::nullopt;
  }

  /// One factor per element of a row, at the row's end in `product` (which may
  /// be cut into groups).
  bool takeWeight(Parts &parts, Value factor, Value product) {
    Shape own = lowering.shapeOf(factor), whole = lowering.shapeOf(product);
    if (parts.weight || own.size() > whole.size() || own.empty() ||
        !build.same(build.product(own), shape.back()))
      return false;
    for (size_t i = 0; i < own.size(); ++i)
      if (!build.same(own[own.size() - 1 - i], whole[whole.size() - 1 - i]))
        return false;
    parts.weight = factor;
    return true;
  }

  /// Whether `inner` is the shape of the result with its last dimension cut
  /// into groups.
  bool cutsIntoGroups(const Shape &inner) {
    bool isCut = inner.size() == shape.size() + 1;
    if (!isCut && inner.size() != shape.size())
      return false;
    for (size_t i = 0; i + 1 < shape.size(); ++i)
      if (!build.same(inner[i], shape[i]))
        return false;
    Expr number = isCut ? inner[inner.size() - 2] : Expr(1);
    auto count = lowering.context().valueOf(number);
    if (!count || *count < 1 ||
        !build.same(number * inner.back(), shape.back()))
      return false;
    groups = *count;
    return true;
  }

  bool typesFit() {
    auto element = [](Value value) {
      return getElementTypeOrSelf(value.getType());
    };
    Type type = element(input);
    auto fits = [&](Value value) {
      return !value || element(value) == type || element(value).isF32();
    };
    // In bf16 the roundings between the factors matter.
    bool isAlone = !weight && !gate && end.getDefiningOp() == norm;
    return (type.isF32() || type.isF16() || (type.isBF16() && isAlone)) &&
           element(end) == type && element(norm->getOperand(0)) == type &&
           fits(weight) && fits(gate);
  }

  Lowering &lowering;
  TensorBuilder &build;
  Value end;
  Shape shape; ///< of `end`: rows of one norm, or of its groups
  Operation *norm = nullptr;
  Value input, weight, gate;
  bool gateAfter = false;
  int64_t groups = 1;
};

} // namespace

bool lowerGatedNorm(Lowering &lowering, Operation *op) {
  GatedNorm norm(lowering, op->getResult(0));
  if (!norm.match())
    return false;
  norm.lower();
  return true;
}

} // namespace jarana::raise
