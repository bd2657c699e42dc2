// RotaryEmbedding: https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
// (opset 23); com.microsoft's is the same with its inputs in another order.
#include "lib/reference/operators/Rotary.h"

#include "lib/reference/operators/Support.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// X [b, heads, s, d] or [b, s, heads * d]; cos and sin [positions, r/2] with
/// position_ids [b, s] (or [1]: the first position), else [b, s, r/2] (a batch
/// of 1 serves all).
template <class Real>
std::vector<T<Real>> rotaryEmbedding(const InputsOf<Real> &inputs,
                                     const Attributes &attributes) {
  T<Real> y = requiredReal(inputs, 0);
  const T<Real> &cosines = requiredReal(inputs, 1),
                &sines = requiredReal(inputs, 2);
  const T<Real> *positions = optional(inputs, 3);
  bool headsFirst = y.rank() == 4;
  if (!headsFirst && y.rank() != 3)
    throw Error("the input has shape " + toText(y.shape) +
                ", but rank 3 or 4 is expected");
  int64_t heads = headsFirst ? y.shape[1] : integer(attributes, "num_heads", 0);
  int64_t dim = integer(attributes, "rotary_embedding_dim", 0);
  if (heads == 0 &&
      dim > 0) // com.microsoft: derived from the caches' full width
    throw Error("num_heads is needed for an input of rank 3");
  if (heads <= 0 || (!headsFirst && y.shape[2] % heads != 0))
    throw Error("the input's shape " + toText(y.shape) +
                " does not divide into " + std::to_string(heads) + " heads");
  int64_t batch = y.shape[0], length = headsFirst ? y.shape[2] : y.shape[1];
  int64_t size = headsFirst ? y.shape[3] : y.shape[2] / heads;
  if (dim == 0)
    dim = size;
  expectShape("the sines", sines.shape, cosines.shape);
  expectRank("the cosines", cosines.shape, positions ? 2 : 3);
  int64_t half = cosines.shape.back(), rows = cosines.shape[cosines.rank() - 2];
  if (dim > size || dim % 2 || half != dim / 2)
    throw Error("caches of width " + std::to_string(half) + " do not rotate " +
                std::to_string(dim) + " of " + std::to_string(size) +
                " elements");
  if (!positions &&
      (rows != length || (cosines.shape[0] != batch && cosines.shape[0] != 1)))
    throw Error("the cosines have shape " + toText(cosines.shape) +
                ", which does not fit the input's " + toText(y.shape));
  bool first = positions && positions->size() == 1;
  if (positions && !first)
    expectShape("position_ids", positions->shape, {batch, length});
  bool interleaved = integer(attributes, "interleaved", 0) != 0;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t s = 0; s < length; ++s) {
      int64_t row = positions ? (first ? positions->ints[0] + s
                                       : positions->ints[b * length + s])
                              : (cosines.shape[0] == 1 ? 0 : b) * length + s;
      if (positions && (row < 0 || row >= rows))
        throw Error("position " + std::to_string(row) +
                    " is outside of the caches of " + std::to_string(rows) +
                    " rows");
      for (int64_t h = 0; h < heads; ++h) {
        int64_t at = headsFirst ? (b * heads + h) * length + s
                                : (b * length + s) * heads + h;
        rotate(&y.reals[at * size], dim, &cosines.reals[row * half],
               &sines.reals[row * half], interleaved);
      }
    }
  return {rounded(std::move(y))};
}
} // namespace

template <class Real> void reference::addRotary(TableOf<Real> &table) {
  table["RotaryEmbedding"] = rotaryEmbedding<Real>;
}

template void reference::addRotary(TableOf<double> &);
template void reference::addRotary(TableOf<Exact> &);
