#include "passes/raise/recognise/Cost.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

// Over residues; floats take about a fifth.
constexpr double secondsPerElement = 2.5e-8, secondsPerProduct = 1.5e-9;

/// The number of elements, 0 where it is not known.
double elements(Graph &graph, Value value, const Sample &sample) {
  double count = 1;
  for (const symbolic::Expr &dim : graph.shapes[value].shape)
    count *= static_cast<double>(
        evaluate(graph.shapes.context(), dim, sample).value_or(0));
  return count;
}

double lastDim(Graph &graph, Value value, const Sample &sample) {
  const symbolic::Shape &shape = graph.shapes[value].shape;
  return shape.empty() ? 1
                       : static_cast<double>(evaluate(graph.shapes.context(),
                                                      shape.back(), sample)
                                                 .value_or(0));
}

/// The product of all labels' dimensions.
double einsumProducts(Graph &graph, Operation *op, const Sample &sample) {
  auto equation = op->getAttrOfType<StringAttr>("equation");
  if (!equation)
    return 0;
  std::map<char, double> dims;
  SmallVector<StringRef> terms;
  equation.getValue().split("->").first.split(terms, ',');
  for (auto [term, operand] : llvm::zip(terms, op->getOperands())) {
    std::string letters = term.str();
    std::erase(letters, ' ');
    const symbolic::Shape &shape = graph.shapes[operand].shape;
    if (letters.size() != shape.size())
      continue; // an ellipsis: the result's elements are the estimate
    for (auto [letter, dim] : llvm::zip(letters, shape))
      dims[letter] = std::max(
          dims[letter],
          static_cast<double>(
              evaluate(graph.shapes.context(), dim, sample).value_or(0)));
  }
  double products = 1;
  for (auto [letter, dim] : dims)
    products *= dim;
  return products;
}

double products(Graph &graph, Operation *op, const Sample &sample) {
  StringRef name = opName(op);
  if (name == "Einsum")
    return einsumProducts(graph, op, sample);
  if (name == "MatMul" || name == "Gemm")
    return elements(graph, op->getResult(0), sample) *
           lastDim(graph, op->getOperand(0), sample);
  if (name == "LinearAttention") { // decays, updates, reads the state
    auto heads = op->getAttrOfType<IntegerAttr>("kv_num_heads");
    return 3 * elements(graph, op->getOperand(1), sample) *
           lastDim(graph, op->getOperand(2), sample) /
           static_cast<double>(heads ? std::max<int64_t>(heads.getInt(), 1)
                                     : 1);
  }
  if (name == "Conv" || name == "CausalConvWithState")
    return elements(graph, op->getResult(0), sample) *
           elements(graph, op->getOperand(1), sample) /
           std::max(1.0, static_cast<double>(graph.shapes[op->getOperand(1)]
                                                 .shape.front()
                                                 .constant()
                                                 .value_or(1)));
  if (name == "Attention" ||
      name == "AttentionWithSink") // scores and their product with the values
    return 2 * elements(graph, op->getOperand(0), sample) *
           elements(graph, op->getOperand(1), sample) /
           std::max(1.0, lastDim(graph, op->getOperand(1), sample));
  return 0;
}

} // namespace

Cost costOf(Graph &graph, ArrayRef<Operation *> ops, const Sample &sample) {
  Cost cost;
  for (Operation *op : ops) {
    if (opName(op) == "None")
      continue;
    for (Value result : op->getResults()) {
      double count = elements(graph, result, sample);
      cost.largest = std::max(cost.largest, count);
      cost.seconds += count * secondsPerElement;
    }
    cost.seconds += products(graph, op, sample) * secondsPerProduct;
  }
  return cost;
}

} // namespace jarana::raise::recognise
