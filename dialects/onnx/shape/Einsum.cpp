// Einsum: the equation, and the shape that it gives.
#include "dialects/onnx/shape/Rules.h"

#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

/// The labels of one term; an ellipsis is the position where it stands.
struct EinsumTerm {
  std::string labels;
  std::optional<size_t> ellipsis;
};

EinsumTerm parseTerm(Inference &inference, StringRef text, StringRef equation) {
  EinsumTerm term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (llvm::isAlpha(text[i])) {
      term.labels += text[i];
    } else if (text.substr(i).starts_with("...") && !term.ellipsis) {
      term.ellipsis = term.labels.size();
      i += 2;
    } else if (text[i] != ' ') {
      inference.fail("the equation '" + equation + "' is malformed at '" +
                     text.substr(i) + "'");
    }
  }
  return term;
}
} // namespace

Results einsum(Inference &inference) {
  StringRef equation = inference.string("equation", "");
  auto [left, right] = equation.split("->");
  bool isExplicit = equation.contains("->");
  SmallVector<StringRef> texts;
  left.split(texts, ',');
  if (texts.size() != inference.operands.size())
    inference.fail("the equation '" + equation + "' has " +
                   Twine(texts.size()) + " terms for " +
                   Twine(inference.operands.size()) + " operands");

  std::map<char, Expr> sizes;
  std::map<char, int> uses;
  SmallVector<Shape> ellipses;
  for (auto [i, text] : llvm::enumerate(texts)) {
    EinsumTerm term = parseTerm(inference, text, equation);
    const Shape &shape = inference.in(i).shape;
    if (shape.size() < term.labels.size() ||
        (!term.ellipsis && shape.size() != term.labels.size()))
      inference.fail("the equation '" + equation + "' has " +
                     Twine(term.labels.size()) + " labels for operand " +
                     Twine(i) + ", whose rank is " + Twine(shape.size()));
    size_t hidden = shape.size() - term.labels.size();
    for (size_t k = 0; k < term.labels.size(); ++k) {
      char label = term.labels[k];
      const Expr &dim =
          shape[term.ellipsis && k >= *term.ellipsis ? k + hidden : k];
      ++uses[label];
      auto [known, isNew] = sizes.try_emplace(label, dim);
      if (isNew || dim.isConstant(1))
        continue;
      if (!known->second.isConstant(1))
        inference.requireEqual(known->second, dim,
                               "the sizes of label '" +
                                   Twine(std::string(1, label)) +
                                   "' of the equation");
      if (known->second.isConstant(1) || dim.constant())
        known->second = dim;
      known->second = inference.ctx.simplify(known->second);
    }
    if (term.ellipsis)
      ellipses.emplace_back(shape.begin() + *term.ellipsis,
                            shape.begin() + *term.ellipsis + hidden);
  }
  Shape hidden = broadcastShapes(inference, ellipses);

  EinsumTerm output;
  if (isExplicit) {
    output = parseTerm(inference, right, equation);
    std::map<char, int> seen;
    for (char label : output.labels)
      if (!sizes.count(label) || ++seen[label] > 1)
        inference.fail("the equation '" + equation + "' has the label '" +
                       Twine(std::string(1, label)) + "' in its result " +
                       (sizes.count(label) ? "twice" : "but in no operand"));
  } else {
    // Labels that occur once, in alphabetical order, after the ellipsis.
    output.ellipsis = 0;
    for (auto [label, count] : uses)
      if (count == 1)
        output.labels += label;
  }
  if (isExplicit && !ellipses.empty() && !output.ellipsis)
    hidden.clear(); // summed
  Shape shape;
  for (char label : output.labels)
    shape.push_back(sizes.at(label));
  if (output.ellipsis)
    shape.insert(shape.begin() + *output.ellipsis, hidden.begin(),
                 hidden.end());
  return {{inference.in(0).elementType, std::move(shape), std::nullopt}};
}

} // namespace jarana::onnx::shape
