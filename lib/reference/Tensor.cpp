#include "lib/reference/Tensor.h"

#include "lib/reference/Exact.h"

#include <cmath>
#include <limits>

#ifdef __linux__
#include <sys/mman.h>
#endif

using namespace jarana;
using namespace jarana::reference;

bool reference::isFloat(DType type) {
  return type == DType::f32 || type == DType::f16 || type == DType::bf16 ||
         type == DType::f64;
}

int64_t reference::byteSize(DType type) {
  switch (type) {
  case DType::i8:
  case DType::u8:
  case DType::boolean:
    return 1;
  case DType::f16:
  case DType::bf16:
  case DType::i16:
  case DType::u16:
    return 2;
  case DType::f32:
  case DType::i32:
  case DType::u32:
    return 4;
  case DType::f64:
  case DType::i64:
  case DType::u64:
    return 8;
  }
  return 0;
}

namespace {
struct TypeName {
  DType type;
  const char *name;
};
constexpr TypeName typeNames[] = {
    {DType::f32, "float32"},   {DType::f16, "float16"},
    {DType::bf16, "bfloat16"}, {DType::f64, "float64"},
    {DType::i8, "int8"},       {DType::u8, "uint8"},
    {DType::i16, "int16"},     {DType::u16, "uint16"},
    {DType::i32, "int32"},     {DType::u32, "uint32"},
    {DType::i64, "int64"},     {DType::u64, "uint64"},
    {DType::boolean, "bool"},
};

/// The nearest number with `fractionBits` bits after the leading one and
/// exponents from `minExponent` (below it: denormals, equally spaced). Scaling
/// by powers of two is exact, so nearbyint's ties-to-even is the only rounding.
double nearest(double value, int fractionBits, int minExponent,
               double largest) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int spacing = std::max(std::ilogb(value), minExponent) - fractionBits;
  double rounded =
      std::ldexp(std::nearbyint(std::ldexp(value, -spacing)), spacing);
  if (std::fabs(rounded) > largest)
    return std::copysign(std::numeric_limits<double>::infinity(), value);
  return rounded;
}
} // namespace

std::string reference::name(DType type) {
  for (const TypeName &entry : typeNames)
    if (entry.type == type)
      return entry.name;
  return "unknown";
}

DType reference::dtypeFromName(const std::string &text) {
  for (const TypeName &entry : typeNames)
    if (entry.name == text)
      return entry.type;
  throw Error("there is no element type '" + text +
              "' here; there are float32, float16, bfloat16, float64, int8 to "
              "int64, uint8 to uint64 and bool");
}

double reference::roundTo(DType type, double value) {
  switch (type) {
  case DType::f16:
    return nearest(value, 10, -14, 65504.0);
  case DType::bf16:
    return nearest(value, 7, -126, 0x1.FEp127);
  case DType::f32:
    return static_cast<float>(value);
  default:
    return value;
  }
}

int64_t reference::wrap(DType type, int64_t value) {
  switch (type) {
  case DType::i8:
    return static_cast<int8_t>(value);
  case DType::u8:
    return static_cast<uint8_t>(value);
  case DType::i16:
    return static_cast<int16_t>(value);
  case DType::u16:
    return static_cast<uint16_t>(value);
  case DType::i32:
    return static_cast<int32_t>(value);
  case DType::u32:
    return static_cast<uint32_t>(value);
  case DType::boolean:
    return value != 0;
  default:
    return value;
  }
}

int64_t reference::elementCount(const Shape &shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      throw Error("a dimension is negative in shape " + toText(shape));
    empty |= dim == 0;
    if (dim != 0 && __builtin_mul_overflow(count, dim, &count))
      throw Error("shape " + toText(shape) +
                  " has more elements than fit 64 bits");
  }
  return empty ? 0 : count;
}

std::string reference::toText(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

/// Asks for large pages where they are to be had: large tensors come and go,
/// and a fault for each 4 KiB of them costs more than their arithmetic.
static void adviseLargePages(void *memory, size_t bytes) {
#ifdef __linux__
  constexpr uintptr_t page = uintptr_t{2} << 20;
  auto begin = reinterpret_cast<uintptr_t>(memory),
       first = (begin + page - 1) / page * page,
       last = (begin + bytes) / page * page;
  if (first < last) // an advice: failing is no error
    (void)madvise(reinterpret_cast<void *>(first), last - first, MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

template <class Real>
TensorOf<Real>::TensorOf(DType dtype, Shape shape)
    : dtype(dtype), shape(std::move(shape)) {
  // Larger tensors than this are always a mistake in the graph or its inputs;
  // asking for their memory would take the machine down with it.
  constexpr int64_t mostElements = int64_t{1} << 32;
  int64_t count = elementCount(this->shape);
  if (count > mostElements)
    throw Error("a tensor of shape " + toText(this->shape) +
                " is too large for the reference evaluator");
  if (isFloat(dtype)) {
    reals.reserve(count);
    adviseLargePages(reals.data(), reals.capacity() * sizeof(Real));
    reals.resize(count);
  } else
    ints.resize(count);
}

template struct reference::TensorOf<double>;
template struct reference::TensorOf<Exact>;
