#include "KernelTest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace jarana::reference;

namespace jarana::test {

namespace {
std::string moduleText(std::string op, const std::vector<std::string> &types) {
  std::string arguments;
  for (size_t i = types.size(); i-- > 0;) {
    std::string type = "memref<" + types[i] + ">", number = std::to_string(i);
    for (size_t at; (at = op.find("$" + number)) != std::string::npos;)
      op.replace(at, 1 + number.size(), "%a" + number);
    for (size_t at; (at = op.find("#" + number)) != std::string::npos;)
      op.replace(at, 1 + number.size(), type);
    if (!types[i].empty())
      arguments = "%a" + number + ": " + type +
                  (arguments.empty() ? "" : ", ") + arguments;
  }
  return "func.func @f(" + arguments +
         ") attributes {llvm.emit_c_interface} {\n  " + op + "\n  return\n}\n";
}

DType dtypeOf(const std::string &type) {
  for (auto [suffix, dtype] : {std::pair("bf16", DType::bf16),
                               {"f16", DType::f16},
                               {"f32", DType::f32},
                               {"i8", DType::i8},
                               {"i64", DType::i64}})
    if (type.ends_with(suffix))
      return dtype;
  throw Error("no such type: " + type);
}

/// The bits of a value of a 16-bit float type. The value is one of the type.
uint16_t encode16(DType dtype, double value) {
  if (dtype == DType::bf16)
    return std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16;
  return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
}
double decode16(DType dtype, uint16_t bits) {
  if (dtype == DType::bf16)
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  return static_cast<double>(std::bit_cast<_Float16>(bits));
}

/// A tensor's elements in memory, with a guard after them.
struct Storage {
  explicit Storage(const Tensor &tensor) : dtype(tensor.dtype) {
    bytes.resize(tensor.size() * byteSize(dtype) + guard, 0x5a);
    for (int64_t i = 0; i < tensor.size(); ++i)
      if (dtype == DType::i64)
        at<int64_t>(i) = tensor.ints[i];
      else if (dtype == DType::i8)
        at<int8_t>(i) = static_cast<int8_t>(tensor.ints[i]);
      else if (dtype == DType::f32)
        at<float>(i) = static_cast<float>(tensor.reals[i]);
      else
        at<uint16_t>(i) = encode16(dtype, tensor.reals[i]);
  }
  double real(int64_t i) {
    if (dtype == DType::f32)
      return at<float>(i);
    return decode16(dtype, at<uint16_t>(i));
  }
  bool isGuardIntact() const {
    return std::all_of(bytes.end() - guard, bytes.end(),
                       [](unsigned char c) { return c == 0x5a; });
  }
  template <class T> T &at(int64_t i) {
    return reinterpret_cast<T *>(bytes.data())[i];
  }

  static constexpr int64_t guard = 256;
  DType dtype;
  std::vector<unsigned char> bytes;
};
} // namespace

KernelTest::KernelTest(const std::string &op, std::vector<std::string> types,
                       unsigned outs, Attributes attributes, int64_t vectorBits,
                       bool dotBf16)
    : name(op.substr(0, op.find(' '))), types(types), outs(outs),
      attributes(std::move(attributes)),
      jit(moduleText(op, types), vectorBits, {.dotBf16 = dotBf16}) {}

void KernelTest::run(const std::vector<Shape> &shapes) {
  std::string label = name;
  std::vector<Tensor> tensors;
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (unsigned i = 0; i < types.size(); ++i) {
    if (types[i].empty()) {
      tensors.emplace_back(DType::f32, Shape{0}); // absent
      continue;
    }
    Tensor tensor(dtypeOf(types[i]), shapes[i]);
    label += " [";
    for (int64_t size : shapes[i])
      label += std::to_string(size) + " ";
    label += "]";
    auto [factor, offset] =
        ranges.count(i) ? ranges[i] : std::pair<double, double>(1, 0);
    for (int64_t j = 0; j < tensor.size(); ++j) {
      double value = values.count(i) ? values[i].at(j % values[i].size())
                                     : uniform(random) * factor + offset;
      if (isFloat(tensor.dtype))
        tensor.reals[j] = roundTo(tensor.dtype, value);
      else
        tensor.ints[j] = static_cast<int64_t>(value);
    }
    tensors.push_back(tensor);
  }
  SCOPED_TRACE(label);

  InputsOf<double> inputs;
  std::vector<Storage> storage;
  for (const Tensor &tensor : tensors) {
    inputs.push_back(&tensor);
    storage.emplace_back(tensor);
  }
  for (unsigned i = 0; i < types.size(); ++i)
    if (types[i].empty())
      inputs[i] = nullptr;
  const Operator *oracle = findOperator(name);
  ASSERT_TRUE(oracle) << name;
  std::vector<Tensor> expected = (*oracle)(inputs, attributes);

  std::vector<Buffer> buffers;
  for (unsigned i = 0; i < types.size(); ++i)
    if (!types[i].empty())
      buffers.emplace_back(storage[i].bytes.data(), tensors[i].shape);
  jit(buffers);

  ASSERT_GE(expected.size(), outs);
  for (unsigned i = 0; i < outs; ++i) {
    Storage &actual = storage[types.size() - outs + i];
    EXPECT_TRUE(actual.isGuardIntact()) << "result " << i;
    double largest = 0;
    for (double value : expected[i].reals)
      if (std::isfinite(value))
        largest = std::max(largest, std::abs(value));
    int wrong = 0;
    for (int64_t j = 0; j < expected[i].size() && wrong < 5; ++j) {
      double want = expected[i].reals[j], got = actual.real(j);
      bool same = want == got || (std::isnan(want) && std::isnan(got)) ||
                  std::abs(want - got) <= tolerance * largest;
      if (!same) {
        ++wrong;
        ADD_FAILURE() << "result " << i << " element " << j << ": " << got
                      << " instead of " << want;
      }
    }
  }
}

} // namespace jarana::test
