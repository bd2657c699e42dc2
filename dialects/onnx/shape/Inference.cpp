// What the rules share: attributes, errors, checks, broadcasting, contents.
#include "dialects/onnx/shape/Rules.h"

#include "llvm/ADT/APSInt.h"

using namespace mlir;

namespace jarana::onnx::shape {

static std::string nodeName(Location loc) {
  if (auto named = dyn_cast<NameLoc>(loc))
    return named.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string name = nodeName(part); !name.empty())
        return name;
  return {};
}

std::string Inference::who() const {
  std::string name = nodeName(op->getLoc());
  std::string kind = op->getName().stripDialect().str();
  return name.empty() ? kind + " node" : kind + " node '" + name + "'";
}

void Inference::fail(const Twine &message) const { throw Error(message.str()); }

const ValueInfo &Inference::in(unsigned index) const {
  if (!has(index))
    fail("operand " + Twine(index) + " is missing");
  return operands[index];
}

int64_t Inference::integer(StringRef name) const {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  if (!attr)
    fail("the attribute '" + name + "' is missing");
  return attr.getInt();
}

int64_t Inference::integer(StringRef name, int64_t fallback) const {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : fallback;
}

StringRef Inference::string(StringRef name, StringRef fallback) const {
  auto attr = op->getAttrOfType<StringAttr>(name);
  return attr ? attr.getValue() : fallback;
}

std::optional<SmallVector<int64_t>> Inference::integers(StringRef name) const {
  auto attr = op->getAttrOfType<DenseI64ArrayAttr>(name);
  if (!attr)
    return std::nullopt;
  return SmallVector<int64_t>(attr.asArrayRef());
}

Type Inference::type(StringRef name) const {
  auto attr = op->getAttrOfType<TypeAttr>(name);
  return attr ? attr.getValue() : Type();
}

std::string Inference::text(const Expr &expr) const { return ctx.print(expr); }

std::string Inference::text(const Shape &shape) const {
  std::string joined = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    joined += (i ? ", " : "") + text(shape[i]);
  return joined + "]";
}

void Inference::requireEqual(const Expr &a, const Expr &b, const Twine &what) {
  if (!ctx.requireEqual(a, b, who() + ": " + what.str() + " must be equal"))
    fail(what + " differ: " + text(ctx.simplify(a)) + " and " +
         text(ctx.simplify(b)));
}

void Inference::requireAtLeast(const Expr &a, const Expr &b,
                               const Twine &what) {
  if (!ctx.requireAtLeast(a, b, who() + ": " + what.str()))
    fail(what + ": " + text(ctx.simplify(a)) + " is less than " +
         text(ctx.simplify(b)));
}

void Inference::requireRank(unsigned index, int64_t least, int64_t most) const {
  int64_t rank = in(index).rank();
  if (rank >= least && rank <= most)
    return;
  std::string wanted = std::to_string(least);
  if (least != most)
    wanted = "from " + wanted + " to " + std::to_string(most);
  fail("operand " + Twine(index) + " has rank " + Twine(rank) +
       ", which must be " + wanted);
}

int64_t Inference::axis(int64_t value, int64_t rank, StringRef name) const {
  if (value < -rank || value >= rank)
    fail(name + " " + Twine(value) + " is outside of the rank, which is " +
         Twine(rank));
  return value < 0 ? value + rank : value;
}

Expr Inference::fresh(const Twine &what) {
  Context::Symbol symbol;
  symbol.origin = who() + ": " + what.str();
  symbol.name = "d" + std::to_string(ctx.numSymbols());
  return Expr::symbol(ctx.addSymbol(std::move(symbol)));
}

Contents Inference::contents(unsigned index) const {
  return has(index) ? operands[index].contents : std::nullopt;
}

std::optional<SmallVector<int64_t>> Inference::numbers(unsigned index) const {
  Contents known = contents(index);
  if (!known)
    return std::nullopt;
  return constantShape(*known);
}

std::optional<SmallVector<int64_t>> Inference::axesOperand(unsigned index,
                                                           int64_t rank) const {
  if (!has(index))
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes = numbers(index);
  if (!axes)
    fail("the axes are not known before the model runs");
  SmallVector<bool> seen(static_cast<size_t>(rank), false);
  for (int64_t &value : *axes) {
    value = axis(value, rank, "the axis");
    if (seen[static_cast<size_t>(value)])
      fail("axis " + Twine(value) + " is given twice");
    seen[static_cast<size_t>(value)] = true;
  }
  return axes;
}

std::optional<Expr> Inference::scalar(unsigned index) const {
  Contents known = contents(index);
  if (!known || known->size() != 1)
    return std::nullopt;
  return known->front();
}

//===- shapes -------------------------------------------------------------===//

Expr product(ArrayRef<Expr> dims) {
  Expr count(1);
  for (const Expr &dim : dims)
    count = count * dim;
  return count;
}

std::optional<SmallVector<int64_t>> constantShape(ArrayRef<Expr> dims) {
  SmallVector<int64_t> numbers;
  for (const Expr &dim : dims) {
    std::optional<int64_t> number = dim.constant();
    if (!number)
      return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<int64_t> smallCount(ArrayRef<Expr> dims) {
  std::optional<SmallVector<int64_t>> shape = constantShape(dims);
  if (!shape)
    return std::nullopt;
  int64_t count = 1;
  for (int64_t dim : *shape) {
    if (dim < 0 || dim > maxContents || (count *= dim) > maxContents)
      return std::nullopt;
  }
  return count;
}

Shape broadcastShapes(Inference &inference, ArrayRef<Shape> shapes) {
  size_t rank = 0;
  for (const Shape &shape : shapes)
    rank = std::max(rank, shape.size());
  Shape result(rank, Expr(1));
  for (size_t fromEnd = 1; fromEnd <= rank; ++fromEnd) {
    // A number other than 1 decides; else the first that is not 1.
    std::optional<Expr> chosen;
    for (const Shape &shape : shapes)
      if (fromEnd <= shape.size()) {
        const Expr &dim = shape[shape.size() - fromEnd];
        if (dim.isConstant(1))
          continue;
        if (!chosen || (dim.constant() && !chosen->constant()))
          chosen = dim;
      }
    if (!chosen)
      continue;
    for (const Shape &shape : shapes)
      if (fromEnd <= shape.size()) {
        const Expr &dim = shape[shape.size() - fromEnd];
        if (!dim.isConstant(1))
          inference.requireEqual(
              dim, *chosen,
              "the operands cannot be broadcast: the sizes of dimension " +
                  Twine(rank - fromEnd));
      }
    result[rank - fromEnd] = inference.ctx.simplify(*chosen);
  }
  return result;
}

Shape broadcast(Inference &inference, ArrayRef<unsigned> operands) {
  SmallVector<Shape> shapes;
  for (unsigned index : operands)
    shapes.push_back(inference.in(index).shape);
  return broadcastShapes(inference, shapes);
}

Expr ceilDiv(Context &context, const Expr &a, int64_t divisor) {
  return context.floorDiv(a + Expr(divisor - 1), Expr(divisor));
}

//===- contents -----------------------------------------------------------===//

bool holdsIntegers(Type elementType) { return isa<IntegerType>(elementType); }

SmallVector<int64_t> unflatten(int64_t position, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = position % shape[i];
    position /= shape[i];
  }
  return index;
}

int64_t flatten(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t position = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    position = position * shape[i] + index[i];
  return position;
}

int64_t broadcastPosition(ArrayRef<int64_t> index,
                          ArrayRef<int64_t> operandShape) {
  size_t offset = index.size() - operandShape.size();
  int64_t position = 0;
  for (size_t i = 0; i < operandShape.size(); ++i)
    position = position * operandShape[i] +
               (operandShape[i] == 1 ? 0 : index[offset + i]);
  return position;
}

Contents contentsOf(Attribute value) {
  auto elements = dyn_cast_if_present<DenseElementsAttr>(value);
  if (!elements || elements.getNumElements() > maxContents)
    return std::nullopt;
  std::vector<Expr> contents;
  Type type = elements.getElementType();
  if (auto integers = dyn_cast<IntegerType>(type)) {
    bool asUnsigned = integers.isUnsigned() || integers.getWidth() == 1;
    for (const APInt &element : elements.getValues<APInt>()) {
      if (asUnsigned && element.getActiveBits() > 63)
        return std::nullopt;
      contents.emplace_back(asUnsigned
                                ? static_cast<int64_t>(element.getZExtValue())
                                : element.getSExtValue());
    }
    return contents;
  }
  if (!isa<FloatType>(type))
    return std::nullopt;
  for (const APFloat &element : elements.getValues<APFloat>()) {
    APSInt whole(64, /*isUnsigned=*/false);
    bool exact = false;
    if (element.convertToInteger(whole, APFloat::rmTowardZero, &exact) !=
            APFloat::opOK ||
        !exact)
      return std::nullopt;
    contents.emplace_back(whole.getExtValue());
  }
  return contents;
}

int64_t lengthOf(Inference &inference, unsigned index, StringRef what) {
  inference.requireRank(index, 1, 1);
  std::optional<int64_t> length = inference.in(index).shape[0].constant();
  if (!length || *length < 0 || *length > 64)
    inference.fail(
        what + " has " + inference.text(inference.in(index).shape[0]) +
        " entries; the rank of the result must be a number up to 64");
  return *length;
}

Shape freshShape(Inference &inference, int64_t rank) {
  Shape shape;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(
        inference.fresh("dimension " + Twine(i) + " of the result"));
  return shape;
}

Results ofRank(Inference &inference, int64_t rank) {
  if (rank < 0)
    inference.fail("there are more axes than dimensions");
  return {
      {inference.in(0).elementType, freshShape(inference, rank), std::nullopt}};
}

Results likeFirst(Inference &inference) {
  return {{inference.in(0).elementType, inference.in(0).shape, std::nullopt}};
}

} // namespace jarana::onnx::shape
