// Raising op by op: operands, contents, checks, the table.
#include "passes/raise/Lowering.h"

#include "dialects/Guarded.h"
#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace jarana::raise {

Type signless(Type element) {
  if (auto integer = dyn_cast<IntegerType>(element))
    return IntegerType::get(element.getContext(), integer.getWidth());
  return element;
}

const LoweringTable &loweringTable() {
  static const LoweringTable table = [] {
    LoweringTable all;
    for (auto add : {addElementwise,  addLogic,     addMovement,
                     addShapes,       addGather,    addNonZero,
                     addScatter,      addReduction, addNormalization,
                     addContraction,  addControl,   addConvolution,
                     addQuantization, addSequence,  addLinearAttention,
                     addCausalConv,   addAttention, addGroupQueryAttention,
                     addRotary,       addRMSNorm})
      add(all);
    return all;
  }();
  return table;
}

LogicalResult Lowering::lowerBlock(Block &block) {
  // What no data flow reaches (shape arithmetic whose results are known
  // symbolically, unused results) is not lowered.
  llvm::DenseSet<Operation *> needed;
  auto known = [&](Operation *op) {
    return op->getNumResults() != 0 &&
           llvm::all_of(op->getResults(), [&](Value result) {
             return !isa<NoneType>(result.getType()) &&
                    contents(result).has_value();
           });
  };
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    if (known(&op))
      continue;
    bool used = llvm::any_of(op.getUsers(), [&](Operation *user) {
      // A user in a nested region belongs to the op of this block around it.
      Operation *here = block.findAncestorOpInBlock(*user);
      return !here || here == block.getTerminator() || needed.contains(here);
    });
    if (used)
      needed.insert(&op);
  }
  for (Operation &op : block.without_terminator()) {
    if (!needed.contains(&op))
      continue;
    LogicalResult lowered = guarded(&op, [&] {
      if (mlir::failed(lowerOp(&op)))
        return failure();
      emitPendingChecks();
      return failure(broken);
    });
    if (mlir::failed(lowered))
      return failure();
  }
  return success();
}

LogicalResult Lowering::lowerOp(Operation *op) {
  build.loc = op->getLoc();
  if (isa<::mlir::onnx::NoneOp>(op))
    return success();
  if (auto load = dyn_cast<hybrid::LoadWeightOp>(op)) {
    auto type = cast<RankedTensorType>(load.getType());
    Value value = hybrid::LoadWeightOp::create(
        builder(), loc(), type.clone(signless(type.getElementType())),
        load.getWeightAttr());
    set(load, {value, shapeOf(load)});
    return success();
  }
  if (auto constant = dyn_cast<::mlir::onnx::ConstantOp>(op)) {
    auto type = cast<RankedTensorType>(constant.getType());
    auto dense = dyn_cast<DenseElementsAttr>(constant.getValue());
    Type element = signless(type.getElementType());
    if (dense && element != type.getElementType())
      dense = DenseElementsAttr::getFromRawBuffer(type.clone(element),
                                                  dense.getRawData());
    if (!dense)
      return error(op) << "has a value that is not dense";
    set(constant, build.constant(dense));
    return success();
  }
  auto found = loweringTable().find(operatorName(op));
  if (op->getName().getDialectNamespace() != "onnx" ||
      found == loweringTable().end())
    return error(op)
           << "is not supported: it has no lowering to the hybrid form";
  size_t reported = report.entries.size();
  if (mlir::failed(found->second(*this, op)))
    return failure();
  // How it was recognised goes with what it was raised to.
  if (auto facts = op->getAttrOfType<DictionaryAttr>("onnx.recognised"))
    for (size_t i = reported; i < report.entries.size(); ++i)
      report.entries[i].add(facts);
  for (Value result : op->getResults())
    if (!result.use_empty() && !has(result) && !contents(result))
      return error(op) << "result " << cast<OpResult>(result).getResultNumber()
                       << " is not supported";
  return success();
}

bool Lowering::present(Operation *op, unsigned operand) {
  return operand < op->getNumOperands() &&
         !isa<NoneType>(op->getOperand(operand).getType());
}

Tensor Lowering::get(Value onnxValue) {
  auto found = values.find(onnxValue);
  if (found != values.end())
    return found->second;
  if (auto elements = contents(onnxValue))
    return materialize(onnxValue, *elements);
  emitError(onnxValue.getLoc()) << "a value was not raised before its use";
  broken = true;
  Type element = signless(getElementTypeOrSelf(onnxValue.getType()));
  return build.empty(shapeOf(onnxValue), element);
}

Tensor Lowering::materialize(Value onnxValue,
                             const std::vector<Expr> &elements) {
  Type element = signless(info(onnxValue).elementType);
  Shape shape = shapeOf(onnxValue);
  RankedTensorType type = build.type(shape, element);
  bool allNumbers =
      type.hasStaticShape() && llvm::all_of(elements, [](const Expr &expr) {
        return expr.constant().has_value();
      });
  if (allNumbers) {
    SmallVector<Attribute> attributes;
    for (const Expr &expr : elements)
      attributes.push_back(
          isa<FloatType>(element)
              ? Attribute(builder().getFloatAttr(
                    element, static_cast<double>(*expr.constant())))
              : Attribute(builder().getIntegerAttr(element, *expr.constant())));
    return build.constant(DenseElementsAttr::get(type, attributes));
  }
  SmallVector<Value> scalars;
  for (const Expr &expr : elements) {
    Value index = build.index(expr);
    if (element.isInteger(1)) {
      Value zero = arith::ConstantIndexOp::create(builder(), loc(), 0);
      scalars.push_back(arith::CmpIOp::create(
          builder(), loc(), arith::CmpIPredicate::ne, index, zero));
      continue;
    }
    Type integer =
        isa<FloatType>(element) ? Type(builder().getI64Type()) : element;
    Value number = arith::IndexCastOp::create(builder(), loc(), integer, index);
    if (isa<FloatType>(element))
      number = arith::SIToFPOp::create(builder(), loc(), element, number);
    scalars.push_back(number);
  }
  return {tensor::FromElementsOp::create(builder(), loc(), type, scalars),
          shape};
}

std::optional<std::vector<Expr>> Lowering::contents(Value onnxValue) {
  if (isa<NoneType>(onnxValue.getType()))
    return std::nullopt;
  const onnx::ValueInfo &known = info(onnxValue);
  if (!known.contents)
    return std::nullopt;
  std::vector<Expr> elements;
  for (const Expr &expr : *known.contents)
    elements.push_back(context().simplify(expr));
  return elements;
}

std::optional<std::vector<Expr>> Lowering::contents(Operation *op,
                                                    unsigned operand) {
  return present(op, operand) ? contents(op->getOperand(operand))
                              : std::nullopt;
}

std::optional<std::vector<int64_t>> Lowering::numbers(Operation *op,
                                                      unsigned operand) {
  auto elements = contents(op, operand);
  if (!elements)
    return std::nullopt;
  std::vector<int64_t> result;
  for (const Expr &expr : *elements) {
    if (!expr.constant())
      return std::nullopt;
    result.push_back(*expr.constant());
  }
  return result;
}

std::vector<Expr> Lowering::elements(Operation *op, unsigned operand) {
  if (auto known = contents(op, operand))
    return *known;
  std::vector<Expr> result;
  Tensor data = get(op, operand);
  int64_t count = build.product(data.shape).constant().value_or(0);
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value> at(static_cast<size_t>(data.rank()),
                          build.index(Expr(0)));
    if (!at.empty())
      at.back() = build.index(Expr(i));
    Value element = tensor::ExtractOp::create(builder(), loc(), data.value, at);
    element = convertScalar(builder(), loc(), element, builder().getI64Type(),
                            isUnsigned(op->getOperand(operand)), false);
    Value index = arith::IndexCastOp::create(builder(), loc(),
                                             builder().getIndexType(), element);
    result.push_back(runtime(index, operatorName(op) + " node '" +
                                        hybrid::nodeName(op) + "' input " +
                                        Twine(operand)));
  }
  return result;
}

Expr Lowering::runtime(Value index, const Twine &name) {
  symbolic::Context::Symbol symbol;
  symbol.name = name.str();
  symbol.origin = "a value computed by the model";
  symbol.lowerBound = std::numeric_limits<int64_t>::min() / 4;
  symbolic::SymbolId id = context().addSymbol(symbol);
  define(id, index);
  return Expr::symbol(id);
}

void Lowering::defineDim(Value onnxResult, unsigned axis, const Expr &value) {
  auto symbol = shapeOf(onnxResult)[axis].asSymbol();
  if (symbol && !shapes.source(*symbol) && !defined.contains(*symbol))
    define(*symbol, build.index(value));
}

void Lowering::requireInside(Operation *op, const Expr &offset,
                             const Expr &extent) {
  std::string reason = operatorName(op) + " node '" + hybrid::nodeName(op) +
                       "': the index must be inside the dimension";
  if (!context().requireAtLeast(extent - Expr(1), offset, reason) ||
      !context().requireAtLeast(offset, Expr(0), reason)) {
    error(op) << "has an index that is outside the dimension";
    broken = true;
  }
  emitPendingChecks();
}

Expr Lowering::wrapped(const Expr &index, const Expr &extent) {
  if (auto number = index.constant())
    return *number < 0 ? context().simplify(extent + index) : index;
  if (context().proveNonNegative(index))
    return index;
  return context().select(context().less(index, Expr(0)), index + extent,
                          index);
}

Type Lowering::resultType(Operation *op, unsigned result) {
  return signless(info(op->getResult(result)).elementType);
}

bool Lowering::isUnsigned(Value onnxValue) {
  Type element = getElementTypeOrSelf(onnxValue.getType());
  return element.isUnsignedInteger() || element.isInteger(1);
}

int64_t Lowering::integer(Operation *op, StringRef name, int64_t absent) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : absent;
}

double Lowering::real(Operation *op, StringRef name, double absent) {
  auto attr = op->getAttrOfType<FloatAttr>(name);
  return attr ? attr.getValueAsDouble() : absent;
}

StringRef Lowering::text(Operation *op, StringRef name, StringRef absent) {
  auto attr = op->getAttrOfType<StringAttr>(name);
  return attr ? attr.getValue() : absent;
}

SmallVector<int64_t> Lowering::integers(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<DenseI64ArrayAttr>(name);
  return attr ? SmallVector<int64_t>(attr.asArrayRef())
              : SmallVector<int64_t>();
}

InFlightDiagnostic Lowering::error(Operation *op) {
  return emitError(op->getLoc())
         << operatorName(op) << " node '" << hybrid::nodeName(op) << "' ";
}

InFlightDiagnostic Lowering::unknown(Operation *op, unsigned operand,
                                     StringRef what) {
  SmallVector<StringRef> names;
  SmallVector<Value> stack{op->getOperand(operand)};
  llvm::DenseSet<Value> seen;
  while (!stack.empty()) {
    Value value = stack.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    if (Operation *definition = value.getDefiningOp()) {
      llvm::append_range(stack, definition->getOperands());
      continue;
    }
    auto argument = cast<BlockArgument>(value);
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (function && type && isa<IntegerType>(type.getElementType()))
      if (auto name = function.getArgAttrOfType<StringAttr>(
              argument.getArgNumber(), "onnx.name"))
        names.push_back(name);
  }
  InFlightDiagnostic diagnostic = error(op) << "needs " << what
                                            << " known when it is compiled";
  for (auto [i, name] : llvm::enumerate(names))
    diagnostic << (i ? ", '"
                     : "; fix what gives it, with --bind=INPUT=VALUE: '")
               << name << "'";
  return diagnostic;
}

void Lowering::check(Value condition, const Twine &message) {
  if (auto known = getConstantIntValue(condition); known && *known)
    return;
  hybrid::CheckOp::create(builder(), loc(), condition,
                          builder().getStringAttr(message));
}

void Lowering::checkIndices(Tensor indices, const Expr &extent, bool wraps,
                            const Twine &message) {
  OpBuilder &b = builder();
  Value size = arith::IndexCastOp::create(b, loc(), indices.elementType(),
                                          build.index(extent));
  Value low = build.scalar(indices.elementType(), 0);
  if (wraps)
    low = arith::SubIOp::create(b, loc(), low, size);
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, indices.rank()));
  Tensor inside =
      build.reduce(indices, axes, false, build.scalar(b.getI1Type(), 1),
                   [&](OpBuilder &at, Location where, ValueRange v) -> Value {
                     Value above = arith::CmpIOp::create(
                         at, where, arith::CmpIPredicate::sge, v[1], low);
                     Value below = arith::CmpIOp::create(
                         at, where, arith::CmpIPredicate::slt, v[1], size);
                     Value both =
                         arith::AndIOp::create(at, where, above, below);
                     return arith::AndIOp::create(at, where, v[0], both);
                   });
  check(tensor::ExtractOp::create(b, loc(), inside.value, ValueRange{}),
        message);
}

Value Lowering::valueOf(OpBuilder &at, symbolic::SymbolId id) {
  if (auto found = defined.find(id); found != defined.end())
    return found->second;
  if (auto source = shapes.source(id))
    return at.createOrFold<tensor::DimOp>(loc(), arguments[source->first],
                                          source->second);
  if (auto definition = shapes.definedBy(id);
      definition && has(definition->first))
    return at.createOrFold<tensor::DimOp>(
        loc(), values[definition->first].value, definition->second);
  emitError(loc()) << "the dimension '" << context().symbolInfo(id).name
                   << "' (" << context().symbolInfo(id).origin
                   << ") is not known where it is needed";
  broken = true;
  return arith::ConstantIndexOp::create(at, loc(), 0);
}

bool Lowering::available(const Expr &expr) {
  return llvm::all_of(expr.symbols(), [&](symbolic::SymbolId id) {
    if (defined.contains(id) || shapes.source(id))
      return true;
    auto definition = shapes.definedBy(id);
    return definition && has(definition->first);
  });
}

void Lowering::emitPendingChecks() {
  const auto &checks = context().checks();
  emitted.resize(checks.size(), false);
  for (size_t i = 0; i < checks.size(); ++i) {
    const symbolic::Context::Check assumed = checks[i];
    if (emitted[i] || !available(assumed.lhs) || !available(assumed.rhs))
      continue;
    emitted[i] = true;
    bool equal = assumed.kind == symbolic::Context::Check::Kind::Equal;
    Value lhs = build.dims.plain(builder(), assumed.lhs),
          rhs = build.dims.plain(builder(), assumed.rhs);
    auto predicate =
        equal ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge;
    Value condition =
        builder().createOrFold<arith::CmpIOp>(loc(), predicate, lhs, rhs);
    std::string where = describe(assumed.lhs - assumed.rhs),
                wanted = context().requirement(assumed);
    check(condition,
          wanted.empty() || where.empty()
              ? where + (where.empty() ? "" : ": ") + assumed.reason + ": " +
                    context().print(assumed.lhs) + (equal ? " == " : " >= ") +
                    context().print(assumed.rhs) + " must hold"
              : where + " " + wanted + ": " + assumed.reason);
  }
}

std::string Lowering::describe(const Expr &expr) {
  std::string text;
  for (symbolic::SymbolId id : expr.symbols()) {
    const auto &symbol = context().symbolInfo(id);
    text +=
        (text.empty() ? "" : ", ") + symbol.origin + " ('" + symbol.name + "')";
  }
  return text;
}

} // namespace jarana::raise
