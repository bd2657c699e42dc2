// Conversions of 16-bit floats as generated code makes them, on vectors and on
// scalars, against LLVM's APFloat. f16 both with the processor's instruction,
// where it has one, and without.
#include "Jit.h"

#include "llvm/ADT/APFloat.h"

#include <bit>
#include <gtest/gtest.h>
#include <random>

namespace jarana::test {
namespace {

using llvm::APFloat;
using llvm::APInt;

const llvm::fltSemantics &semantics(const std::string &type) {
  if (type == "f16")
    return APFloat::IEEEhalf();
  if (type == "bf16")
    return APFloat::BFloat();
  return type == "f32" ? APFloat::IEEEsingle() : APFloat::IEEEdouble();
}

unsigned width(const std::string &type) {
  return APFloat::semanticsSizeInBits(semantics(type));
}

/// @f converts nine numbers: eight as a vector, and one.
std::string program(const std::string &from, const std::string &to) {
  std::string text = R"mlir(
func.func @f(%in: memref<9xFROM>, %out: memref<9xTO>)
    attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %v = vector.load %in[%c0] : memref<9xFROM>, vector<8xFROM>
  %w = arith.OP %v : vector<8xFROM> to vector<8xTO>
  vector.store %w, %out[%c0] : memref<9xTO>, vector<8xTO>
  %x = memref.load %in[%c8] : memref<9xFROM>
  %y = arith.OP %x : FROM to TO
  memref.store %y, %out[%c8] : memref<9xTO>
  return
}
)mlir";
  auto replace = [&](const std::string &word, const std::string &by) {
    for (size_t at; (at = text.find(word)) != std::string::npos;)
      text.replace(at, word.size(), by);
  };
  replace("OP", width(from) < width(to) ? "extf" : "truncf");
  replace("FROM", from);
  replace("TO", to);
  return text;
}

template <typename From, typename To>
void check(const std::string &from, const std::string &to,
           const std::vector<From> &numbers, bool expandF16) {
  Jit jit(program(from, to), testVectorBits(), {.expandF16 = expandF16});
  for (size_t at = 0; at < numbers.size(); at += 9) {
    std::vector<From> in(9);
    std::vector<To> out(9);
    for (size_t i = 0; i < 9; ++i)
      in[i] = numbers[(at + i) % numbers.size()];
    jit({Buffer(in.data(), {9}), Buffer(out.data(), {9})});
    for (size_t i = 0; i < 9; ++i) {
      APFloat expected(semantics(from), APInt(width(from), in[i]));
      bool lost = false, wasNaN = expected.isNaN();
      expected.convert(semantics(to), APFloat::rmNearestTiesToEven, &lost);
      APFloat actual(semantics(to), APInt(width(to), out[i]));
      ASSERT_TRUE(wasNaN ? actual.isNaN() : actual.bitwiseIsEqual(expected))
          << from << " 0x" << std::hex << +in[i] << " to " << to << ": 0x"
          << +out[i] << (i < 8 ? " in a vector" : " alone");
    }
  }
}

std::vector<uint16_t> allHalves() {
  std::vector<uint16_t> all;
  for (uint32_t bits = 0; bits < 0x10000; ++bits)
    all.push_back(static_cast<uint16_t>(bits));
  return all;
}

/// Each number of 16 bits, what lies half way to the next one, and the
/// neighbours of that: all cases of rounding. And arbitrary bits.
template <typename Wide> std::vector<Wide> roundings(const std::string &to) {
  std::string from = sizeof(Wide) == 4 ? "f32" : "f64";
  auto widen = [&](uint32_t bits) {
    APFloat number(semantics(to), APInt(16, bits));
    bool lost = false;
    number.convert(semantics(from), APFloat::rmNearestTiesToEven, &lost);
    return static_cast<Wide>(number.bitcastToAPInt().getZExtValue());
  };
  std::vector<Wide> result;
  for (uint32_t bits = 0; bits < 0xffff; ++bits) {
    Wide low = widen(bits), high = widen(bits + 1),
         half = low + (high - low) / 2;
    // A third of the cases, at other places each time.
    switch (bits % 3) {
    case 0:
      result.insert(result.end(), {low, Wide(low + 1), Wide(half - 1)});
      break;
    case 1:
      result.insert(result.end(), {half, Wide(half + 1)});
      break;
    case 2:
      result.insert(result.end(), {half, Wide(half - 1), Wide(high - 1)});
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i)
    result.push_back(static_cast<Wide>(random()));
  return result;
}

TEST(HalfConversions, F16ToF32) {
  for (bool expand : {true, !hostConvertsF16()})
    check<uint16_t, uint32_t>("f16", "f32", allHalves(), expand);
}
TEST(HalfConversions, Bf16ToF32) {
  check<uint16_t, uint32_t>("bf16", "f32", allHalves(), true);
}
TEST(HalfConversions, ToF64) {
  check<uint16_t, uint64_t>("f16", "f64", allHalves(), true);
  check<uint16_t, uint64_t>("bf16", "f64", allHalves(), true);
}
TEST(HalfConversions, F32ToF16) {
  for (bool expand : {true, !hostConvertsF16()})
    check<uint32_t, uint16_t>("f32", "f16", roundings<uint32_t>("f16"), expand);
}
TEST(HalfConversions, F32ToBf16) {
  check<uint32_t, uint16_t>("f32", "bf16", roundings<uint32_t>("bf16"), true);
}
TEST(HalfConversions, F64ToF16) {
  for (bool expand : {true, !hostConvertsF16()})
    check<uint64_t, uint16_t>("f64", "f16", roundings<uint64_t>("f16"), expand);
}
TEST(HalfConversions, F64ToBf16) {
  check<uint64_t, uint16_t>("f64", "bf16", roundings<uint64_t>("bf16"), true);
}

} // namespace
} // namespace jarana::test
