#include "lib/verify/Compare.h"

#include "lib/reference/operators/Support.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
uint64_t bitsOf(const Exact &x) {
  if (x.isFinite())
    return x.modP();
  return x.isNaN() ? 1 : x.isMinusInfinite() ? 2 : 3;
}

template <class Real>
bool sameAt(const TensorOf<Real> &a, const TensorOf<Real> &b, int64_t i) {
  return isFloat(a.dtype) ? isSame(a.reals[i], b.reals[i])
                          : a.ints[i] == b.ints[i];
}
} // namespace

template <class Real>
std::string verify::difference(const TensorOf<Real> &expected,
                               const TensorOf<Real> &found,
                               const llvm::BitVector &without) {
  if (expected.shape != found.shape)
    return "in shape, " + toText(found.shape) + " for " +
           toText(expected.shape);
  if (isFloat(expected.dtype) != isFloat(found.dtype))
    return "in type, " + name(found.dtype) + " for " + name(expected.dtype);
  for (int64_t i = 0, count = expected.size(); i < count; ++i)
    if (!(i < without.size() && without[i]) && !sameAt(expected, found, i))
      return "at " + toText(indexAt(expected.shape, i));
  return "";
}

llvm::BitVector verify::differences(const ExactTensor &a,
                                    const ExactTensor &b) {
  llvm::BitVector result(a.size());
  for (int64_t i = 0, count = a.size(); i < count; ++i)
    if (!sameAt(a, b, i))
      result.set(i);
  return result;
}

ExactTensor verify::withSignOf(DType type, ExactTensor tensor) {
  constexpr std::pair<DType, DType> signs[] = {{DType::i8, DType::u8},
                                               {DType::i16, DType::u16},
                                               {DType::i32, DType::u32},
                                               {DType::i64, DType::u64}};
  for (auto [with, without] : signs)
    if ((type == with && tensor.dtype == without) ||
        (type == without && tensor.dtype == with)) {
      tensor.dtype = type;
      for (int64_t &value : tensor.ints)
        value = wrap(type, value);
    }
  return tensor;
}

uint64_t verify::hashOf(const TensorOf<Exact> &tensor) {
  uint64_t hash = isFloat(tensor.dtype);
  for (const Exact &value : tensor.reals)
    hash = mixed(hash ^ bitsOf(value));
  for (int64_t value : tensor.ints)
    hash = mixed(hash ^ static_cast<uint64_t>(value));
  return hash;
}

template std::string verify::difference(const Tensor &, const Tensor &,
                                        const llvm::BitVector &);
template std::string verify::difference(const TensorOf<Exact> &,
                                        const TensorOf<Exact> &,
                                        const llvm::BitVector &);
