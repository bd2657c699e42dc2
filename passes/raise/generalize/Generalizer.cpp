#include "passes/raise/generalize/Generalizer.h"

#include "dialects/Guarded.h"
#include "dialects/onnx/OnnxDialect.h"
#include "passes/raise/generalize/Constant.h"
#include "passes/raise/generalize/PositionTable.h"
#include "passes/raise/generalize/Regroup.h"
#include "passes/raise/recognise/Constants.h"
#include "passes/raise/recognise/Recogniser.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace jarana::raise {
namespace {

using recognise::OnnxBuilder;
using recognise::opName;
using symbolic::Expr;
using symbolic::Shape;

/// Operators whose operands broadcast against each other.
bool broadcasts(Operation *op) {
  static const llvm::StringSet<> names = {
      "Add",   "Sub",   "Mul",         "Div",     "Pow",
      "Min",   "Max",   "Mod",         "And",     "Or",
      "Xor",   "Less",  "LessOrEqual", "Greater", "GreaterOrEqual",
      "Equal", "Where", "Mean",        "Sum"};
  return names.contains(opName(op));
}

class Generalizer {
public:
  Generalizer(func::FuncOp function, onnx::SymbolicShapes before)
      : function(function), before(std::move(before)) {}

  LogicalResult run(bool length, bool batch) {
    BlockArgument ids = findIds();
    if (!ids)
      return function.emitError(
          "--generalize: no input of token ids was found, an integer [batch, "
          "length] that indexes an embedding");
    if (failed(openArguments(ids, length, batch)))
      return failure();
    for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
      if (failed(guarded(&op, [&] { return visit(&op); })))
        return failure();
    Operation *terminator = function.getBody().front().getTerminator();
    function.setType(FunctionType::get(function.getContext(),
                                       function.getBody().getArgumentTypes(),
                                       terminator->getOperandTypes()));
    for (Operation *op : dropped)
      op->erase();
    return checkNoLimits(length, batch);
  }

private:
  /// The index of the first Gather that reads a table of rows.
  BlockArgument findIds() {
    for (Operation &op : function.getBody().front()) {
      if (opName(&op) != "Gather")
        continue;
      Value index = recognise::throughMovement(op.getOperand(1));
      auto argument = dyn_cast<BlockArgument>(index);
      auto type = dyn_cast<RankedTensorType>(index.getType());
      if (argument && type && type.getRank() == 2 &&
          type.getElementType().isInteger() &&
          isa<FloatType>(getElementTypeOrSelf(op.getOperand(0).getType())))
        return argument;
    }
    return {};
  }

  std::string argumentName(unsigned number) {
    auto name = function.getArgAttrOfType<StringAttr>(number, "onnx.name");
    return name ? name.str() : "#" + std::to_string(number);
  }

  /// Gives the ids' dimensions, and those that were traced with them, names.
  LogicalResult openArguments(BlockArgument ids, bool length, bool batch) {
    const Shape &shape = before[ids].shape;
    if (length && shape[1].isConstant(1))
      return function.emitError("--generalize=length: input '")
             << argumentName(ids.getArgNumber())
             << "' was traced at length 1, a decode step; the graph of a "
                "longer "
                "prompt is needed";
    for (BlockArgument argument : function.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type)
        continue;
      SmallVector<int64_t> sizes(type.getShape());
      SmallVector<std::string> names;
      for (auto [axis, dim] : llvm::enumerate(before[argument].shape)) {
        bool isBatch = batch && axis == 0 && dim == shape[0],
             isLength = length && axis == 1 && type.getRank() == 2 &&
                        type.getElementType().isInteger() && dim == shape[1];
        std::string text = before.context().print(dim);
        if ((isBatch || isLength) && dim.constant()) {
          text = isBatch ? "batch" : "sequence";
          sizes[axis] = ShapedType::kDynamic;
        }
        names.push_back(text);
      }
      if (type.getShape() != ArrayRef(sizes)) {
        argument.setType(type.clone(sizes));
        function.setArgAttr(
            argument.getArgNumber(), "onnx.dims",
            Builder(function.getContext())
                .getStrArrayAttr(llvm::to_vector_of<StringRef>(names)));
      }
      after.setArgument(argument, llvm::to_vector_of<StringRef>(names));
    }
    idsArgument = ids;
    return success();
  }

  LogicalResult visit(Operation *op) {
    if (op->hasTrait<OpTrait::IsTerminator>())
      return success();
    StringRef name = opName(op);
    // A graph that was traced at whole chunks pads only where it is not valid.
    if (name == "Pad" && padsNothing(op)) {
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      dropped.push_back(op);
      return success();
    }
    LogicalResult fixed = success();
    if (name == "Reshape" && hasFunctions(op->getOperand(1)))
      fixed = fixReshape(op);
    else if (anyChanged(op->getOperands())) {
      if (name == "Reshape")
        fixed = fixReshape(op);
      else if (name == "Expand")
        fixed = fixExpand(op);
      else if (name == "Slice")
        fixed = fixSlice(op);
      else if (name == "RotaryEmbedding")
        fixed = fixRotary(op);
      else if (broadcasts(op))
        fixed = fixBroadcast(op);
    }
    if (failed(fixed) || failed(after.infer(op)))
      return failure();
    return success();
  }

  bool padsNothing(Operation *pad) {
    const auto &pads = before[pad->getOperand(1)].contents;
    return pads && llvm::all_of(*pads, [&](const Expr &amount) {
             return before.context().proveEqual(amount, 0);
           });
  }

  /// A dimension that was a number and is none now.
  bool changed(Value value, size_t axis) {
    return before[value].shape[axis].constant() &&
           !after.lookup(value).shape[axis].constant();
  }
  bool changed(Value value) {
    if (!known(value))
      return false;
    for (size_t axis = 0; axis < before[value].shape.size(); ++axis)
      if (changed(value, axis))
        return true;
    return false;
  }
  bool anyChanged(ValueRange values) {
    return llvm::any_of(values, [&](Value value) { return changed(value); });
  }
  /// Whether the value was in the traced graph, and is a tensor.
  bool known(Value value) {
    return isa<RankedTensorType>(value.getType()) && !made.contains(value);
  }

  /// An expression of the traced graph, over the new symbols.
  Expr translate(const Expr &expr) {
    symbolic::Visitor<Expr> visitor;
    auto &context = after.context();
    visitor.constant = [](int64_t value) { return Expr(value); };
    visitor.symbol = [&](symbolic::SymbolId id) {
      if (auto source = before.source(id))
        return after.lookup(function.getArgument(source->first))
            .shape[source->second];
      if (auto definition = before.definedBy(id))
        return after.lookup(definition->first).shape[definition->second];
      throw Error("a size is known only when the graph runs");
    };
    visitor.add = [](Expr a, Expr b) { return a + b; };
    visitor.mul = [](Expr a, Expr b) { return a * b; };
    visitor.function = [&](symbolic::Function function, std::vector<Expr> x) {
      switch (function) {
      case symbolic::Function::FloorDiv:
        return context.floorDiv(x[0], x[1]);
      case symbolic::Function::Min:
        return context.min(x[0], x[1]);
      case symbolic::Function::Max:
        return context.max(x[0], x[1]);
      case symbolic::Function::Less:
        return context.less(x[0], x[1]);
      case symbolic::Function::Equal:
        return context.equal(x[0], x[1]);
      }
      return Expr(0);
    };
    return symbolic::fold(expr, visitor);
  }
  /// The traced shape, over the new symbols where it has symbols.
  Shape traced(Value value) {
    Shape shape;
    for (const Expr &dim : before[value].shape)
      shape.push_back(translate(tidy(dim)));
    return shape;
  }
  /// A size that is a number, or a symbol, wherever the traced graph is valid.
  Expr tidy(const Expr &dim) {
    if (dim.constant() || dim.asSymbol())
      return dim;
    // A constant shows at any sizes that the graph admits: multiples of every
    // usual chunk.
    std::vector<int64_t> sizes(before.context().numSymbols(), 15 * 4096);
    Expr constant = before.context().evaluate(dim, sizes);
    if (before.context().proveEqual(dim, constant))
      return constant;
    for (symbolic::SymbolId id : dim.symbols())
      if (before.context().proveEqual(dim, Expr::symbol(id)))
        return Expr::symbol(id);
    return dim;
  }
  /// Whether a shape is computed by more than sums and products: by what the
  /// exporter's padding leaves, which is a plain size wherever the traced graph
  /// is valid.
  bool hasFunctions(Value shape) {
    const onnx::ValueInfo info = after.lookup(shape);
    symbolic::Visitor<bool> visitor;
    visitor.constant = [](int64_t) { return false; };
    visitor.symbol = [](symbolic::SymbolId) { return false; };
    visitor.add = visitor.mul = [](bool a, bool b) { return a || b; };
    visitor.function = [](symbolic::Function, std::vector<bool>) {
      return true;
    };
    return info.contents && llvm::any_of(*info.contents, [&](const Expr &e) {
             return symbolic::fold(e, visitor);
           });
  }

  InFlightDiagnostic refuse(Operation *op) {
    return emitError(op->getLoc())
           << "--generalize: " << opName(op).str() << " node: ";
  }

  OnnxBuilder builder(Operation *op) {
    return OnnxBuilder(op, op->getLoc(), after);
  }

  /// A vector [1] of an expression over the dimensions of the ids.
  Value vectorOf(OnnxBuilder &b, const Expr &expr) {
    symbolic::Visitor<Value> visitor;
    visitor.constant = [&](int64_t value) { return note(b.integers({value})); };
    visitor.symbol = [&](symbolic::SymbolId id) -> Value {
      auto source = after.source(id);
      if (!source)
        return {};
      auto attribute = [&](StringRef name, int64_t value) {
        return b.attribute(name, b.b.getI64IntegerAttr(value));
      };
      return note(b.one("Shape", function.getArgument(source->first),
                        {attribute("start", source->second),
                         attribute("end", source->second + 1)}));
    };
    auto binary = [&](StringRef op) {
      return [this, &b, op](Value x, Value y) {
        return x && y ? note(b.one(op, {x, y})) : Value();
      };
    };
    visitor.add = binary("Add");
    visitor.mul = binary("Mul");
    visitor.function = [](symbolic::Function, std::vector<Value>) {
      return Value();
    };
    return symbolic::fold(expr, visitor);
  }
  Value shapeVector(OnnxBuilder &b, const Shape &shape) {
    SmallVector<Value> parts;
    for (const Expr &dim : shape) {
      Value part = vectorOf(b, dim);
      if (!part)
        return {};
      parts.push_back(part);
    }
    return note(
        b.one("Concat", parts, b.attribute("axis", b.b.getI64IntegerAttr(0))));
  }
  Value note(Value value) {
    made.insert(value);
    return value;
  }

  LogicalResult fixReshape(Operation *op) {
    Value input = op->getOperand(0), result = op->getResult(0);
    std::optional<Shape> wanted;
    try {
      wanted = regroup(after.context(), traced(input),
                       after.lookup(input).shape, traced(result));
    } catch (const Error &error) {
      return refuse(op) << error.what();
    }
    if (!wanted && !anyChanged(op->getOperands()))
      return success();
    if (!wanted)
      return refuse(op) << "it is not clear which of its dimensions are the "
                           "batch and the sequence";
    OnnxBuilder b = builder(op);
    Value target = shapeVector(b, *wanted);
    if (!target && !anyChanged(op->getOperands()))
      return success(); // chunks of a scan that is not raised, say
    if (!target)
      return refuse(op) << "its shape is not computed from the inputs' sizes";
    op->setOperand(1, target);
    op->setAttr("allowzero", b.b.getI64IntegerAttr(0));
    return success();
  }

  /// A traced size that the operand has too follows it; others stay.
  LogicalResult fixExpand(Operation *op) {
    Value input = op->getOperand(0);
    Shape wanted = traced(op->getResult(0));
    const Shape &now = after.lookup(input).shape;
    size_t shift = wanted.size() - now.size();
    for (size_t axis = 0; axis < now.size(); ++axis)
      if (changed(input, axis) && (!before[input].shape[axis].isConstant(1) ||
                                   wanted[axis + shift].isConstant(1)))
        wanted[axis + shift] = now[axis];
    OnnxBuilder b = builder(op);
    Value target = shapeVector(b, wanted);
    if (!target)
      return refuse(op) << "its shape is not computed from the inputs' sizes";
    op->setOperand(1, target);
    return success();
  }

  /// An end at the traced size means all.
  LogicalResult fixSlice(Operation *op) {
    Value input = op->getOperand(0);
    recognise::Graph now{function, after};
    auto numbers = [&](unsigned operand) {
      return operand < op->getNumOperands()
                 ? recognise::integersOf(now, op->getOperand(operand))
                 : std::nullopt;
    };
    auto ends = numbers(2), axes = numbers(3);
    if (!ends)
      return success(); // computed from the sizes
    bool touched = false;
    int64_t rank = static_cast<int64_t>(before[input].shape.size());
    for (size_t i = 0; i < ends->size(); ++i) {
      int64_t axis = axes ? (*axes)[i] : static_cast<int64_t>(i);
      axis += axis < 0 ? rank : 0;
      if (axis < 0 || axis >= rank ||
          !changed(input, static_cast<size_t>(axis)))
        continue;
      if ((*ends)[i] >= before[input].shape[axis].constant().value()) {
        (*ends)[i] = std::numeric_limits<int64_t>::max();
        touched = true;
      } else if ((*ends)[i] >= 0) {
        return refuse(op) << "it takes a fixed part of the sequence or batch";
      }
    }
    if (touched) {
      OnnxBuilder b = builder(op);
      op->setOperand(2, note(b.integers(*ends)));
    }
    return success();
  }

  /// Tables of as many rows as the sequence had.
  LogicalResult fixRotary(Operation *op) {
    Value input = op->getOperand(0);
    const onnx::ValueInfo info = after.lookup(input);
    size_t sequence = info.shape.size() == 4 ? 2 : 1;
    if (!changed(input, sequence))
      return success();
    for (unsigned operand : {1u, 2u})
      if (known(op->getOperand(operand)) &&
          before[op->getOperand(operand)].shape.size() == 3 &&
          !changed(op->getOperand(operand), 1) &&
          before[op->getOperand(operand)].shape[1] ==
              before[input].shape[sequence] &&
          failed(open(op, operand, 1, info.shape[sequence])))
        return failure();
    return success();
  }

  LogicalResult fixBroadcast(Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (!known(value))
        continue;
      size_t rank = before[value].shape.size();
      for (size_t axis = 0; axis < rank; ++axis) {
        const Expr &size = before[value].shape[axis];
        if (!size.constant() || size.isConstant(1) || changed(value, axis))
          continue;
        for (Value other : op->getOperands()) {
          if (!known(other))
            continue;
          size_t otherRank = before[other].shape.size();
          if (otherRank + axis < rank)
            continue;
          size_t otherAxis = otherRank + axis - rank;
          if (!changed(other, otherAxis) ||
              !(before[other].shape[otherAxis] == size))
            continue;
          if (failed(open(op, operand.getOperandNumber(), axis,
                          after.lookup(other).shape[otherAxis])))
            return failure();
          value = operand.get();
          break;
        }
        if (!known(value))
          break;
      }
    }
    return success();
  }

  /// Replaces an operand that is a table over positions along `axis` by the
  /// function that it is.
  LogicalResult open(Operation *op, unsigned operand, size_t axis,
                     const Expr &size) {
    Value value = op->getOperand(operand);
    std::optional<reference::Tensor> table =
        evaluateConstant(function, before, value);
    if (!table)
      return refuse(op)
             << "operand " << operand
             << " has a fixed size along the sequence and depends on "
                "the inputs";
    int64_t outer = 1, inner = 1, rows = table->shape[axis];
    for (size_t i = 0; i < table->shape.size(); ++i)
      (i < axis ? outer : inner) *= i == axis ? 1 : table->shape[i];
    bool integers = !reference::isFloat(table->dtype);
    std::vector<double> values = table->reals;
    if (integers)
      values.assign(table->ints.begin(), table->ints.end());
    std::string reason;
    auto found =
        findPositionFunction(values, outer, rows, inner, integers, reason);
    if (!found)
      return refuse(op) << "operand " << operand << " is a constant of " << rows
                        << " positions: " << reason;
    OnnxBuilder b = builder(op);
    Value replacement = make(b, *found, value, table->shape, axis, size);
    if (!replacement)
      return refuse(op) << "operand " << operand
                        << " could not be made for any length";
    op->setOperand(operand, replacement);
    return success();
  }

  Value make(OnnxBuilder &b, const PositionFunction &function, Value original,
             reference::Shape shape, size_t axis, const Expr &size) {
    using Kind = PositionFunction::Kind;
    auto element = cast<RankedTensorType>(original.getType()).getElementType();
    shape[axis] = 1;
    auto constant = [&](const std::vector<double> &numbers, Type type) {
      auto tensor = RankedTensorType::get(shape, type);
      SmallVector<Attribute> elements;
      for (double number : numbers)
        elements.push_back(isa<FloatType>(type)
                               ? Attribute(b.b.getFloatAttr(type, number))
                               : Attribute(b.b.getIntegerAttr(
                                     type, static_cast<int64_t>(number))));
      auto op = ::mlir::onnx::ConstantOp::create(
          b.b, b.loc, tensor,
          cast<ElementsAttr>(DenseElementsAttr::get(tensor, elements)));
      return failed(after.infer(op)) ? Value() : note(op.getOutput());
    };
    if (function.kind == Kind::Uniform)
      return constant(function.first, element);
    // Positions as a column that broadcasts along `axis`.
    Value count = vectorOf(b, size);
    if (!count)
      return {};
    Type i64 = b.b.getI64Type();
    auto scalar = [&](Value vector) {
      return note(b.one("Squeeze", {vector, note(b.integers({0}))}));
    };
    Value zero = scalar(note(b.integers({0}))),
          one = scalar(note(b.integers({1})));
    Value positions = note(b.one("Range", {zero, scalar(count), one}));
    SmallVector<int64_t> column(shape.size(), 1);
    column[axis] = -1;
    positions = note(b.reshape(positions, column));
    Type type = function.kind == Kind::Affine ? i64 : Type(b.b.getF32Type());
    auto cast = [&](Value value, Type to) {
      return note(b.one("Cast", value, b.attribute("to", TypeAttr::get(to))));
    };
    if (type != i64)
      positions = cast(positions, type);
    Value result =
        note(b.one("Mul", {positions, constant(function.kind == Kind::Affine
                                                   ? function.step
                                                   : function.first,
                                               type)}));
    if (function.kind == Kind::Affine)
      result = note(b.one("Add", {result, constant(function.first, type)}));
    else
      result = note(b.one(function.kind == Kind::Cos ? "Cos" : "Sin", result));
    return element == type ? result : cast(result, element);
  }

  /// What is still assumed about the opened sizes makes the graph as limited as
  /// it was.
  LogicalResult checkNoLimits(bool length, bool batch) {
    auto &context = after.context();
    std::vector<symbolic::SymbolId> opened;
    const Shape shape = after.lookup(idsArgument).shape;
    for (auto [axis, wanted] : {std::pair(0, batch), std::pair(1, length)})
      if (auto symbol = shape[axis].asSymbol(); symbol && wanted)
        opened.push_back(*symbol);
    // An equality with another input's size is no limit of these.
    auto isOpened = [&](symbolic::SymbolId id) {
      return llvm::is_contained(opened, id);
    };
    for (const auto &check : context.checks()) {
      std::vector<symbolic::SymbolId> ids = (check.lhs - check.rhs).symbols();
      if (!ids.empty() && llvm::all_of(ids, isOpened))
        return function.emitError("--generalize: the graph stays limited: ")
               << context.describe(check);
    }
    for (symbolic::SymbolId id : opened)
      if (context.symbolInfo(id).lowerBound > 1)
        return function.emitError("--generalize: the graph stays limited: ")
               << context.describeLowerBound(id);
    return success();
  }

  func::FuncOp function;
  onnx::SymbolicShapes before, after;
  llvm::DenseSet<Value> made; ///< values that the traced graph did not have
  /// Ops that nothing uses any more, kept as values are told apart by address.
  SmallVector<Operation *> dropped;
  BlockArgument idsArgument;
};

} // namespace

LogicalResult generalizeShapes(func::FuncOp function, bool length, bool batch) {
  FailureOr<onnx::SymbolicShapes> shapes =
      onnx::SymbolicShapes::compute(function);
  if (failed(shapes))
    return failure();
  return guarded(function, [&] {
    return Generalizer(function, std::move(*shapes)).run(length, batch);
  });
}

} // namespace jarana::raise
