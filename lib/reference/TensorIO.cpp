#include "lib/reference/TensorIO.h"

#include <bit>
#include <cmath>
#include <cstring>

using namespace jarana;
using namespace jarana::reference;

static_assert(std::endian::native == std::endian::little);

namespace {
/// Calls f with a value of the C++ type that holds an element; f16 and bf16 are
/// their bits.
template <class F> void withStorage(DType type, F f) {
  switch (type) {
  case DType::f32:
    return f(float());
  case DType::f64:
    return f(double());
  case DType::f16:
  case DType::bf16:
  case DType::u16:
    return f(uint16_t());
  case DType::i8:
    return f(int8_t());
  case DType::u8:
  case DType::boolean:
    return f(uint8_t());
  case DType::i16:
    return f(int16_t());
  case DType::i32:
    return f(int32_t());
  case DType::u32:
    return f(uint32_t());
  case DType::i64:
  case DType::u64:
    return f(int64_t());
  }
}

double decodeHalf(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
                     : exponent == 0
                         ? std::ldexp(fraction, -24)
                         : std::ldexp(fraction + 1024, exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

/// `value` is an f16 value already (roundTo).
uint16_t encodeHalf(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7e00;
  if (std::isinf(value))
    return sign | 0x7c00;
  if (magnitude < 0x1p-14) // a denormal, or 0
    return sign | static_cast<uint16_t>(std::ldexp(magnitude, 24));
  int exponent = std::ilogb(magnitude);
  auto fraction = static_cast<uint16_t>(std::ldexp(magnitude, 10 - exponent));
  return sign | static_cast<uint16_t>((exponent + 15) << 10) |
         (fraction & 1023);
}

double decode(DType type, auto stored) {
  if (type == DType::f16)
    return decodeHalf(static_cast<uint16_t>(stored));
  if (type == DType::bf16)
    return std::bit_cast<float>(static_cast<uint32_t>(stored) << 16);
  return static_cast<double>(stored);
}

template <class Stored> Stored encode(DType type, double value) {
  value = roundTo(type, value);
  if (type == DType::f16)
    return static_cast<Stored>(encodeHalf(value));
  if (type == DType::bf16)
    return static_cast<Stored>(
        std::isnan(value)
            ? 0x7fc0
            : std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16);
  return static_cast<Stored>(value);
}

struct SafetensorsName {
  DType type;
  const char *name;
};
constexpr SafetensorsName safetensorsNames[] = {
    {DType::f32, "F32"},     {DType::f16, "F16"}, {DType::bf16, "BF16"},
    {DType::f64, "F64"},     {DType::i8, "I8"},   {DType::u8, "U8"},
    {DType::i16, "I16"},     {DType::u16, "U16"}, {DType::i32, "I32"},
    {DType::u32, "U32"},     {DType::i64, "I64"}, {DType::u64, "U64"},
    {DType::boolean, "BOOL"}};
} // namespace

Tensor reference::fromBytes(DType type, const Shape &shape,
                            std::span<const std::byte> bytes) {
  Tensor tensor(type, shape);
  if (static_cast<int64_t>(bytes.size()) != tensor.size() * byteSize(type))
    throw Error(std::to_string(bytes.size()) + " bytes are not a " +
                name(type) + " tensor of shape " + toText(shape));
  withStorage(type, [&]<class Stored>(Stored) {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      Stored stored;
      std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
      if (isFloat(type))
        tensor.reals[i] = decode(type, stored);
      else
        tensor.ints[i] = wrap(type, static_cast<int64_t>(stored));
    }
  });
  return tensor;
}

std::vector<std::byte> reference::toBytes(const Tensor &tensor) {
  std::vector<std::byte> bytes(tensor.size() * byteSize(tensor.dtype));
  withStorage(tensor.dtype, [&]<class Stored>(Stored) {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      Stored stored = isFloat(tensor.dtype)
                          ? encode<Stored>(tensor.dtype, tensor.reals[i])
                          : static_cast<Stored>(tensor.ints[i]);
      std::memcpy(bytes.data() + i * sizeof(Stored), &stored, sizeof(Stored));
    }
  });
  return bytes;
}

std::string reference::safetensorsName(DType type) {
  for (const SafetensorsName &entry : safetensorsNames)
    if (entry.type == type)
      return entry.name;
  return "";
}

DType reference::fromSafetensorsName(const std::string &text) {
  for (const SafetensorsName &entry : safetensorsNames)
    if (entry.name == text)
      return entry.type;
  throw Error("element type " + text + " is not taken");
}

Tensor reference::fromEntry(const safetensors::Entry &entry) {
  return fromBytes(fromSafetensorsName(entry.dtype), entry.shape,
                   {entry.data, static_cast<size_t>(entry.bytes)});
}

std::map<std::string, Tensor> reference::readTensors(const std::string &path) {
  std::map<std::string, Tensor> tensors;
  auto file = safetensors::File::open(path);
  for (const auto &[name, entry] : file->entries()) {
    try {
      tensors.emplace(name, fromEntry(entry));
    } catch (const Error &error) {
      throw Error(path + ": tensor '" + name + "': " + error.what());
    }
  }
  return tensors;
}

void reference::writeTensors(const std::string &path,
                             const std::map<std::string, Tensor> &tensors) {
  std::map<std::string, std::vector<std::byte>> bytes;
  std::map<std::string, safetensors::Entry> entries;
  for (const auto &[name, tensor] : tensors) {
    const auto &data = bytes.emplace(name, toBytes(tensor)).first->second;
    entries[name] = {safetensorsName(tensor.dtype), tensor.shape, data.data(),
                     data.size()};
  }
  safetensors::write(path, entries);
}
