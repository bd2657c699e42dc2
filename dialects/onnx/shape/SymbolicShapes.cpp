// The shapes of all values of a function.
#include "dialects/onnx/shape/Rules.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace jarana::onnx {

using symbolic::Context;
using symbolic::Expr;
using symbolic::SymbolId;

ValueInfo infoOfType(Type type, Context &context,
                     const std::string &origin); // Infer.cpp

SymbolicShapes::SymbolicShapes() : ctx(std::make_shared<Context>()) {}

void SymbolicShapes::setArgument(BlockArgument argument,
                                 ArrayRef<StringRef> dims) {
  auto type = cast<RankedTensorType>(argument.getType());
  unsigned number = argument.getArgNumber();
  std::string name = "#" + std::to_string(number);
  if (auto function =
          dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp()))
    if (auto attr = function.getArgAttrOfType<StringAttr>(number, "onnx.name"))
      name = attr.str();
  // The sizes of ids, masks and positions are at least 1; those of a state or
  // cache may be 0, as the past is at first.
  bool isSequence = type.getElementType().isInteger() && type.getRank() >= 2;
  ValueInfo info{type.getElementType(), {}, std::nullopt};
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i)) {
      info.shape.emplace_back(type.getDimSize(i));
      continue;
    }
    StringRef dim = static_cast<size_t>(i) < dims.size() ? dims[i] : "";
    int64_t size;
    if (!dim.empty() && llvm::all_of(dim, llvm::isDigit) &&
        !dim.getAsInteger(10, size)) {
      info.shape.emplace_back(size);
      continue;
    }
    bool isNamed = !dim.empty() && dim != "?";
    if (auto known = isNamed ? named.find(dim) : named.end();
        known != named.end()) {
      if (isSequence)
        ctx->raiseLowerBound(known->second, 1);
      info.shape.push_back(Expr::symbol(known->second));
      continue;
    }
    Context::Symbol symbol;
    symbol.origin = "input '" + name + "' dimension " + std::to_string(i);
    symbol.name = isNamed ? dim.str() : name + "[" + std::to_string(i) + "]";
    symbol.lowerBound = isSequence ? 1 : 0;
    symbol.isInput = true;
    SymbolId id = ctx->addSymbol(std::move(symbol));
    if (isNamed)
      named[dim] = id;
    sources[id] = {number, static_cast<unsigned>(i)};
    info.shape.push_back(Expr::symbol(id));
  }
  set(argument, std::move(info));
}

void SymbolicShapes::set(Value value, ValueInfo info) {
  infos[value] = std::move(info);
}

void SymbolicShapes::forget(Value value) { infos.erase(value); }

static void simplify(ValueInfo &info, Context &context) {
  for (Expr &dim : info.shape)
    dim = context.simplify(dim);
  if (info.contents)
    for (Expr &element : *info.contents)
      element = context.simplify(element);
}

ValueInfo SymbolicShapes::lookup(Value value) const {
  auto found = infos.find(value);
  if (found == infos.end())
    return {};
  ValueInfo info = found->second;
  simplify(info, *ctx);
  return info;
}

const ValueInfo &SymbolicShapes::operator[](Value value) const {
  static const ValueInfo unknown;
  auto found = infos.find(value);
  return found == infos.end() ? unknown : found->second;
}

std::optional<std::pair<unsigned, unsigned>>
SymbolicShapes::source(SymbolId id) const {
  auto found = sources.find(id);
  return found == sources.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::pair<Value, unsigned>>
SymbolicShapes::definedBy(SymbolId id) const {
  auto found = definitions.find(id);
  return found == definitions.end() ? std::nullopt
                                    : std::optional(found->second);
}

void SymbolicShapes::recordResults(Operation *op, ArrayRef<ValueInfo> results,
                                   SymbolId firstNew) {
  for (auto [result, info] : llvm::zip(op->getResults(), results)) {
    for (auto [i, dim] : llvm::enumerate(info.shape))
      if (auto id = dim.asSymbol(); id && *id >= firstNew)
        definitions.try_emplace(*id, result, static_cast<unsigned>(i));
    if (info.present())
      result.setType(typeOf(info));
    set(result, info);
  }
}

LogicalResult SymbolicShapes::infer(Operation *op) {
  if (op->getNumResults() == 0)
    return success();
  auto firstNew = static_cast<SymbolId>(ctx->numSymbols());
  std::string origin = op->getName().getStringRef().str();
  SmallVector<ValueInfo> operands;
  for (Value operand : op->getOperands()) {
    if (!infos.count(operand))
      set(operand, infoOfType(operand.getType(), *ctx, origin));
    operands.push_back(lookup(operand));
  }
  if (op->getName().getDialectNamespace() != "onnx" &&
      !op->hasAttrOfType<ElementsAttr>("value")) {
    // hybrid.load_weight and its like: the types say what there is.
    SmallVector<ValueInfo> results;
    for (Value result : op->getResults())
      results.push_back(infoOfType(result.getType(), *ctx, origin));
    recordResults(op, results, firstNew);
    return success();
  }
  StringRef name = op->getName().stripDialect();
  FailureOr<SmallVector<ValueInfo>> results =
      name == "Scan"   ? inferScan(op, operands)
      : name == "If"   ? inferIf(op, operands)
      : name == "Loop" ? inferLoop(op, operands)
                       : inferOp(op, operands, *ctx);
  if (failed(results))
    return failure();
  try {
    for (ValueInfo &info : *results)
      simplify(info, *ctx);
  } catch (const Error &error) {
    return emitError(op->getLoc()) << error.what();
  }
  recordResults(op, *results, firstNew);
  return success();
}

/// States keep their shapes from step to step; a scan input's slice lacks the
/// scanned dimension, and all scan inputs have the same length.
FailureOr<SmallVector<ValueInfo>>
SymbolicShapes::inferScan(Operation *op, ArrayRef<ValueInfo> operands) {
  shape::Inference inference(op, operands, *ctx);
  std::string message;
  try {
    int64_t scanned = inference.integer("num_scan_inputs");
    auto count = static_cast<int64_t>(operands.size());
    if (scanned < 1 || scanned > count || op->getNumRegions() != 1 ||
        op->getRegion(0).empty())
      inference.fail("num_scan_inputs is " + Twine(scanned) + " for " +
                     Twine(count) + " operands");
    int64_t states = count - scanned;
    Block &body = op->getRegion(0).front();
    if (body.getNumArguments() != operands.size() ||
        static_cast<int64_t>(op->getNumResults()) < states || body.empty() ||
        body.back().getNumOperands() != op->getNumResults())
      inference.fail("the body has " + Twine(body.getNumArguments()) +
                     " arguments and yields " +
                     Twine(body.empty() ? 0 : body.back().getNumOperands()) +
                     " values, for " + Twine(count) + " operands and " +
                     Twine(op->getNumResults()) + " results");
    auto axes = inference.integers("scan_input_axes");
    std::optional<Expr> length;
    for (int64_t i = 0; i < count; ++i) {
      ValueInfo info = operands[i];
      info.contents.reset();
      if (i >= states) {
        int64_t axis = axes && i - states < static_cast<int64_t>(axes->size())
                           ? (*axes)[i - states]
                           : 0;
        axis = inference.axis(axis, info.rank(), "the scan axis");
        if (length)
          inference.requireEqual(*length, info.shape[axis],
                                 "the lengths of the scan inputs");
        else
          length = info.shape[axis];
        info.shape.erase(info.shape.begin() + axis);
      }
      body.getArgument(i).setType(typeOf(info));
      set(body.getArgument(i), std::move(info));
    }
    for (Operation &inner : body.without_terminator())
      if (failed(infer(&inner)))
        return failure();
    SmallVector<ValueInfo> results;
    auto outputAxes = inference.integers("scan_output_axes");
    for (auto [i, value] : llvm::enumerate(body.back().getOperands())) {
      ValueInfo info = lookup(value);
      info.contents.reset();
      if (static_cast<int64_t>(i) < states) {
        if (info.rank() != operands[i].rank())
          inference.fail("state " + Twine(i) +
                         " changes its rank from step to step");
        for (int64_t d = 0; d < info.rank(); ++d)
          inference.requireEqual(operands[i].shape[d], info.shape[d],
                                 "dimension " + Twine(d) + " of state " +
                                     Twine(i) + " before and after a step");
        results.push_back({info.elementType, operands[i].shape, std::nullopt});
        continue;
      }
      size_t index = i - states;
      int64_t axis =
          outputAxes && index < outputAxes->size() ? (*outputAxes)[index] : 0;
      axis = inference.axis(axis, info.rank() + 1, "the scan output axis");
      info.shape.insert(info.shape.begin() + axis, *length);
      results.push_back(std::move(info));
    }
    return results;
  } catch (const Error &error) {
    message = error.what();
  }
  emitError(op->getLoc()) << inference.who() << ": " << message;
  return failure();
}

FailureOr<SymbolicShapes> SymbolicShapes::compute(Operation *function) {
  SymbolicShapes shapes;
  auto interface = dyn_cast<FunctionOpInterface>(function);
  if (!interface || interface.isExternal())
    return function->emitError("shape inference needs a function with a body");
  for (BlockArgument argument : interface.getArguments()) {
    SmallVector<StringRef> dims;
    if (auto names = interface.getArgAttrOfType<ArrayAttr>(
            argument.getArgNumber(), "onnx.dims"))
      for (Attribute name : names)
        dims.push_back(isa<StringAttr>(name) ? cast<StringAttr>(name).getValue()
                                             : StringRef("?"));
    if (isa<RankedTensorType>(argument.getType()))
      shapes.setArgument(argument, dims);
  }
  for (Operation &op : interface.getFunctionBody().front())
    if (failed(shapes.infer(&op)))
      return failure();
  // What was learned at a later op holds for the earlier ones too.
  for (auto &[value, info] : shapes.infos) {
    simplify(info, *shapes.ctx);
    if (info.present() && !isa<BlockArgument>(value))
      value.setType(typeOf(info));
  }
  Operation *terminator = interface.getFunctionBody().front().getTerminator();
  interface.setType(interface.cloneTypeWith(interface.getArgumentTypes(),
                                            terminator->getOperandTypes()));
  return shapes;
}

} // namespace jarana::onnx
