// Reference operators over the exact domain, for tests: short names for what
// they need often.
#pragma once

#include "lib/reference/Operators.h"
#include "test/unit/exact_draws.h"

namespace jarana::reference::exact {

using T = TensorOf<Exact>;
inline constexpr double inf = std::numeric_limits<double>::infinity();

inline T ints(Shape shape, std::vector<int64_t> values,
              DType type = DType::i64) {
  T tensor(type, std::move(shape));
  tensor.ints = std::move(values);
  return tensor;
}
inline T scalar(double value) {
  T tensor(DType::f32, {});
  tensor.reals[0] = Exact(value);
  return tensor;
}

inline std::vector<T> runAll(const std::string &name,
                             const InputsOf<Exact> &inputs,
                             const Attributes &attributes = {}) {
  const OperatorOf<Exact> *function = findOperatorOf<Exact>(name);
  if (!function)
    throw Error("no operator " + name);
  return (*function)(inputs, attributes);
}
template <class... Inputs> T run(const std::string &name, const Inputs &...in) {
  return runAll(name, {&in...})[0];
}
inline T einsum(const std::string &equation, const InputsOf<Exact> &inputs) {
  return runAll("Einsum", inputs, {{"equation", equation}})[0];
}
inline T reshape(const T &x, Shape shape) {
  int64_t rank = int64_t(shape.size());
  return run("Reshape", x, ints({rank}, std::move(shape)));
}
inline T transpose(const T &x, Shape order) {
  return runAll("Transpose", {&x}, {{"perm", std::move(order)}})[0];
}
inline T slice(const T &x, int64_t axis, int64_t begin, int64_t end) {
  return run("Slice", x, ints({1}, {begin}), ints({1}, {end}),
             ints({1}, {axis}));
}
inline T concat(const T &x, const T &y, int64_t axis) {
  return runAll("Concat", {&x, &y}, {{"axis", axis}})[0];
}

/// How many elements differ; a NaN equals a NaN.
inline int64_t differences(const T &x, const T &y) {
  EXPECT_EQ(x.shape, y.shape);
  int64_t count = 0;
  for (int64_t i = 0; i < x.size(); ++i)
    count += !(x.reals[i] == y.reals[i]) &&
             !(x.reals[i].isNaN() && y.reals[i].isNaN());
  return count;
}
inline void expectSame(const T &x, const T &y) {
  ASSERT_GT(x.size(), 0);
  EXPECT_EQ(differences(x, y), 0) << "of " << x.size();
}

} // namespace jarana::reference::exact
