#include "lib/reference/operators/Support.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
/// The attribute as a T, nullptr where it is absent.
template <class T>
const T *find(const Attributes &attributes, const std::string &name) {
  auto found = attributes.find(name);
  if (found == attributes.end())
    return nullptr;
  if (const T *value = std::get_if<T>(&found->second))
    return value;
  throw Error("attribute '" + name + "' has the wrong kind");
}

template <class T>
T get(const Attributes &attributes, const std::string &name,
      const std::optional<T> &fallback) {
  if (const T *value = find<T>(attributes, name))
    return *value;
  if (!fallback)
    throw Error("attribute '" + name + "' is missing");
  return *fallback;
}
} // namespace

int64_t reference::integer(const Attributes &attributes,
                           const std::string &name,
                           std::optional<int64_t> fallback) {
  return get<int64_t>(attributes, name, fallback);
}

double reference::number(const Attributes &attributes, const std::string &name,
                         std::optional<double> fallback) {
  return get<double>(attributes, name, fallback);
}

std::string reference::text(const Attributes &attributes,
                            const std::string &name,
                            std::optional<std::string> fallback) {
  return get<std::string>(attributes, name, fallback);
}

std::vector<int64_t> reference::integers(const Attributes &attributes,
                                         const std::string &name,
                                         std::vector<int64_t> fallback) {
  return get<std::vector<int64_t>>(attributes, name, fallback);
}

bool reference::has(const Attributes &attributes, const std::string &name) {
  return attributes.count(name) != 0;
}

std::optional<DType> reference::dtype(const Attributes &attributes,
                                      const std::string &name) {
  auto found = attributes.find(name);
  if (found == attributes.end())
    return std::nullopt;
  if (const auto *type = std::get_if<std::string>(&found->second))
    return dtypeFromName(*type);
  switch (int64_t code = integer(attributes, name)) {
  case 0:
    return std::nullopt;
  case 1:
    return DType::f32;
  case 2:
    return DType::u8;
  case 3:
    return DType::i8;
  case 4:
    return DType::u16;
  case 5:
    return DType::i16;
  case 6:
    return DType::i32;
  case 7:
    return DType::i64;
  case 9:
    return DType::boolean;
  case 10:
    return DType::f16;
  case 11:
    return DType::f64;
  case 12:
    return DType::u32;
  case 13:
    return DType::u64;
  case 16:
    return DType::bf16;
  default:
    throw Error("attribute '" + name + "' names element type " +
                std::to_string(code) + ", which is not taken");
  }
}

int64_t reference::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    throw Error("axis " + std::to_string(axis) + " is outside of rank " +
                std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

Shape reference::stridesOf(const Shape &shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

Shape reference::indexAt(const Shape &shape, int64_t element) {
  Shape index, strides = stridesOf(shape);
  for (size_t d = 0; d < shape.size(); ++d)
    index.push_back(element / strides[d] % shape[d]);
  return index;
}

int64_t reference::product(const Shape &shape, int64_t begin, int64_t end) {
  return elementCount(Shape(shape.begin() + begin, shape.begin() + end));
}

Shape reference::broadcast(const Shape &a, const Shape &b) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    // i counts from the last dimension.
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      throw Error("shapes " + toText(a) + " and " + toText(b) +
                  " do not broadcast");
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

Shape reference::broadcastStrides(const Shape &from, const Shape &to) {
  if (from.size() > to.size())
    throw Error("shape " + toText(from) + " does not broadcast to " +
                toText(to));
  Shape own = stridesOf(from), strides(to.size(), 0);
  size_t shift = to.size() - from.size();
  for (size_t d = 0; d < from.size(); ++d) {
    if (from[d] != to[shift + d] && from[d] != 1)
      throw Error("shape " + toText(from) + " does not broadcast to " +
                  toText(to));
    strides[shift + d] = from[d] == 1 ? 0 : own[d];
  }
  return strides;
}

bool reference::isUnsigned64(DType type) { return type == DType::u64; }

bool reference::lessInt(DType type, int64_t a, int64_t b) {
  return isUnsigned64(type)
             ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b)
             : a < b;
}

void reference::expectShape(const std::string &what, const Shape &found,
                            const Shape &expected) {
  if (found != expected)
    throw Error(what + " has shape " + toText(found) + ", but " +
                toText(expected) + " is expected");
}

void reference::expectRank(const std::string &what, const Shape &found,
                           int64_t rank) {
  if (static_cast<int64_t>(found.size()) != rank)
    throw Error(what + " has shape " + toText(found) + ", but rank " +
                std::to_string(rank) + " is expected");
}
