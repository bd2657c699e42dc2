// MatMul, Gemm, Einsum.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/IndexedProduct.h"
#include "passes/raise/lower/Scalars.h"

using namespace mlir;

namespace jarana::raise {

/// Numpy's matmul. With a matrix on the right the leading dimensions of the
/// left side become rows of one product.
Tensor lowerProduct(Lowering &lowering, Tensor lhs, Tensor rhs,
                    const Shape &shape, Type element) {
  TensorBuilder &build = lowering.build;
  if (lhs.rank() == 1)
    return build.reshape(
        lowerProduct(
            lowering, build.reshape(lhs, {Expr(1), lhs.shape[0]}), rhs,
            [&] {
              Shape wide = shape;
              wide.insert(wide.end() - (rhs.rank() > 1 ? 1 : 0), Expr(1));
              return wide;
            }(),
            element),
        shape);
  if (rhs.rank() == 1) {
    Shape wide = shape;
    wide.push_back(Expr(1));
    return build.reshape(
        lowerProduct(lowering, lhs, build.reshape(rhs, {rhs.shape[0], Expr(1)}),
                     wide, element),
        shape);
  }
  Expr rows = lhs.dim(-2), inner = lhs.dim(-1), columns = rhs.dim(-1);
  if (rhs.rank() == 2) {
    Expr all = build.product(ArrayRef<Expr>(lhs.shape).drop_back());
    Tensor flat = build.matmul(build.reshape(lhs, {all, inner}), rhs, element);
    return build.reshape(flat, shape);
  }
  // Batches: equal ones are merged into one dimension, others go through
  // indexing maps.
  ArrayRef<Expr> batch = ArrayRef<Expr>(shape).drop_back(2);
  auto isFull = [&](const Tensor &side) {
    return side.rank() == static_cast<int64_t>(shape.size()) &&
           llvm::all_of(llvm::zip(batch, side.shape), [&](auto pair) {
             return build.same(std::get<0>(pair), std::get<1>(pair));
           });
  };
  if (isFull(lhs) && isFull(rhs)) {
    Expr count = build.product(batch);
    Tensor flat =
        build.matmul(build.reshape(lhs, {count, rows, inner}),
                     build.reshape(rhs, {count, inner, columns}), element);
    return build.reshape(flat, shape);
  }
  auto lead = static_cast<int>(batch.size());
  Shape loops(shape.begin(), shape.end());
  loops.push_back(inner);
  auto subscripts = [&](const Tensor &side, int first, int second) {
    SmallVector<int> letters;
    for (int axis = 0; axis < static_cast<int>(side.rank()) - 2; ++axis)
      letters.push_back(lead - static_cast<int>(side.rank()) + 2 + axis);
    letters.push_back(first);
    letters.push_back(second);
    return letters;
  };
  SmallVector<int> output = llvm::to_vector(llvm::seq<int>(0, lead + 2));
  return build.contract(
      {lhs, rhs},
      {subscripts(lhs, lead, lead + 2), subscripts(rhs, lead + 2, lead + 1)},
      output, loops, element);
}

namespace {

LogicalResult lowerMatMul(Lowering &lowering, Operation *op) {
  if (auto indexed = IndexedProduct::match(op, lowering.shapes)) {
    lowering.set(op->getResult(0), indexed->lower(lowering, op));
    return success();
  }
  lowering.set(op->getResult(0),
               lowerProduct(lowering, lowering.get(op, 0), lowering.get(op, 1),
                            lowering.shapeOf(op->getResult(0)),
                            lowering.resultType(op)));
  return success();
}

LogicalResult lowerGemm(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor lhs = lowering.get(op, 0), rhs = lowering.get(op, 1);
  SmallVector<int64_t> swap = {1, 0};
  if (Lowering::integer(op, "transA"))
    lhs = build.transpose(lhs, swap);
  if (Lowering::integer(op, "transB"))
    rhs = build.transpose(rhs, swap);
  Shape shape = lowering.shapeOf(op->getResult(0));
  Type element = lowering.resultType(op);
  double alpha = Lowering::real(op, "alpha", 1),
         beta = Lowering::real(op, "beta", 1);
  bool hasBias = lowering.present(op, 2) && beta != 0;
  bool plain = alpha == 1 && !hasBias;
  Tensor product =
      build.matmul(lhs, rhs, plain ? element : build.computeType(element));
  if (!plain) {
    SmallVector<Tensor> inputs = {product};
    if (hasBias)
      inputs.push_back(lowering.get(op, 2));
    product = build.elementwise(
        inputs, shape, element, [&](OpBuilder &b, Location loc, ValueRange v) {
          Scalars s(b, loc);
          auto times = [&](double factor, Value value) {
            return factor == 1
                       ? value
                       : s.mul(s.number(value.getType(), factor), value);
          };
          Value result = times(alpha, v[0]);
          return hasBias ? s.add(result, times(beta, v[1])) : result;
        });
  }
  lowering.set(op->getResult(0), build.castShape(product, shape));
  return success();
}

/// An equation's terms, each a list of loop numbers; '...' stands for the
/// dimensions that are aligned at the end.
struct Equation {
  SmallVector<SmallVector<int>> inputs;
  SmallVector<int> output;
  int loops = 0;
};

FailureOr<Equation> parse(Lowering &lowering, Operation *op) {
  std::string text = Lowering::text(op, "equation").str();
  llvm::erase(text, ' ');
  auto [left, right] = StringRef(text).split("->");
  bool implicit = StringRef(text).find("->") == StringRef::npos;
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != op->getNumOperands())
    return Lowering::error(op)
           << "has the equation '" << text << "' with " << terms.size()
           << " terms for " << op->getNumOperands() << " inputs";
  int64_t ellipsis = 0; // its greatest number of dimensions
  for (auto [term, operand] : llvm::zip(terms, op->getOperands()))
    if (term.contains("..."))
      ellipsis = std::max(ellipsis, lowering.info(operand).rank() -
                                        static_cast<int64_t>(term.size()) + 3);
  Equation equation;
  std::map<char, int> letters;
  std::map<char, int> uses;
  equation.loops = static_cast<int>(ellipsis); // loops 0.. are the ellipsis
  auto read = [&](StringRef term, int64_t own, bool count) {
    SmallVector<int> result;
    for (size_t i = 0; i < term.size(); ++i) {
      if (term[i] == '.') {
        for (int64_t d = ellipsis - own; d < ellipsis; ++d)
          result.push_back(static_cast<int>(d));
        i += 2;
        continue;
      }
      auto [entry, isNew] = letters.try_emplace(term[i], equation.loops);
      equation.loops += isNew;
      uses[term[i]] += count;
      result.push_back(entry->second);
    }
    return result;
  };
  for (auto [term, operand] : llvm::zip(terms, op->getOperands())) {
    int64_t own = term.contains("...")
                      ? lowering.info(operand).rank() -
                            static_cast<int64_t>(term.size()) + 3
                      : 0;
    equation.inputs.push_back(read(term, own, true));
  }
  if (!implicit) {
    equation.output = read(right, ellipsis, false);
    return equation;
  }
  equation.output =
      llvm::to_vector(llvm::seq<int>(0, static_cast<int>(ellipsis)));
  for (auto [letter, count] : uses)
    if (count == 1)
      equation.output.push_back(letters[letter]);
  return equation;
}

LogicalResult lowerEinsum(Lowering &lowering, Operation *op) {
  auto equation = parse(lowering, op);
  if (failed(equation))
    return failure();
  TensorBuilder &build = lowering.build;
  SmallVector<Tensor> inputs;
  Shape loops(equation->loops, Expr(1));
  for (auto [number, letters] : llvm::enumerate(equation->inputs)) {
    inputs.push_back(lowering.get(op, static_cast<unsigned>(number)));
    for (auto [axis, letter] : llvm::enumerate(letters))
      if (build.isOne(loops[letter]))
        loops[letter] = inputs.back().shape[axis];
  }
  // Loops of the result come first, so that the sums are innermost.
  SmallVector<int> order(equation->loops, -1);
  int next = 0;
  for (int loop : equation->output)
    order[loop] = next++;
  for (int &position : order)
    if (position < 0)
      position = next++;
  Shape ordered(loops.size(), Expr(1));
  for (auto [loop, position] : llvm::enumerate(order))
    ordered[position] = loops[loop];
  for (SmallVector<int> &letters : equation->inputs)
    for (int &letter : letters)
      letter = order[letter];
  for (int &letter : equation->output)
    letter = order[letter];
  Tensor result = build.contract(inputs, equation->inputs, equation->output,
                                 ordered, lowering.resultType(op));
  lowering.set(op->getResult(0),
               build.castShape(result, lowering.shapeOf(op->getResult(0))));
  return success();
}

} // namespace

void addContraction(LoweringTable &table) {
  table["MatMul"] = lowerMatMul;
  table["Gemm"] = lowerGemm;
  table["Einsum"] = lowerEinsum;
}

} // namespace jarana::raise
