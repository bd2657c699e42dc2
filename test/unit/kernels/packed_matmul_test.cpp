#include "KernelTest.h"

#include <gtest/gtest.h>

using namespace jarana::test;

static void runMatmul(int64_t k, int64_t n, int64_t nr, int64_t bits,
                      std::initializer_list<int64_t> rows,
                      const std::string &type = "f32",
                      const std::string &panelType = "f32",
                      double tolerance = 2e-6, bool dotBf16 = false) {
  int64_t panels = (n + nr - 1) / nr;
  auto text = [](std::initializer_list<int64_t> sizes) {
    std::string result;
    for (int64_t size : sizes)
      result += std::to_string(size) + "x";
    return result;
  };
  KernelTest test("hybrid.packed_matmul ins($0, $1 : #0, #1) outs($2 : #2)",
                  {"?x" + text({k}) + type, text({panels, k, nr}) + panelType,
                   "?x" + text({n}) + type},
                  1, {}, bits, dotBf16);
  test.tolerance = tolerance;
  if (panelType == "i8")
    test.ranges[1] = {128, 0};
  for (int64_t m : rows)
    test.run({{m, k}, {panels, k, nr}, {m, n}});
}

TEST(PackedMatmul, AnyNumberOfRows) {
  runMatmul(37, 70, testVectorBits() / 16, testVectorBits(),
            {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,  11, 12,
             13, 14, 15, 16, 17, 18, 19, 20, 25, 121, 250});
}
TEST(PackedMatmul, SeveralDepthBlocks) {
  runMatmul(1029, 33, testVectorBits() / 16, testVectorBits(), {1, 3, 13, 130});
}
TEST(PackedMatmul, WholePanels) {
  runMatmul(64, 128, testVectorBits() / 16, testVectorBits(), {1, 12, 40});
}
TEST(PackedMatmul, TinySizes) {
  runMatmul(1, 1, testVectorBits() / 16, testVectorBits(), {0, 1, 2});
}
TEST(PackedMatmul, NarrowVectors) {
  runMatmul(37, 21, 8, 128, {1, 2, 5, 6, 7, 13});
}
TEST(PackedMatmul, PanelsOfAnotherWidth) {
  runMatmul(20, 50, 12, testVectorBits(), {1, 5});
  runMatmul(20, 50, 48, testVectorBits(), {1, 9});
}
TEST(PackedMatmul, BrainFloatWeights) {
  runMatmul(70, 40, testVectorBits() / 16, testVectorBits(), {1, 5}, "f32",
            "bf16");
}
TEST(PackedMatmul, SignedBytes) {
  runMatmul(70, 40, testVectorBits() / 16, testVectorBits(), {1, 5}, "f32",
            "i8");
}
TEST(PackedMatmul, HalfFloats) {
  runMatmul(70, 40, testVectorBits() / 16, testVectorBits(), {1, 5}, "f16",
            "f16", 1e-3);
}
TEST(PackedMatmul, PairsOfBrainFloats) {
  if (!hostHasDotBf16())
    GTEST_SKIP() << "this machine has no AVX512_BF16";
  for (int64_t k : {64, 70, 37, 1})
    runMatmul(k, 70, 32, 512, {1, 2, 5, 12, 13, 30}, "bf16", "bf16", 8e-3,
              true);
  runMatmul(1027, 40, 32, 512, {3, 130}, "bf16", "bf16", 8e-3, true);
}
