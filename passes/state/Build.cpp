#include "passes/state/Build.h"
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace jarana::state {
namespace {

std::string textOf(const Axes &axes) {
  std::string text;
  for (Axis axis : axes)
    text +=
        std::to_string(int(axis.kind)) + ":" + std::to_string(axis.inner) + ",";
  return text;
}

/// numpy's name of an element type.
std::string dtypeOf(Type type) {
  if (type.isBF16())
    return "bfloat16";
  if (auto real = dyn_cast<FloatType>(type))
    return "float" + std::to_string(real.getWidth());
  if (type.isInteger(1))
    return "bool";
  return "int" + std::to_string(type.getIntOrFloatBitWidth());
}

} // namespace

Build::Build(func::FuncOp main, Analysis &analysis, StringRef name, bool step)
    : main(main), analysis(analysis), sizes(analysis.sequence()), step(step),
      b(main.getContext()), loc(main.getLoc()) {
  b.setInsertionPointAfter(main);
  function = func::FuncOp::create(b, loc, name, b.getFunctionType({}, {}));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
}

Axes Build::normal(Axes axes) const {
  for (Axis &axis : axes)
    if (step && axis.kind == Kind::Last)
      axis.kind = Kind::Query;
  return axes;
}

Value Build::get(Value value, const Axes &wanted) {
  Axes axes = normal(wanted);
  auto argument = dyn_cast<BlockArgument>(value);
  auto key = std::pair(value.getAsOpaquePointer(), textOf(axes));
  auto found = values.find(key);
  if (found != values.end())
    return found->second;
  assert(argument && "the analysis demands every value that is used");
  Value made = this->argument(argument, axes);
  values[key] = made;
  return made;
}

void Build::set(Value value, const Axes &wanted, Value built) {
  Axes axes = normal(wanted);
  if (isa<RankedTensorType>(value.getType()))
    built = as(built, typeOf(value, axes));
  values[std::pair(value.getAsOpaquePointer(), textOf(axes))] = built;
}

RankedTensorType Build::typeOf(Value value, const Axes &axes) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (auto [axis, wanted] : llvm::enumerate(axes))
    if (wanted.kind != Kind::Plain)
      shape[axis] = sizes.roleOf(value, axis) == SizeRole::Sequence &&
                            (wanted.kind == Kind::Last ||
                             (wanted.kind == Kind::Query && step))
                        ? 1
                        : ShapedType::kDynamic;
  return type.clone(shape);
}

Value Build::as(Value value, Type type) {
  return value.getType() == type
             ? value
             : tensor::CastOp::create(b, value.getLoc(), type, value);
}

Value Build::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

OpFoldResult Build::length(Kind kind) {
  if (kind == Kind::Last || (kind == Kind::Query && step))
    return b.getIndexAttr(1);
  return lengthValue(kind);
}

Value Build::lengthValue(Kind kind) {
  if (kind == Kind::Context)
    return total;
  if (kind == Kind::Last || step)
    return constant(1);
  return scalars.at({nullptr, Kind::Query});
}

Value Build::offset(Kind kind) {
  if (kind == Kind::Query || (kind == Kind::Last && step))
    return past;
  if (kind == Kind::Last)
    return arith::SubIOp::create(b, loc, total, constant(1));
  return {};
}

/// Arithmetic on sizes, with the length that `kind` says in place of s.
Value Build::scalar(Value value, Kind kind) {
  Operation *op = value.getDefiningOp();
  if (op->hasTrait<OpTrait::ConstantLike>())
    return b.clone(*op)->getResult(0);
  if (sizes.roleOf(value) == SizeRole::Plain)
    kind = Kind::Plain;
  auto key = std::pair(value.getAsOpaquePointer(), kind);
  auto found = scalars.find(key);
  if (found != scalars.end())
    return found->second;
  Value made;
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    unsigned number = cast<BlockArgument>(dim.getSource()).getArgNumber();
    if (kind != Kind::Plain) {
      made = lengthValue(kind);
    } else if (mask && number == analysis.roles().mask) {
      made = tensor::DimOp::create(b, loc, mask, *dim.getConstantIndex());
    } else {
      // Dimensions of arguments that are not the length are the batch.
      made = tensor::DimOp::create(b, loc, ids, 0);
    }
  } else {
    Operation *copy = op->cloneWithoutRegions();
    for (OpOperand &operand : op->getOpOperands())
      copy->setOperand(operand.getOperandNumber(), scalar(operand.get(), kind));
    b.insert(copy);
    made = copy->getResult(cast<OpResult>(value).getResultNumber());
  }
  scalars[key] = made;
  return made;
}

OpFoldResult Build::size(OpFoldResult size, Kind kind) {
  auto value = dyn_cast<Value>(size);
  if (!value)
    return size;
  return sizes.roleOf(value) == SizeRole::Sequence ? length(kind)
                                                   : scalar(value, kind);
}

Value Build::addArgument(Type type, const std::string &name,
                         ArrayRef<std::string> dims, Type element) {
  SmallVector<Attribute> texts;
  for (const std::string &dim : dims)
    texts.push_back(b.getStringAttr(dim));
  argAttrs.push_back(b.getDictionaryAttr(
      {b.getNamedAttr("hybrid.dims", b.getArrayAttr(texts)),
       b.getNamedAttr(hybrid::kDTypeAttr, b.getStringAttr(dtypeOf(element))),
       b.getNamedAttr(hybrid::kNameAttr, b.getStringAttr(name))}));
  return function.getBody().front().addArgument(type, loc);
}

void Build::addArguments() {
  const Roles &roles = analysis.roles();
  auto dimsOf = [&](unsigned argument) {
    SmallVector<std::string> dims(2, "?");
    if (auto texts = main.getArgAttrOfType<ArrayAttr>(argument, "hybrid.dims"))
      for (auto [axis, text] : llvm::enumerate(texts.getAsRange<StringAttr>()))
        dims[axis] = text.str();
    return dims;
  };
  batchName = dimsOf(roles.ids)[0];
  lengthName = step ? "1" : dimsOf(roles.ids)[1];
  for (pastName = "past"; pastName == batchName || pastName == lengthName;)
    pastName += "_length";
  auto add = [&](unsigned argument, bool context) {
    auto type = cast<RankedTensorType>(main.getArgumentTypes()[argument]);
    auto axis = b.getStringAttr(dimsOf(argument)[0]);
    SmallVector<int64_t> shape = {type.getDimSize(0),
                                  step && !context ? 1 : ShapedType::kDynamic};
    Value value = addArgument(
        type.clone(shape), "",
        {axis.str(), context ? pastName + " + " + lengthName : lengthName},
        type.getElementType());
    // Name and element type are the model's.
    NamedAttrList attributes(cast<DictionaryAttr>(argAttrs.back()));
    for (StringRef name :
         {StringRef(hybrid::kNameAttr), StringRef(hybrid::kDTypeAttr)})
      if (Attribute attribute = main.getArgAttr(argument, name))
        attributes.set(name, attribute);
    argAttrs.back() = attributes.getDictionary(b.getContext());
    return value;
  };
  ids = add(roles.ids, false);
  auto needed = [&](std::optional<unsigned> argument) {
    return argument && !analysis.demandsOn(main.getArgument(*argument)).empty();
  };
  if (needed(roles.mask))
    mask = add(*roles.mask, true);
  if (needed(roles.positions))
    positions = add(*roles.positions, false);
  if (!step)
    scalars[{nullptr, Kind::Query}] = tensor::DimOp::create(b, loc, ids, 1);
  // What stands for the number of past positions until the states are known.
  past = arith::ConstantIndexOp::create(b, loc, 0);
  total = arith::AddIOp::create(b, loc, past, lengthValue(Kind::Query));
}

Value Build::argument(BlockArgument argument, const Axes &axes) {
  Kind kind = axes[1].kind;
  unsigned number = argument.getArgNumber();
  bool isMask = analysis.roles().mask == number;
  Value whole = isMask                                 ? mask
                : analysis.roles().positions == number ? positions
                                                       : ids;
  Value first;
  if (isMask && kind != Kind::Context)
    first = offset(kind);
  else if (!isMask && kind == Kind::Last)
    first =
        arith::SubIOp::create(b, loc, lengthValue(Kind::Query), constant(1));
  if (!first)
    return whole;
  auto batch = tensor::getMixedSize(b, loc, whole, 0);
  return tensor::ExtractSliceOp::create(
      b, loc, typeOf(argument, axes), whole,
      ArrayRef<OpFoldResult>{b.getIndexAttr(0), first},
      ArrayRef<OpFoldResult>{batch, length(kind)},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1), b.getIndexAttr(1)});
}

func::FuncOp Build::run() {
  addArguments();
  Block &block = main.getBody().front();
  for (Operation &op : block) {
    loc = op.getLoc();
    if (isa<hybrid::CheckOp>(op)) {
      emitCheck(&op);
      continue;
    }
    for (const Plan &plan : analysis.plansOf(&op))
      emit(&op, plan);
  }
  loc = main.getLoc();
  finish();
  return function;
}

void Build::require(Value condition, const Twine &message) {
  hybrid::CheckOp::create(b, loc, condition, b.getStringAttr(message));
}

void Build::emitCheck(Operation *op) {
  Value condition = cast<hybrid::CheckOp>(op).getCondition();
  StringRef message = cast<hybrid::CheckOp>(op).getMessage();
  if (!sizes.isShapeArithmetic(condition))
    return require(get(condition, {}), message);
  if (sizes.roleOf(condition) == SizeRole::Plain)
    return require(scalar(condition, Kind::Plain), message);
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  using P = arith::CmpIPredicate;
  bool bound =
      compare.getPredicate() == P::sle || compare.getPredicate() == P::slt;
  if (bound && sizes.roleOf(compare.getLhs()) == SizeRole::Sequence)
    require(scalar(condition, Kind::Context), message);
}

/// Whether something that the function does or gives depends on the op.
static bool isNeeded(Operation *op, llvm::DenseMap<Operation *, bool> &known) {
  if (op->hasTrait<OpTrait::IsTerminator>())
    return isa<func::ReturnOp>(op) || isNeeded(op->getParentOp(), known);
  if (!wouldOpBeTriviallyDead(op))
    return true;
  auto [entry, isNew] = known.try_emplace(op, false);
  if (!isNew)
    return entry->second;
  bool needed = llvm::any_of(
      op->getUsers(), [&](Operation *user) { return isNeeded(user, known); });
  return known[op] = needed;
}

/// The number of past positions is known now; sizes of the inputs are checked.
void Build::finish() {
  const Roles &roles = analysis.roles();
  Value logits =
      main.getBody().front().getTerminator()->getOperand(roles.logits);
  Value built = get(logits, analysis.logitsDemand().axes);
  results.insert(results.begin(), built);
  NamedAttrList attributes(main.getResultAttrDict(roles.logits));
  SmallVector<Attribute> dims;
  if (auto old = dyn_cast_if_present<ArrayAttr>(attributes.get("hybrid.dims")))
    for (auto [axis, dim] : llvm::enumerate(old))
      dims.push_back(analysis.logitsDemand().axes[axis].kind == Kind::Plain
                         ? dim
                         : Attribute(b.getStringAttr("1")));
  attributes.set("hybrid.dims", b.getArrayAttr(dims));
  resultAttrs.insert(resultAttrs.begin(),
                     attributes.getDictionary(b.getContext()));

  Block &body = function.getBody().front();
  func::ReturnOp::create(b, loc, results);
  b.setInsertionPoint(past.getDefiningOp());
  llvm::DenseMap<Operation *, bool> needed;
  bool needsPast = llvm::any_of(
      past.getUsers(), [&](Operation *user) { return isNeeded(user, needed); });
  Value known;
  if (firstContext)
    known = tensor::DimOp::create(b, loc, firstContext, 2);
  else if (mask)
    known =
        arith::SubIOp::create(b, loc, tensor::DimOp::create(b, loc, mask, 1),
                              step ? constant(1) : lengthValue(Kind::Query));
  else if (needsPast) {
    // Positions matter and nothing else counts them.
    Value counted =
        addArgument(RankedTensorType::get({step ? 1 : ShapedType::kDynamic},
                                          b.getI64Type()),
                    "positions", {lengthName}, b.getI64Type());
    positions = counted;
    Value first = tensor::ExtractOp::create(b, loc, counted, constant(0));
    known = arith::IndexCastOp::create(b, loc, b.getIndexType(), first);
  }
  if (known) {
    past.replaceAllUsesWith(known);
    past.getDefiningOp()->erase();
    past = known;
  }
  b.setInsertionPointAfter(total.getDefiningOp());
  auto holds = [&](arith::CmpIPredicate predicate, Value a, Value c) {
    return arith::CmpIOp::create(b, loc, predicate, a, c);
  };
  using P = arith::CmpIPredicate;
  Value batch = tensor::DimOp::create(b, loc, ids, 0);
  auto nameOf = [&](unsigned argument) {
    auto dictionary = cast<DictionaryAttr>(argAttrs[argument]);
    return dictionary.getAs<StringAttr>(hybrid::kNameAttr).getValue();
  };
  require(holds(P::sge, batch, constant(1)),
          "input '" + nameOf(0) + "' dimension 0 must be at least 1");
  if (!step)
    require(holds(P::sge, lengthValue(Kind::Query), constant(1)),
            "input '" + nameOf(0) + "' dimension 1 must be at least 1");
  for (BlockArgument argument : body.getArguments().drop_front()) {
    auto type = cast<RankedTensorType>(argument.getType());
    unsigned number = argument.getArgNumber();
    if (type.isDynamicDim(0) && type.getRank() > 1)
      require(holds(P::eq, tensor::DimOp::create(b, loc, argument, 0), batch),
              "input '" + nameOf(number) + "' dimension 0 must be that of '" +
                  nameOf(0) + "'");
    for (int64_t axis = 1; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis) && (argument != mask || firstContext)) {
        Value expected = argument == mask        ? total
                         : argument == positions ? lengthValue(Kind::Query)
                                                 : past;
        require(holds(P::eq, tensor::DimOp::create(b, loc, argument, axis),
                      expected),
                "input '" + nameOf(number) + "' dimension " + Twine(axis) +
                    " does not fit the number of positions");
      }
  }
  if (mask && !firstContext)
    require(holds(P::sge, past, constant(0)),
            "input '" + nameOf(1) + "' dimension 1 must be at least that of '" +
                nameOf(0) + "'");
  function.setType(b.getFunctionType(body.getArgumentTypes(),
                                     TypeRange(ValueRange(results))));
  function.setArgAttrsAttr(b.getArrayAttr(argAttrs));
  function.setResAttrsAttr(b.getArrayAttr(resultAttrs));
}

} // namespace jarana::state
