// hybrid.indexed_matmul (dialects/hybrid/MatmulOps.td): each row meets the
// matrix that its index chooses.
#include "lib/reference/operators/Support.h"
#include "lib/reference/operators/Tables.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
/// lhs [t, k], weights [e, k, n] or, transposed, [e, n, k], indices [t] in
/// [-e, e), y [t, n]. Another index, whose row the op leaves undefined, is an
/// error here.
template <class Real>
std::vector<TensorOf<Real>> indexedMatmul(const InputsOf<Real> &inputs,
                                          const Attributes &attributes) {
  const TensorOf<Real> &lhs = requiredReal(inputs, 0),
                       &weights = requiredReal(inputs, 1),
                       &indices = requiredInt(inputs, 2);
  TensorOf<Real> y = requiredReal(inputs, 3);
  expectRank("lhs", lhs.shape, 2);
  expectRank("weights", weights.shape, 3);
  expectRank("y", y.shape, 2);
  bool transposed = has(attributes, "transposed");
  int64_t rows = lhs.shape[0], k = lhs.shape[1], n = y.shape[1],
          matrices = weights.shape[0];
  expectShape("weights", weights.shape,
              transposed ? Shape{matrices, n, k} : Shape{matrices, k, n});
  expectShape("indices", indices.shape, {rows});
  expectShape("y", y.shape, {rows, n});
  for (int64_t t = 0; t < rows; ++t) {
    int64_t index = indices.ints[t];
    if (index < -matrices || index >= matrices)
      throw Error("index " + std::to_string(index) + " of row " +
                  std::to_string(t) + " is outside the " +
                  std::to_string(matrices) + " matrices");
    index = index < 0 ? index + matrices : index;
    for (int64_t j = 0; j < n; ++j) {
      Real sum(0);
      for (int64_t i = 0; i < k; ++i)
        sum += lhs.reals[t * k + i] *
               weights.reals[transposed ? (index * n + j) * k + i
                                        : (index * k + i) * n + j];
      y.reals[t * n + j] = sum;
    }
  }
  return {rounded(std::move(y))};
}
} // namespace

template <class Real> void reference::addIndexedMatmul(TableOf<Real> &table) {
  table["hybrid.indexed_matmul"] = indexedMatmul<Real>;
}

template void reference::addIndexedMatmul(TableOf<double> &);
template void reference::addIndexedMatmul(TableOf<Exact> &);
