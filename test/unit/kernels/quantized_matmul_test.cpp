#include "KernelTest.h"

#include <gtest/gtest.h>

using namespace jarana::test;

namespace {
struct Sizes {
  int64_t k, n, bits, block;
};

void runMatmul(Sizes z, bool withPoints, std::initializer_list<int64_t> rows,
               const std::string &type = "f32",
               const std::string &scaleType = "f32", double tolerance = 2e-6) {
  int64_t blocks = (z.k + z.block - 1) / z.block, bytes = z.block * z.bits / 8,
          pointBytes = (blocks * z.bits + 7) / 8;
  auto text = [](std::initializer_list<int64_t> sizes) {
    std::string result;
    for (int64_t size : sizes)
      result += std::to_string(size) + "x";
    return result;
  };
  KernelTest test(std::string("hybrid.quantized_matmul ins($0, $1, $2 : #0, "
                              "#1, #2) ") +
                      (withPoints ? "zero_points($3 : #3) " : "") +
                      "outs($4 : #4) {bits = " + std::to_string(z.bits) +
                      ", block = " + std::to_string(z.block) + "}",
                  {"?x?x" + text({z.k}) + type,
                   text({z.n, blocks, bytes}) + "i8",
                   text({z.n, blocks}) + scaleType,
                   withPoints ? text({z.n, pointBytes}) + "i8" : "",
                   "?x?x" + text({z.n}) + type},
                  1, {{"bits", z.bits}, {"block", z.block}});
  test.ranges[1] = test.ranges[3] = {128, 0};
  test.tolerance = tolerance;
  for (int64_t m : rows)
    test.run({{1 + m % 2, m, z.k},
              {z.n, blocks, bytes},
              {z.n, blocks},
              {z.n, pointBytes},
              {1 + m % 2, m, z.n}});
}
} // namespace

TEST(QuantizedMatmul, FourBitsAnyNumberOfRows) {
  runMatmul({128, 70, 4, 32}, false, {0, 1, 2, 3, 4, 5, 7, 8, 9, 23, 64});
}
TEST(QuantizedMatmul, FourBitsWithZeroPoints) {
  runMatmul({96, 9, 4, 32}, true, {1, 2, 7});
  runMatmul({128, 6, 4, 16}, true, {1, 2, 11});
}
TEST(QuantizedMatmul, EightBits) {
  runMatmul({128, 10, 8, 64}, false, {1, 2, 9});
  runMatmul({128, 10, 8, 32}, true, {1, 2, 9});
}
TEST(QuantizedMatmul, LastBlockIsPadded) {
  runMatmul({100, 5, 4, 32}, true, {1, 2, 5});
  runMatmul({37, 7, 8, 16}, true, {1, 2, 5});
  runMatmul({1, 1, 4, 16}, false, {1, 2});
}
TEST(QuantizedMatmul, OneBlockForAll) {
  runMatmul({640, 6, 8, 640}, true, {1, 2, 9});
  runMatmul({1024, 3, 4, 1024}, false, {1, 9});
}
TEST(QuantizedMatmul, BlocksNoVectorFits) {
  runMatmul({30, 6, 4, 6}, true, {1, 3});
  runMatmul({35, 6, 8, 7}, true, {1, 3});
}
TEST(QuantizedMatmul, SeveralRangesOfColumns) {
  // Long sums in f32 cost digits.
  runMatmul({16384, 70, 4, 128}, true, {1, 3}, "f32", "f32", 1e-5);
}
TEST(QuantizedMatmul, NarrowFloats) {
  runMatmul({64, 20, 4, 32}, true, {1, 4}, "f16", "f16", 1e-3);
  runMatmul({64, 20, 8, 32}, false, {1, 4}, "bf16", "f32", 8e-3);
}
