#include "passes/raise/recognise/AttentionMatch.h"

#include "dialects/onnx/OnnxDialect.h"
#include "passes/raise/recognise/Constants.h"

#include <cmath>

using namespace mlir;

namespace jarana::raise::recognise {

using symbolic::Expr;

namespace {

/// Scores below this are hidden: exporters write -inf, the lowest number of
/// f32, f16 or bf16, or -10000.
constexpr double hiddenScore = -9999;

int64_t integerOf(Operation *op, StringRef name, int64_t absent) {
  auto attribute = op->getAttrOfType<IntegerAttr>(name);
  return attribute ? attribute.getInt() : absent;
}

double realOf(Operation *op, StringRef name, double absent) {
  auto attribute = op->getAttrOfType<FloatAttr>(name);
  return attribute ? attribute.getValueAsDouble() : absent;
}

class Matcher {
public:
  Matcher(Operation *anchor, onnx::SymbolicShapes &shapes,
          std::string &declined)
      : shapes(shapes), context(shapes.context()), declined(declined) {
    match.anchor = anchor;
  }

  std::optional<AttentionMatch> softmax() {
    Operation *op = match.anchor;
    Value scores = op->getOperand(0);
    if (rankOf(scores) < 3 ||
        (integerOf(op, "axis", -1) + rankOf(scores)) % rankOf(scores) !=
            rankOf(scores) - 1)
      return std::nullopt;
    // Not an attention, but a router or a sampler, where no products surround
    // it.
    if (!findValueProduct(op->getResult(0)) || !walkScores(scores, 12))
      return std::nullopt;
    if (rankOf(scores) != 4)
      return refuse("its scores do not have the dimensions of batch, heads, "
                    "queries and keys");
    if (!setSizes(shapes[scores].shape))
      return std::nullopt;
    match.query = throughScale(match.scoreProduct->getOperand(0), match.scale);
    if (!hasForm(match.query, {match.batch, Expr(match.heads), match.queries}))
      return refuse("the query is not [batch, heads, queries, width]");
    if (!collectHeads(match.scoreProduct->getOperand(1), /*isKey=*/true,
                      match.keys) ||
        !collectHeads(match.valueProduct->getOperand(1), /*isKey=*/false,
                      match.values))
      return refuse("the keys or values are not [batch, heads, keys, width]");
    if (match.softcap != 0)
      match.scale *= match.softcap;
    findOutputs();
    return std::move(match);
  }

  /// An operator that may have repeated keys and values, and a mask that an
  /// attribute says as well.
  std::optional<AttentionMatch> attention() {
    Operation *op = match.anchor;
    for (unsigned i : {4u, 5u, 6u})
      if (i < op->getNumOperands() &&
          !::mlir::onnx::isAbsent(op->getOperand(i)))
        return std::nullopt;
    for (Value result : op->getResults().drop_front())
      if (!result.use_empty())
        return std::nullopt;
    match.query = op->getOperand(0);
    if (rankOf(match.query) != 4 ||
        integerOf(op, "left_window_size", -1) >= 0 ||
        integerOf(op, "right_window_size", -1) >= 0)
      return std::nullopt;
    const symbolic::Shape &q = shapes[match.query].shape;
    if (!setSizes({q[0], q[1], q[2], shapes[op->getOperand(1)].shape[2]}))
      return std::nullopt;
    match.causal = integerOf(op, "is_causal", 0) != 0;
    match.softcap = realOf(op, "softcap", 0);
    auto width = context.valueOf(q[3]);
    if (!op->hasAttr("scale") && !width)
      return std::nullopt;
    match.scale =
        op->hasAttr("scale") ? realOf(op, "scale", 1) : 1 / std::sqrt(*width);
    if (Value mask = op->getOperand(3); !::mlir::onnx::isAbsent(mask))
      match.masks.push_back(
          {elementOf(mask).isInteger(1) ? MaskTerm::Visible : MaskTerm::Added,
           mask});
    if (!collectHeads(op->getOperand(1), /*isKey=*/true, match.keys) ||
        !collectHeads(op->getOperand(2), /*isKey=*/false, match.values))
      return std::nullopt;
    match.outputs.push_back({op->getResult(0)});
    return std::move(match);
  }

private:
  std::optional<AttentionMatch> refuse(StringRef reason) {
    declined = reason.str();
    return std::nullopt;
  }

  bool same(const Expr &lhs, const Expr &rhs) {
    return context.proveEqual(lhs, rhs);
  }

  bool setSizes(const symbolic::Shape &scores) {
    auto heads = context.valueOf(scores[1]);
    if (!heads || *heads < 1)
      return false;
    match.heads = *heads;
    match.batch = scores[0];
    match.queries = scores[2];
    match.keyCount = scores[3];
    return true;
  }

  /// Whether the first dimensions of a tensor of rank 4 are these.
  bool hasForm(Value value, ArrayRef<Expr> leading) {
    if (rankOf(value) != 4)
      return false;
    const symbolic::Shape &shape = shapes[value].shape;
    for (auto [dim, wanted] : llvm::zip(shape, leading))
      if (!same(dim, wanted))
        return false;
    return true;
  }

  /// Up through factors that are numbers.
  Value throughScale(Value value, double &scale) {
    while (Operation *op = value.getDefiningOp()) {
      Value next = scaled(op, scale);
      if (!next)
        break;
      value = next;
    }
    return value;
  }

  /// The operand that `op` multiplies by a number or leaves alone, if it does
  /// one of these.
  Value scaled(Operation *op, double &scale) {
    StringRef name = opName(op);
    if (name == "Identity" ||
        (name == "Cast" &&
         elementOf(op->getOperand(0)) == elementOf(op->getResult(0))))
      return op->getOperand(0);
    if (name != "Mul" && name != "Div")
      return {};
    if (auto number = scalarNumber(op->getOperand(1), shapes)) {
      scale *= name == "Mul" ? *number : 1 / *number;
      return op->getOperand(0);
    }
    if (auto number = scalarNumber(op->getOperand(0), shapes);
        number && name == "Mul") {
      scale *= *number;
      return op->getOperand(1);
    }
    return {};
  }

  /// From the softmax's operand up to the product of queries and keys.
  bool walkScores(Value value, int depth) {
    Operation *op = value.getDefiningOp();
    if (!op || depth == 0)
      return false;
    StringRef name = opName(op);
    if (name == "MatMul") {
      match.scoreProduct = op;
      return rankOf(op->getOperand(1)) >= 3;
    }
    if (name == "Cast" || name == "CastLike")
      return walkScores(op->getOperand(0), depth - 1);
    double before = match.scale;
    if (Value next = scaled(op, match.scale)) {
      if (walkScores(next, depth - 1))
        return true;
      match.scale = before;
      return false;
    }
    if (name == "Tanh" && match.softcap == 0) {
      match.softcap = before;
      match.scale = 1;
      if (walkScores(op->getOperand(0), depth - 1))
        return true;
      match.softcap = 0;
      match.scale = before;
      return false;
    }
    // A mask that is scaled after it was added is another one.
    if (match.scale != 1 || match.softcap != 0)
      return false;
    size_t count = match.masks.size();
    if (name == "Add")
      for (unsigned i : {0u, 1u}) {
        match.masks.push_back({MaskTerm::Added, op->getOperand(1 - i)});
        if (walkScores(op->getOperand(i), depth - 1))
          return true;
        match.masks.truncate(count);
      }
    if (name == "Where")
      for (unsigned i : {1u, 2u}) {
        auto hidden = scalarNumber(op->getOperand(3 - i), shapes);
        if (!hidden || *hidden > hiddenScore)
          continue;
        match.masks.push_back(
            {i == 1 ? MaskTerm::Visible : MaskTerm::Hidden, op->getOperand(0)});
        if (walkScores(op->getOperand(i), depth - 1))
          return true;
        match.masks.truncate(count);
      }
    return false;
  }

  /// From the softmax down to the product with the values.
  bool findValueProduct(Value weights) {
    for (int step = 0; step < 6; ++step) {
      Value next;
      for (Operation *user : weights.getUsers()) {
        StringRef name = opName(user);
        if (name == "MatMul" && user->getOperand(0) == weights) {
          match.valueProduct = user;
          return true;
        }
        if (name == "Cast" || name == "Identity" || name == "CastLike")
          next = user->getResult(0);
        // Rows of NaN become 0.
        if (name == "Where" && is(user->getOperand(0), "IsNaN") &&
            user->getOperand(2) == weights &&
            user->getOperand(0).getDefiningOp()->getOperand(0) == weights)
          next = user->getResult(0);
      }
      if (!next)
        return false;
      weights = next;
    }
    return false;
  }

  /// The operand that data movement of keys and values takes, repetition of
  /// heads included.
  Value moved(Operation *op) {
    StringRef name = opName(op);
    if (name == "Reshape" || name == "Transpose" || name == "Unsqueeze" ||
        name == "Squeeze" || name == "Expand" || name == "Tile" ||
        name == "Gather")
      return op->getOperand(0);
    if (name == "Concat" && llvm::all_equal(op->getOperands()))
      return op->getOperand(0);
    if (name == "Slice" && sameShape(op->getOperand(0), op->getResult(0)))
      return op->getOperand(0);
    return {};
  }

  bool sameShape(Value lhs, Value rhs) {
    const symbolic::Shape &a = shapes[lhs].shape, &b = shapes[rhs].shape;
    return a.size() == b.size() &&
           llvm::all_of(llvm::zip(a, b), [&](auto pair) {
             return same(std::get<0>(pair), std::get<1>(pair));
           });
  }

  /// Keys or values in one of the two layouts.
  std::optional<HeadsValue> asHeads(Value value, double scale) {
    if (rankOf(value) != 4)
      return std::nullopt;
    const symbolic::Shape &shape = shapes[value].shape;
    if (!same(shape[0], match.batch) || !context.valueOf(shape[3]))
      return std::nullopt;
    for (Layout layout : {Layout::HeadsFirst, Layout::PositionsFirst}) {
      bool first = layout == Layout::HeadsFirst;
      auto heads = context.valueOf(shape[first ? 1 : 2]);
      if (heads && *heads > 0 && match.heads % *heads == 0 &&
          same(shape[first ? 2 : 1], match.keyCount))
        return HeadsValue{value, layout, *heads, scale};
    }
    return std::nullopt;
  }

  /// Whether `next` needs less movement below it to be in the usual layout, and
  /// lies further up otherwise.
  static bool isBetter(const HeadsValue &next,
                       const std::optional<HeadsValue> &known) {
    return !known || next.layout == Layout::HeadsFirst ||
           known->layout != Layout::HeadsFirst;
  }

  /// Goes up from the product's operand and keeps two points: one with all
  /// heads, and one with the fewest.
  bool collectHeads(Value value, bool isKey,
                    SmallVectorImpl<HeadsValue> &found) {
    std::optional<HeadsValue> whole, fewest;
    double scale = 1;
    Value operand = value;
    auto width = isKey ? context.valueOf(shapes[match.query].shape[3])
                       : std::optional<int64_t>();
    for (int step = 0; step < 40; ++step) {
      auto here = asHeads(value, scale);
      if (here && width && !context.proveEqual(shapes[value].shape[3], *width))
        here.reset();
      if (here && here->heads == match.heads && isBetter(*here, whole))
        whole = here;
      if (here && (!fewest || here->heads < fewest->heads ||
                   (here->heads == fewest->heads && isBetter(*here, fewest))))
        fewest = here;
      Operation *op = value.getDefiningOp();
      if (!op)
        break;
      Value next = moved(op);
      if (!next && isKey)
        next = scaled(op, scale);
      if (!next || elementOf(next) != elementOf(value))
        break;
      value = next;
    }
    // The operand itself always has all heads.
    if (!whole && isKey && match.scoreProduct &&
        hasForm(operand, {match.batch, Expr(match.heads),
                          shapes[match.query].shape[3], match.keyCount}))
      whole = HeadsValue{operand, Layout::WidthFirst, match.heads, 1};
    if (!fewest)
      fewest = whole;
    if (!fewest)
      return false;
    if (whole && whole->heads != fewest->heads)
      found.push_back(*whole);
    found.push_back(*fewest);
    return true;
  }

  /// The product with the values, and what follows it: a choice of 0 for rows
  /// that see no key, perhaps after some movement.
  void findOutputs() {
    Value product = match.valueProduct->getResult(0);
    match.outputs.push_back({product});
    Value value = product;
    for (int step = 0; step < 6 && value.hasOneUse(); ++step) {
      Operation *user = *value.getUsers().begin();
      StringRef name = opName(user);
      if (name == "Where") {
        unsigned zeroAt = user->getOperand(2) == value ? 1 : 2;
        auto zero = scalarNumber(user->getOperand(zeroAt), shapes);
        if (user->getOperand(0) == value || zero != 0.0)
          return;
        if (auto output = asOutput(user->getResult(0)))
          match.outputs.insert(match.outputs.begin(), *output);
        return;
      }
      if (name != "Reshape" && name != "Transpose" && name != "Identity")
        return;
      if (user->getOperand(0) != value)
        return;
      value = user->getResult(0);
    }
  }

  std::optional<AttentionOutput> asOutput(Value value) {
    if (hasForm(value, {match.batch, Expr(match.heads), match.queries}))
      return AttentionOutput{value, Layout::HeadsFirst, true};
    if (hasForm(value, {match.batch, match.queries, Expr(match.heads)}))
      return AttentionOutput{value, Layout::PositionsFirst, true};
    return std::nullopt;
  }

  AttentionMatch match;
  onnx::SymbolicShapes &shapes;
  symbolic::Context &context;
  std::string &declined;
};

} // namespace

std::optional<double> scalarNumber(Value value, onnx::SymbolicShapes &shapes,
                                   int depth) {
  if (auto number = scalarConstant(value))
    return number;
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || isa<NoneType>(value.getType()))
    return std::nullopt;
  const onnx::ValueInfo &info = shapes[value];
  if (info.contents && info.contents->size() == 1)
    if (auto number = shapes.context().valueOf(info.contents->front()))
      return static_cast<double>(*number);
  auto operand = [&](unsigned i) {
    return scalarNumber(op->getOperand(i), shapes, depth - 1);
  };
  StringRef name = opName(op);
  static constexpr StringLiteral kept[] = {"Identity", "Cast",      "CastLike",
                                           "Squeeze",  "Unsqueeze", "Reshape"};
  if (llvm::is_contained(kept, name))
    return operand(0);
  if (name == "Sqrt" || name == "Reciprocal" || name == "Neg")
    if (auto x = operand(0))
      return name == "Sqrt" ? std::sqrt(*x) : name == "Neg" ? -*x : 1 / *x;
  if (name == "Mul" || name == "Div" || name == "Pow")
    if (auto x = operand(0), y = operand(1); x && y)
      return name == "Mul"   ? *x * *y
             : name == "Div" ? *x / *y
                             : std::pow(*x, *y);
  return std::nullopt;
}

std::optional<AttentionMatch> matchAttention(Operation *anchor,
                                             onnx::SymbolicShapes &shapes,
                                             std::string &declined) {
  Matcher matcher(anchor, shapes, declined);
  if (opName(anchor) == "Softmax")
    return matcher.softmax();
  if (opName(anchor) == "Attention")
    return matcher.attention();
  return std::nullopt;
}

} // namespace jarana::raise::recognise
