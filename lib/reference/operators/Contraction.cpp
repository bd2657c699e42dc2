// Matrix products and Einsum: https://onnx.ai/onnx/operators, opset 27.
#include "lib/reference/operators/Contraction.h"

#include <map>
#include <set>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Results = std::vector<T<Real>>;

template <class Real>
Results<Real> matMul(const InputsOf<Real> &inputs, const Attributes &) {
  return {rounded(matrixProduct(required(inputs, 0), required(inputs, 1)))};
}

/// Gemm: alpha op(A) op(B) + beta C, where op may transpose and C broadcasts to
/// the product.
template <class Real>
Results<Real> gemm(const InputsOf<Real> &inputs, const Attributes &attributes) {
  T<Real> a = required(inputs, 0), b = required(inputs, 1);
  expectShape("A", a.shape,
              {a.rank() > 0 ? a.shape[0] : 0, a.rank() > 1 ? a.shape[1] : 0});
  expectShape("B", b.shape,
              {b.rank() > 0 ? b.shape[0] : 0, b.rank() > 1 ? b.shape[1] : 0});
  if (integer(attributes, "transA", 0))
    a = transposed(a, {1, 0});
  if (integer(attributes, "transB", 0))
    b = transposed(b, {1, 0});
  T<Real> result = matrixProduct(std::move(a), std::move(b));
  double alpha = number(attributes, "alpha", 1.0),
         beta = number(attributes, "beta", 1.0);
  for (Real &value : result.reals)
    value *= Real(alpha);
  for (int64_t &value : result.ints)
    value = static_cast<int64_t>(double(value) * alpha);
  if (const T<Real> *c = optional(inputs, 2))
    forEach<1>(result.shape, {broadcastStrides(c->shape, result.shape)},
               [&](int64_t i, auto &at) {
                 if (isFloat(result.dtype))
                   result.reals[i] += Real(beta) * c->reals[at[0]];
                 else
                   result.ints[i] +=
                       static_cast<int64_t>(beta * double(c->ints[at[0]]));
               });
  return {rounded(std::move(result))};
}

/// The labels of one term, one per dimension. "..." becomes labels -1, -2, ...
/// counted from the last dimension, so that ellipses of different ranks align
/// as in broadcasting.
std::vector<int> labelsOf(const std::string &term, int64_t rank) {
  size_t dots = term.find("...");
  std::vector<int> labels;
  int64_t letters = dots == std::string::npos ? term.size() : term.size() - 3;
  if (dots == std::string::npos ? letters != rank : letters > rank)
    throw Error("the term '" + term + "' does not fit rank " +
                std::to_string(rank));
  for (size_t i = 0; i < term.size(); ++i) {
    if (i == dots) {
      for (int64_t k = rank - letters; k > 0; --k)
        labels.push_back(-static_cast<int>(k));
      i += 2;
    } else if (!isalpha(static_cast<unsigned char>(term[i]))) {
      throw Error("'" + std::string(1, term[i]) + "' is no label");
    } else {
      labels.push_back(term[i]);
    }
  }
  return labels;
}

/// The terms of "ij, jk -> ik": blanks removed, the last is the result's.
/// Without "->": the ellipsis, then the labels that occur once, in alphabetical
/// order.
std::vector<std::string> termsOf(std::string equation) {
  std::erase(equation, ' ');
  size_t arrow = equation.find("->");
  std::string left = equation.substr(0, arrow), right;
  if (arrow != std::string::npos) {
    right = equation.substr(arrow + 2);
  } else {
    std::map<char, int> uses;
    for (char c : left)
      if (isalpha(static_cast<unsigned char>(c)))
        ++uses[c];
    right = left.find("...") != std::string::npos ? "..." : "";
    for (auto [label, count] : uses)
      if (count == 1)
        right += label;
  }
  std::vector<std::string> terms(1);
  for (char c : left)
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  terms.push_back(right);
  return terms;
}

/// Einsum of two inputs as a matrix product for each index that all three
/// share: the labels of both inputs that the result lacks are summed. Nothing
/// where it is none (a label twice in a term, or summed over one input alone).
template <class Real>
std::optional<T<Real>>
einsumByMatrices(const T<Real> &a, const T<Real> &b,
                 const std::vector<std::vector<int>> &labels,
                 std::map<int, int64_t> &dims) {
  // A dimension of 1 that broadcasts is as if it were not there.
  std::array<std::map<int, int64_t>, 2> axes;
  for (size_t side : {0, 1})
    for (size_t d = 0; d < labels[side].size(); ++d) {
      int label = labels[side][d];
      int64_t own = (side ? b : a).shape[d];
      if (own == dims[label] && !axes[side].emplace(label, d).second)
        return std::nullopt;
    }
  auto in = [&](size_t side, int label) { return axes[side].contains(label); };
  std::vector<int> batch, rows, columns, summed;
  for (int label : labels[2]) {
    if (std::count(labels[2].begin(), labels[2].end(), label) > 1)
      return std::nullopt;
    (in(0, label) ? in(1, label) ? batch : rows : columns).push_back(label);
  }
  for (auto [label, dim] : dims) {
    if (std::find(labels[2].begin(), labels[2].end(), label) != labels[2].end())
      continue;
    if (!in(0, label) || !in(1, label))
      return std::nullopt;
    summed.push_back(label);
  }
  // The input with the dimensions of `order`, those it lacks left out.
  auto arranged = [&](size_t side, std::vector<std::vector<int>> order) {
    const T<Real> &x = side ? b : a;
    Shape shape, strides, own = stridesOf(x.shape);
    for (const std::vector<int> &part : order)
      for (int label : part) {
        shape.push_back(dims[label]);
        strides.push_back(own[axes[side][label]]);
      }
    return strided(x, shape, strides);
  };
  auto count = [&](const std::vector<int> &part) {
    int64_t all = 1;
    for (int label : part)
      all *= dims[label];
    return all;
  };
  auto left = std::make_optional(arranged(0, {batch, rows, summed})),
       right = std::make_optional(arranged(1, {batch, summed, columns}));
  Shape shape;
  std::vector<int> order;
  for (const std::vector<int> &part : {batch, rows, columns})
    for (int label : part) {
      shape.push_back(dims[label]);
      order.push_back(label);
    }
  T<Real> result(a.dtype, shape);
  accumulateProducts(count(batch), left->reals.data(), right->reals.data(),
                     result.reals.data(), count(rows), count(summed),
                     count(columns),
                     [](int64_t i) { return std::array<int64_t, 2>{i, i}; });
  left.reset(), right.reset(); // large ones make room for another copy
  result = rounded(std::move(result));
  if (order == labels[2])
    return result;
  Shape back;
  for (int label : labels[2])
    back.push_back(std::find(order.begin(), order.end(), label) -
                   order.begin());
  return transposed(result, back);
}

/// Einsum: for every assignment of the labels, the product of the inputs'
/// elements is added to the result's.
template <class Real>
Results<Real> einsum(const InputsOf<Real> &inputs,
                     const Attributes &attributes) {
  std::vector<std::string> terms = termsOf(text(attributes, "equation"));
  size_t count = inputs.size();
  if (terms.size() != count + 1)
    throw Error("the equation has " + std::to_string(terms.size() - 1) +
                " terms for " + std::to_string(count) + " inputs");
  std::map<int, int64_t> dims;
  std::vector<std::vector<int>> labels;
  for (size_t i = 0; i < count; ++i) {
    const T<Real> &x = requiredReal(inputs, i);
    labels.push_back(labelsOf(terms[i], x.rank()));
    for (int64_t d = 0; d < x.rank(); ++d) {
      int64_t &dim = dims.emplace(labels[i][d], 1).first->second;
      if (dim != x.shape[d] && dim != 1 && x.shape[d] != 1)
        throw Error(std::string("dimension '") +
                    static_cast<char>(labels[i][d]) + "' is both " +
                    std::to_string(dim) + " and " + std::to_string(x.shape[d]));
      dim = dim == 1 ? x.shape[d] : dim;
    }
  }
  int64_t ellipsis = 0, letters = terms.back().size();
  while (dims.count(-static_cast<int>(ellipsis) - 1))
    ++ellipsis;
  bool dots = terms.back().find("...") != std::string::npos;
  labels.push_back(
      labelsOf(terms.back(), dots ? letters - 3 + ellipsis : letters));

  // The iteration: the result's labels, then the summed ones.
  std::vector<int> loop = labels.back();
  Shape shape, full;
  for (int label : loop) {
    if (!dims.count(label))
      throw Error("a label of the result is in no input");
    shape.push_back(dims[label]);
  }
  for (auto [label, dim] : dims)
    if (std::find(loop.begin(), loop.end(), label) == loop.end())
      loop.push_back(label);
  for (int label : loop)
    full.push_back(dims[label]);

  if (count == 2)
    if (auto result = einsumByMatrices(*inputs[0], *inputs[1], labels, dims))
      return {std::move(*result)};

  std::vector<Shape> strides(count, Shape(loop.size(), 0));
  for (size_t i = 0; i < count; ++i) {
    Shape own = stridesOf(inputs[i]->shape);
    for (size_t d = 0; d < own.size(); ++d)
      if (inputs[i]->shape[d] != 1) // a dimension of 1 broadcasts
        strides[i][std::find(loop.begin(), loop.end(), labels[i][d]) -
                   loop.begin()] += own[d];
  }
  T<Real> result(inputs[0]->dtype, shape);
  if (elementCount(full) == 0)
    return {std::move(result)};
  int64_t inner = product(full, shape.size(), full.size());
  std::vector<int64_t> at(count, 0);
  Shape index(loop.size(), 0);
  for (int64_t i = 0, total = elementCount(full); i < total; ++i) {
    Real term(1);
    for (size_t k = 0; k < count; ++k)
      term *= inputs[k]->reals[at[k]];
    result.reals[i / inner] += term;
    for (size_t d = loop.size(); d-- > 0;) {
      bool carry = ++index[d] == full[d];
      for (size_t k = 0; k < count; ++k)
        at[k] += carry ? strides[k][d] * (1 - full[d]) : strides[k][d];
      if (!carry)
        break;
      index[d] = 0;
    }
  }
  return {rounded(std::move(result))};
}
} // namespace

template <class Real> void reference::addContraction(TableOf<Real> &table) {
  table["MatMul"] = matMul<Real>;
  table["Gemm"] = gemm<Real>;
  table["Einsum"] = einsum<Real>;
}

template void reference::addContraction(TableOf<double> &);
template void reference::addContraction(TableOf<Exact> &);
