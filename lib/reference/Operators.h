// The meaning of every operator, on plain tensors.
#pragma once

#include "lib/reference/Tensor.h"

#include <functional>
#include <map>
#include <optional>
#include <variant>

namespace jarana::reference {

using Attribute = std::variant<int64_t, double, std::string,
                               std::vector<int64_t>, std::vector<double>>;
using Attributes = std::map<std::string, Attribute>;

/// An absent optional input is nullptr.
template <class Real> using InputsOf = std::vector<const TensorOf<Real> *>;
template <class Real>
using OperatorOf = std::function<std::vector<TensorOf<Real>>(
    const InputsOf<Real> &, const Attributes &)>;
using Operator = OperatorOf<double>;

/// The operator named as in the onnx form ("MatMul", "GroupQueryAttention") or
/// the hybrid form ("hybrid.ssd_scan"), nullptr where there is none. An onnx
/// operator gets attributes by ONNX's names, every default filled in; operators
/// throw jarana::Error for inputs that the specification does not allow (the
/// caller adds the node's name). `Real` is double or Exact.
template <class Real>
const OperatorOf<Real> *findOperatorOf(const std::string &name);
inline const Operator *findOperator(const std::string &name) {
  return findOperatorOf<double>(name);
}
/// Sorted names of all of them.
std::vector<std::string> operatorNames();

} // namespace jarana::reference
