#include "KernelTest.h"

#include <gtest/gtest.h>

using namespace jarana::test;

namespace {
struct Sizes {
  int64_t matrices, k, n;
};

/// Rows that choose by `indices`, again and again from its start.
void runMatmul(Sizes z, bool transposed, const std::vector<double> &indices,
               std::initializer_list<int64_t> rows,
               const std::string &type = "f32",
               const std::string &weightType = "f32", double tolerance = 2e-6,
               bool known = true) {
  int64_t first = transposed ? z.n : z.k, second = transposed ? z.k : z.n;
  auto text = [&](int64_t size) {
    return (known ? std::to_string(size) : "?") + "x";
  };
  jarana::reference::Attributes attributes;
  if (transposed)
    attributes["transposed"] = "unit";
  KernelTest test(
      std::string("hybrid.indexed_matmul ins($0, $1, $2 : #0, #1, #2) "
                  "outs($3 : #3)") +
          (transposed ? " {transposed}" : ""),
      {"?x" + text(z.k) + type,
       std::to_string(z.matrices) + "x" + text(first) + text(second) +
           weightType,
       "?xi64", "?x" + text(z.n) + type},
      1, attributes);
  test.values[2] = indices;
  test.tolerance = tolerance;
  for (int64_t t : rows)
    test.run({{t, z.k}, {z.matrices, first, second}, {t}, {t, z.n}});
}

const std::vector<double> mixed = {2, 0, 4, 0, 0, 2, 1, 0, 2, 4, 0};
} // namespace

TEST(IndexedMatmul, AnyNumberOfRows) {
  for (bool transposed : {false, true})
    runMatmul({5, 37, 70}, transposed, mixed,
              {0, 1, 2, 3, 4, 5, 7, 8, 9, 17, 33, 130});
}
TEST(IndexedMatmul, AllRowsChooseOneMatrix) {
  for (bool transposed : {false, true})
    runMatmul({3, 64, 96}, transposed, {2}, {1, 2, 3, 5, 6, 7, 8, 15, 16, 23});
}
TEST(IndexedMatmul, IndicesFromTheEnd) {
  for (bool transposed : {false, true})
    runMatmul({5, 16, 9}, transposed, {-1, 0, -5, 4, -2}, {1, 5, 12});
}
TEST(IndexedMatmul, OneMatrix) {
  for (bool transposed : {false, true})
    runMatmul({1, 20, 33}, transposed, {0, -1}, {1, 6});
}
TEST(IndexedMatmul, TinySizes) {
  for (bool transposed : {false, true}) {
    runMatmul({2, 1, 1}, transposed, {1, 0}, {0, 1, 3});
    runMatmul({2, 3, 2}, transposed, {1, 0, 1}, {1, 4});
  }
}
TEST(IndexedMatmul, SeveralRangesOfColumns) {
  for (bool transposed : {false, true})
    runMatmul({3, 2051, 150}, transposed, {1, 2, 1, 0}, {1, 9}, "f32", "f32",
              1e-5);
}
TEST(IndexedMatmul, SizesKnownWhenItRuns) {
  for (bool transposed : {false, true})
    runMatmul({4, 29, 45}, transposed, {3, 0, 1}, {1, 7}, "f32", "f32", 2e-6,
              /*known=*/false);
}
TEST(IndexedMatmul, NarrowFloats) {
  for (bool transposed : {false, true}) {
    runMatmul({5, 35, 50}, transposed, mixed, {1, 9}, "f32", "bf16");
    runMatmul({5, 35, 50}, transposed, mixed, {1, 9}, "bf16", "bf16", 8e-3);
    runMatmul({5, 35, 50}, transposed, mixed, {1, 9}, "f16", "f16", 1e-3);
  }
}
