#include "passes/raise/recognise/AttentionMatch.h"

#include "dialects/onnx/OnnxDialect.h"
#include "lib/reference/MlirTensors.h"
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
    Value scores = withoutGreatest(op->getOperand(0));
    if (rankOf(scores) < 3 ||
        (integerOf(op, "axis", -1) + rankOf(scores)) % rankOf(scores) !=
            rankOf(scores) - 1)
      return std::nullopt;
    scores = withoutSink(scores);
    // Not an attention, but a router or a sampler, where no products surround
    // it.
    if (!findValueProduct(op->getResult(0)) || !walkScores(scores, 12))
      return std::nullopt;
    if (rankOf(scores) != 4)
      return refuse("its scores do not have the dimensions of batch, heads, "
                    "queries and keys");
    if (!setSizes(shapes[scores].shape))
      return std::nullopt;
    auto scoreLayouts = layoutsOf(match.scoreProduct, /*ofScores=*/true),
         valueLayouts = layoutsOf(match.valueProduct, /*ofScores=*/false);
    if (!scoreLayouts || !valueLayouts)
      return refuse("its products are not those of queries and keys, and of "
                    "weights and values");
    if (!classifyTerms())
      return refuse("what is added to its scores is not of batch, heads, "
                    "queries and keys");
    match.query = throughScale(match.scoreProduct->getOperand(0), match.scale);
    if (flat && is(match.query, "Reshape"))
      match.query = match.query.getDefiningOp()->getOperand(0);
    match.queryLayout = scoreLayouts->first;
    HeadsRequest query{match.batch, match.queries, match.heads, {}};
    if (!query.read(match.query, match.queryLayout, shapes))
      return refuse("the query is not of batch, heads, queries and width");
    if (!collect(match.scoreProduct->getOperand(1),
                 match.valueProduct->getOperand(1), scoreLayouts->second,
                 valueLayouts->first))
      return refuse("the keys or values are not of batch, heads, keys and "
                    "width");
    Value output = match.valueProduct->getResult(0);
    if (flat) { // its heads become a dimension again
      if (!output.hasOneUse() || opName(*output.user_begin()) != "Reshape")
        return refuse("its result does not have the dimension of heads");
      output = (*output.user_begin())->getResult(0);
      if (!hasForm(output, {match.batch, Expr(match.heads), match.queries}))
        return refuse("its result is not of batch, heads and queries");
    }
    match.outputs.push_back({output, valueLayouts->second});
    if (match.softcap != 0)
      match.scale.numerator *= match.softcap;
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
    if (auto parts =
            op->getAttrOfType<DenseF64ArrayAttr>(reference::kUnroundedScale);
        parts && parts.size() == 2)
      match.scale = {parts[0], parts[1]};
    else if (op->hasAttr("scale"))
      match.scale.numerator = realOf(op, "scale", 1);
    else // the f32 that the default is
      match.scale.numerator =
          static_cast<float>(1 / std::sqrt(static_cast<double>(*width)));
    if (Value mask = op->getOperand(3); !::mlir::onnx::isAbsent(mask))
      match.masks.push_back(
          {elementOf(mask).isInteger(1) ? MaskTerm::Visible : MaskTerm::Added,
           mask});
    if (!collect(op->getOperand(1), op->getOperand(2), Layout::HeadsFirst,
                 Layout::HeadsFirst))
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

  bool collect(Value keys, Value values, Layout keyLayout, Layout valueLayout) {
    HeadsRequest request{match.batch, match.keyCount, match.heads, {}};
    request.width = context.valueOf(shapes[match.query].shape[3]);
    request.layout = keyLayout;
    request.scaled = true;
    match.keys = collectHeads(keys, request, shapes);
    request.width.reset();
    request.layout = valueLayout;
    request.scaled = false;
    match.values = collectHeads(values, request, shapes);
    return !match.keys.empty() && !match.values.empty();
  }

  /// How a product's sides lie: queries and keys of the product of scores, or
  /// values and result of that with the weights. [b, h, m, s] is between them.
  std::optional<std::pair<Layout, Layout>> layoutsOf(Operation *op,
                                                     bool ofScores) {
    if (opName(op) == "MatMul")
      return std::pair(Layout::HeadsFirst,
                       ofScores ? Layout::WidthFirst : Layout::HeadsFirst);
    std::string text = op->getAttrOfType<StringAttr>("equation").str();
    llvm::erase(text, ' ');
    auto [terms, result] = StringRef(text).split("->");
    auto [left, right] = terms.split(',');
    if (left.size() != 4 || right.size() != 4 || result.size() != 4)
      return std::nullopt;
    StringRef scores = ofScores ? result : left;
    // A letter of its own is the width.
    auto layoutOf = [&](StringRef term,
                        char positions) -> std::optional<Layout> {
      char b = scores[0], h = scores[1];
      auto own = llvm::find_if(
          term, [&](char letter) { return !scores.contains(letter); });
      if (own == term.end())
        return std::nullopt;
      for (auto [layout, order] :
           {std::pair(Layout::HeadsFirst, std::string{b, h, positions, *own}),
            std::pair(Layout::PositionsFirst,
                      std::string{b, positions, h, *own}),
            std::pair(Layout::WidthFirst, std::string{b, h, *own, positions})})
        if (term == order)
          return layout;
      return std::nullopt;
    };
    auto first =
             ofScores ? layoutOf(left, scores[2]) : layoutOf(right, scores[3]),
         second = ofScores ? layoutOf(right, scores[3])
                           : layoutOf(result, scores[2]);
    if (!first || !second ||
        (ofScores ? *first : *second) == Layout::WidthFirst)
      return std::nullopt;
    return std::pair(*first, *second);
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
  Value throughScale(Value value, Factor &scale) {
    while (Operation *op = value.getDefiningOp()) {
      Value next = timesNumber(op, shapes, scale);
      if (!next)
        break;
      value = next;
    }
    return value;
  }

  /// x of x - max(x), which softmax does itself.
  static Value withoutGreatest(Value scores) {
    Operation *op = scores.getDefiningOp();
    if (opName(op) != "Sub")
      return scores;
    Operation *greatest = op->getOperand(1).getDefiningOp();
    return opName(greatest) == "ReduceMax" &&
                   greatest->getOperand(0) == op->getOperand(0)
               ? op->getOperand(0)
               : scores;
  }

  /// The scores before a column was appended, which all queries of a head have
  /// alike; it is cut off again before the values.
  Value withoutSink(Value scores) {
    Operation *op = scores.getDefiningOp();
    if (opName(op) != "Concat" || op->getNumOperands() != 2 ||
        rankOf(scores) != 4)
      return scores;
    int64_t axis = integerOf(op, "axis", 0);
    Value column = op->getOperand(1);
    auto heads = context.valueOf(shapes[scores].shape[1]);
    if ((axis != 3 && axis != -1) || !heads ||
        !shapes[column].shape[3].isConstant(1))
      return scores;
    while (Operation *made = column.getDefiningOp()) {
      if (countOf(column) == *heads)
        break;
      StringRef name = opName(made);
      if (name != "Expand" && name != "Reshape" && name != "Unsqueeze")
        return scores;
      column = made->getOperand(0);
    }
    if (countOf(column) != *heads)
      return scores;
    match.sink = column;
    return op->getOperand(0);
  }

  /// The number of elements, where it is known.
  std::optional<int64_t> countOf(Value value) {
    int64_t count = 1;
    for (const Expr &dim : shapes[value].shape) {
      auto size = context.valueOf(dim);
      if (!size || *size > (int64_t(1) << 20))
        return std::nullopt;
      count *= *size;
      if (count > (int64_t(1) << 20))
        return std::nullopt;
    }
    return count;
  }

  /// Finds the terms that all queries of a head have alike. False where one
  /// cannot be read.
  bool classifyTerms() {
    for (MaskTerm &term : match.masks) {
      const symbolic::Shape &shape = shapes[term.value].shape;
      size_t rank = shape.size();
      bool sameForQueries = rank >= 3 && shape[rank - 2].isConstant(1);
      if (term.flat &&
          (rank != 3 || !sameForQueries ||
           !same(shape[0], match.batch * Expr(match.heads)) ||
           !same(shape[2], match.keyCount) || term.kind != MaskTerm::Added))
        return false;
      bool ofHeads = term.flat || (rank >= 3 && match.heads > 1 &&
                                   shape[rank - 3].isConstant(match.heads));
      term.perHead = term.kind == MaskTerm::Added && sameForQueries && ofHeads;
    }
    return true;
  }

  /// From the softmax's operand up to the product of queries and keys.
  bool walkScores(Value value, int depth) {
    Operation *op = value.getDefiningOp();
    if (!op || depth == 0)
      return false;
    StringRef name = opName(op);
    if (name == "MatMul" || name == "Einsum") {
      match.scoreProduct = op;
      return op->getNumOperands() == 2 && rankOf(op->getOperand(1)) >= 3;
    }
    if (name == "Cast" || name == "CastLike")
      return walkScores(op->getOperand(0), depth - 1);
    // Batch and heads as one dimension of the product.
    if (name == "Reshape" && !flat && rankOf(value) == 4 &&
        rankOf(op->getOperand(0)) == 3) {
      flat = true;
      if (walkScores(op->getOperand(0), depth - 1))
        return true;
      flat = false;
      return false;
    }
    Factor before = match.scale;
    if (Value next = timesNumber(op, shapes, match.scale)) {
      if (walkScores(next, depth - 1))
        return true;
      match.scale = before;
      return false;
    }
    if (name == "Tanh" && match.softcap == 0) {
      match.softcap = before.value();
      match.scale = {};
      if (walkScores(op->getOperand(0), depth - 1))
        return true;
      match.softcap = 0;
      match.scale = before;
      return false;
    }
    // A mask that is scaled after it was added is another one.
    if (!match.scale.isOne() || match.softcap != 0)
      return false;
    size_t count = match.masks.size();
    if (name == "Add")
      for (unsigned i : {0u, 1u}) {
        match.masks.push_back({MaskTerm::Added, op->getOperand(1 - i), flat});
        if (walkScores(op->getOperand(i), depth - 1))
          return true;
        match.masks.truncate(count);
      }
    if (name == "Where")
      for (unsigned i : {1u, 2u}) {
        auto hidden = scalarNumber(op->getOperand(3 - i), shapes);
        if (!hidden || *hidden > hiddenScore)
          continue;
        match.masks.push_back({i == 1 ? MaskTerm::Visible : MaskTerm::Hidden,
                               op->getOperand(0), flat});
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
        if ((name == "MatMul" || name == "Einsum") &&
            user->getNumOperands() == 2 && user->getOperand(0) == weights) {
          match.valueProduct = user;
          return true;
        }
        bool joinsHeads = name == "Reshape" && rankOf(weights) == 4 &&
                          rankOf(user->getResult(0)) == 3;
        bool dropsSink = name == "Slice" && match.sink;
        if (name == "Cast" || name == "Identity" || name == "CastLike" ||
            ((joinsHeads || dropsSink) && user->getOperand(0) == weights))
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

  /// The product with the values, and what follows it: a choice of 0 for rows
  /// that see no key, perhaps after some movement.
  void findOutputs() {
    Value value = match.outputs.back().value;
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
  bool flat = false; ///< the products have batch and heads as one dimension
  onnx::SymbolicShapes &shapes;
  symbolic::Context &context;
  std::string &declined;
};

} // namespace

Value unflattened(OnnxBuilder &build, const MaskTerm &term, Value value,
                  int64_t heads) {
  if (!term.flat || !value)
    return value;
  value = build.one("Unsqueeze", {value, build.integers({0})});
  return value ? build.reshape(value, {-1, heads, 0, 0}) : value;
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
