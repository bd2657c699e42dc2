#include "passes/state/Sequence.h"
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace jarana::state {
namespace {

StringRef nameOf(DictionaryAttr attributes) {
  auto name =
      attributes ? attributes.getAs<StringAttr>(hybrid::kNameAttr) : nullptr;
  return name ? name.getValue() : StringRef();
}

bool isIntegers(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isInteger();
}

/// Where two sizes are multiplied.
SizeRole product(SizeRole a, SizeRole b) {
  if (a == SizeRole::Plain && b == SizeRole::Plain)
    return SizeRole::Plain;
  if (a == SizeRole::Other || b == SizeRole::Other ||
      (a != SizeRole::Plain && b != SizeRole::Plain))
    return SizeRole::Other;
  return SizeRole::Folded;
}

/// The argument and axis whose size `value` is.
std::optional<std::pair<unsigned, unsigned>> asArgumentSize(Value value) {
  auto dim = value.getDefiningOp<tensor::DimOp>();
  auto argument =
      dim ? dyn_cast<BlockArgument>(dim.getSource()) : BlockArgument();
  if (!argument || !dim.getConstantIndex())
    return std::nullopt;
  return std::pair(argument.getArgNumber(),
                   static_cast<unsigned>(*dim.getConstantIndex()));
}

/// Whether a size, as symbolic::Context prints it, is made of the symbol: names
/// of other characters than these are quoted there.
bool mentions(StringRef size, StringRef symbol) {
  auto isPlain = [](char c) {
    return llvm::isAlnum(c) || StringRef("_.[]").contains(c);
  };
  while (!size.empty()) {
    StringRef name = size.take_while(isPlain);
    size = size.drop_front(name.size());
    if (size.consume_front("'"))
      std::tie(name, size) = size.split('\'');
    else if (name.empty())
      size = size.drop_front();
    if (name == symbol)
      return true;
  }
  return false;
}

} // namespace

std::optional<Roles> findRoles(func::FuncOp main, const RoleNames &stated,
                               Refusal &refusal) {
  refusal.op = main;
  auto refuse = [&](const Twine &why) -> std::optional<Roles> {
    refusal.reason = why.str();
    return std::nullopt;
  };
  Roles roles;
  std::optional<unsigned> ids;
  SmallVector<unsigned> free;
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    StringRef name = nameOf(main.getArgAttrDict(i));
    if (!stated.ids.empty() && name == stated.ids)
      ids = i;
    else if (!stated.mask.empty() && name == stated.mask)
      roles.mask = i;
    else if (!stated.positions.empty() && name == stated.positions)
      roles.positions = i;
    else
      free.push_back(i);
  }
  // By name, where nothing else was stated.
  SmallVector<unsigned> integers;
  for (unsigned i : free) {
    StringRef name = nameOf(main.getArgAttrDict(i));
    bool isInteger = isIntegers(main.getArgumentTypes()[i]);
    if (name == "input_ids" && stated.ids.empty())
      ids = i;
    else if (name.contains("position") && isInteger && !roles.positions)
      roles.positions = i;
    else if (name.contains("mask") && !roles.mask)
      roles.mask = i;
    else if (isInteger && !main.getArgument(i).use_empty())
      integers.push_back(i);
  }
  if (!ids && integers.size() == 1)
    ids = integers.front();
  if (!ids)
    return refuse("has no input of token ids ('input_ids', or that which --ids "
                  "states)");
  roles.ids = *ids;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (i != *ids && roles.mask != i && roles.positions != i &&
        !main.getArgument(i).use_empty())
      return refuse("has the input '" + nameOf(main.getArgAttrDict(i)) +
                    "', which is no token ids, mask or positions (--ids, "
                    "--mask and --positions state which inputs are)");
  auto type = dyn_cast<RankedTensorType>(main.getArgumentTypes()[*ids]);
  if (!type || type.getRank() != 2 || !isIntegers(type))
    return refuse("has token ids that are not integers [batch, length]");
  if (!type.isDynamicDim(1))
    return refuse("has a fixed length: input '" +
                  nameOf(main.getArgAttrDict(*ids)) + "' takes " +
                  Twine(type.getDimSize(1)) +
                  " tokens (--generalize=length may lift that)");
  for (std::optional<unsigned> other : {roles.mask, roles.positions}) {
    auto shaped =
        other ? dyn_cast<RankedTensorType>(main.getArgumentTypes()[*other])
              : type;
    if (!shaped || shaped.getRank() != 2)
      return refuse("has the input '" + nameOf(main.getArgAttrDict(*other)) +
                    "' that is not [batch, length]");
  }
  std::optional<unsigned> logits;
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    if (nameOf(main.getResultAttrDict(i)) ==
        (stated.logits.empty() ? "logits" : StringRef(stated.logits)))
      logits = i;
  if (!logits && main.getNumResults() == 1)
    logits = 0;
  auto out = logits ? dyn_cast<RankedTensorType>(main.getResultTypes()[*logits])
                    : RankedTensorType();
  if (!out || out.getRank() < 2 || !isa<FloatType>(out.getElementType()))
    return refuse("has no output of logits ('logits', or that which --logits "
                  "states)");
  roles.logits = *logits;
  return roles;
}

Sequence::Sequence(func::FuncOp main, const Roles &roles)
    : main(main), roles(roles) {
  if (auto dims = main.getArgAttrOfType<ArrayAttr>(roles.ids, "hybrid.dims"))
    if (auto text = dyn_cast<StringAttr>(dims[1]))
      symbol = text.str();
  readEqualities(main);
}

/// What the graph checks to be the length of the ids is the length. Mask and
/// positions have it where the graph does not say so: the derived functions
/// check it, and no meaning is given to other sizes.
void Sequence::readEqualities(func::FuncOp main) {
  for (std::optional<unsigned> argument :
       {std::optional(roles.ids), roles.mask, roles.positions})
    if (argument)
      equalToLength.insert({*argument, 1});
  main.walk([&](hybrid::CheckOp check) {
    auto compare = check.getCondition().getDefiningOp<arith::CmpIOp>();
    if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq)
      return;
    auto a = asArgumentSize(compare.getLhs()),
         b = asArgumentSize(compare.getRhs());
    std::pair<unsigned, unsigned> length(roles.ids, 1);
    if (a && b && (*a == length || *b == length))
      equalToLength.insert(*a == length ? *b : *a);
  });
}

SizeRole Sequence::ofArgument(BlockArgument argument, unsigned axis) {
  if (!cast<RankedTensorType>(argument.getType()).isDynamicDim(axis))
    return SizeRole::Plain;
  if (equalToLength.contains({argument.getArgNumber(), axis}))
    return SizeRole::Sequence;
  auto dims =
      main.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "hybrid.dims");
  auto text = dims && axis < dims.size() ? dyn_cast<StringAttr>(dims[axis])
                                         : StringAttr();
  if (!text || symbol.empty() || text.getValue() == "?")
    return axis == 0 ? SizeRole::Plain : SizeRole::Other;
  if (text.getValue() == symbol)
    return SizeRole::Sequence;
  return axis == 0 && !mentions(text.getValue(), symbol) ? SizeRole::Plain
                                                         : SizeRole::Other;
}

SizeRole Sequence::roleOf(OpFoldResult size) {
  auto value = dyn_cast<Value>(size);
  return value ? roleOf(value) : SizeRole::Plain;
}

SizeRole Sequence::roleOf(Value size) {
  auto found = sizes.find(size);
  if (found != sizes.end())
    return found->second;
  SizeRole role = computeRole(size);
  sizes[size] = role;
  return role;
}

SizeRole Sequence::computeRole(Value size) {
  Operation *op = size.getDefiningOp();
  if (!op || !isShapeArithmetic(size))
    return SizeRole::Other;
  if (op->hasTrait<OpTrait::ConstantLike>())
    return SizeRole::Plain;
  if (auto dim = dyn_cast<tensor::DimOp>(op))
    return ofArgument(cast<BlockArgument>(dim.getSource()),
                      *dim.getConstantIndex());
  if (isa<arith::IndexCastOp>(op))
    return roleOf(op->getOperand(0));
  if (isa<arith::MulIOp>(op))
    return product(roleOf(op->getOperand(0)), roleOf(op->getOperand(1)));
  return llvm::all_of(
             op->getOperands(),
             [&](Value operand) { return roleOf(operand) == SizeRole::Plain; })
             ? SizeRole::Plain
             : SizeRole::Other;
}

bool Sequence::isShapeArithmetic(Value value) {
  auto found = arithmetic.find(value);
  if (found != arithmetic.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  bool is = false;
  if (op && value.getType().isIntOrIndex()) {
    if (auto dim = dyn_cast<tensor::DimOp>(op))
      is = isa<BlockArgument>(dim.getSource()) && dim.getConstantIndex();
    else
      is = op->hasTrait<OpTrait::ConstantLike>() ||
           (isa<arith::ArithDialect>(op->getDialect()) &&
            op->getNumRegions() == 0 &&
            llvm::all_of(op->getOperands(), [&](Value operand) {
              return isShapeArithmetic(operand);
            }));
  }
  arithmetic[value] = is;
  return is;
}

SizeRole Sequence::roleOf(Value tensor, unsigned axis) {
  if (!cast<RankedTensorType>(tensor.getType()).isDynamicDim(axis))
    return SizeRole::Plain;
  auto key = std::pair(tensor, axis);
  auto found = axes.find(key);
  if (found != axes.end())
    return found->second;
  SizeRole role = computeAxis(tensor, axis);
  axes[key] = role;
  return role;
}

SizeRole Sequence::computeAxis(Value tensor, unsigned axis) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return argument.getOwner() == &main.getBody().front()
               ? ofArgument(argument, axis)
               : SizeRole::Other;
  Operation *op = tensor.getDefiningOp();
  if (auto style = dyn_cast<DestinationStyleOpInterface>(op))
    return roleOf(style.getTiedOpOperand(cast<OpResult>(tensor))->get(), axis);
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return roleOf(empty.getMixedSizes()[axis]);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return roleOf(expand.getMixedOutputShape()[axis]);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    SizeRole role = SizeRole::Plain;
    bool alone = true;
    ReassociationIndices group = collapse.getReassociationIndices()[axis];
    for (int64_t source : group) {
      SizeRole factor = roleOf(collapse.getSrc(), source);
      if (factor == SizeRole::Plain) {
        alone &= collapse.getSrcType().getDimSize(source) == 1;
        continue;
      }
      role = role == SizeRole::Plain ? factor : SizeRole::Other;
    }
    return role == SizeRole::Sequence && !alone ? SizeRole::Folded : role;
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return roleOf(cast.getSource(), axis);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return roleOf(insert.getDest(), axis);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    for (unsigned source = 0, result = 0; source < dropped.size(); ++source)
      if (!dropped[source] && result++ == axis)
        return roleOf(slice.getMixedSizes()[source]);
  }
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return roleOf(loop.getInitArgs()[cast<OpResult>(tensor).getResultNumber()],
                  axis);
  if (auto concat = dyn_cast<tensor::ConcatOp>(op))
    return concat.getDim() == axis ? SizeRole::Other
                                   : roleOf(concat.getInputs()[0], axis);
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    bool same = isZeroInteger(pad.getMixedLowPad()[axis]) &&
                isZeroInteger(pad.getMixedHighPad()[axis]);
    return same ? roleOf(pad.getSource(), axis) : SizeRole::Other;
  }
  return SizeRole::Other;
}

std::optional<int64_t> Sequence::innerOf(Value tensor, unsigned axis) {
  auto key = std::pair(tensor, axis);
  auto found = inners.find(key);
  if (found != inners.end())
    return found->second;
  auto inner = computeInner(tensor, axis);
  inners[key] = inner;
  return inner;
}

std::optional<int64_t> Sequence::computeInner(Value tensor, unsigned axis) {
  if (roleOf(tensor, axis) == SizeRole::Sequence)
    return 1;
  Operation *op = tensor.getDefiningOp();
  if (!op || roleOf(tensor, axis) != SizeRole::Folded)
    return std::nullopt;
  auto after = [](ReassociationIndices group, int64_t at,
                  ArrayRef<int64_t> shape) -> std::optional<int64_t> {
    int64_t product = 1;
    for (int64_t other : group)
      if (other > at) {
        if (ShapedType::isDynamic(shape[other]))
          return std::nullopt;
        product *= shape[other];
      }
    return product;
  };
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    ReassociationIndices group = collapse.getReassociationIndices()[axis];
    for (int64_t source : group)
      if (roleOf(collapse.getSrc(), source) != SizeRole::Plain) {
        auto inner = innerOf(collapse.getSrc(), source);
        auto rest = after(group, source, collapse.getSrcType().getShape());
        return inner && rest ? std::optional(*inner * *rest) : std::nullopt;
      }
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    for (auto [source, group] :
         llvm::enumerate(expand.getReassociationIndices()))
      if (llvm::is_contained(group, axis)) {
        auto inner = innerOf(expand.getSrc(), source);
        auto rest = after(group, axis, expand.getResultType().getShape());
        return inner && rest && *rest > 0 && *inner % *rest == 0
                   ? std::optional(*inner / *rest)
                   : std::nullopt;
      }
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    AffineExpr loop = linalgOp
                          .getMatchingIndexingMap(linalgOp.getDpsInitOperand(
                              cast<OpResult>(tensor).getResultNumber()))
                          .getResult(axis);
    for (OpOperand *input : linalgOp.getDpsInputOperands())
      for (auto [at, expr] :
           llvm::enumerate(linalgOp.getMatchingIndexingMap(input).getResults()))
        if (expr == loop)
          if (auto inner = innerOf(input->get(), at))
            return inner;
  }
  return std::nullopt;
}

Value Sequence::maskArgument() {
  return roles.mask ? Value(main.getArgument(*roles.mask)) : Value();
}

bool Sequence::isLastPosition(OpFoldResult index) {
  auto value = dyn_cast<Value>(index);
  if (!value || !isShapeArithmetic(value))
    return false;
  APInt number;
  if (auto add = value.getDefiningOp<arith::AddIOp>())
    return matchPattern(add.getRhs(), m_ConstantInt(&number)) &&
           number.isAllOnes() && roleOf(add.getLhs()) == SizeRole::Sequence;
  if (auto sub = value.getDefiningOp<arith::SubIOp>())
    return matchPattern(sub.getRhs(), m_ConstantInt(&number)) &&
           number.isOne() && roleOf(sub.getLhs()) == SizeRole::Sequence;
  return false;
}

} // namespace jarana::state
