// Ops that are local to a position.
#include "KernelTest.h"

#include <gtest/gtest.h>

using namespace jarana::test;
using jarana::reference::Shape;

namespace {
enum class Gate { none, before, after };

void runNorm(int64_t n, int64_t groups, bool withWeight, Gate gate,
             const std::string &type = "f32", double tolerance = 2e-6) {
  std::string last = std::to_string(n) + "x", row = "?x?x" + last + type;
  bool gated = gate != Gate::none;
  KernelTest test(
      std::string("hybrid.rms_norm ins($0 : #0) ") +
          (withWeight ? "weight($1 : #1) " : "") +
          (gated ? "gate($2 : #2) " : "") +
          "outs($3 : #3) {epsilon = 0.001 : f32, groups = " +
          std::to_string(groups) + ", gate_position = #hybrid.gate_position<" +
          (gate == Gate::after ? "after" : "before") + ">}",
      {row, withWeight ? last + "f32" : "", gated ? row : "", row}, 1,
      {{"epsilon", 0.001},
       {"groups", groups},
       {"gate_position",
        std::string(gate == Gate::after ? "after" : "before")}});
  test.tolerance = tolerance;
  for (int64_t rows : {1, 5})
    test.run({{2, rows, n}, {n}, {2, rows, n}, {2, rows, n}});
}

void runRotary(int64_t d, int64_t rotaryDim, bool interleaved,
               int64_t tableBatch) {
  std::string head = "?x?x3x" + std::to_string(d) + "xf32",
              table = "?x?x" + std::to_string(rotaryDim / 2) + "xf32",
              mode = interleaved ? "interleaved" : "half";
  KernelTest test("hybrid.rotary_embedding ins($0, $1, $2 : #0, #1, #2) "
                  "outs($3 : #3) {rotary_dim = " +
                      std::to_string(rotaryDim) +
                      ", mode = #hybrid.rotary_mode<" + mode + ">}",
                  {head, table, table, head}, 1,
                  {{"rotary_dim", rotaryDim}, {"mode", mode}});
  for (int64_t l : {1, 5}) {
    Shape x{2, l, 3, d}, angles{tableBatch, l, rotaryDim / 2};
    test.run({x, angles, angles, x});
  }
}
} // namespace

TEST(RmsNorm, Sizes) {
  runNorm(64, 1, true, Gate::none);
  runNorm(21, 1, false, Gate::none);
  runNorm(1000, 1, true, Gate::none);
}
TEST(RmsNorm, Gates) {
  runNorm(48, 1, true, Gate::before);
  runNorm(42, 1, true, Gate::after);
}
TEST(RmsNorm, Groups) {
  runNorm(60, 3, true, Gate::before);
  runNorm(60, 4, false, Gate::after);
}
TEST(RmsNorm, BrainFloats) { runNorm(42, 2, true, Gate::before, "bf16", 8e-3); }
TEST(RmsNorm, OneRow) {
  KernelTest test("hybrid.rms_norm ins($0 : #0) outs($3 : #3) {epsilon = 0.001 "
                  ": f32}",
                  {"?xf32", "", "", "?xf32"}, 1, {{"epsilon", 0.001}});
  test.run({{37}, {}, {}, {37}});
}

TEST(RotaryEmbedding, Half) {
  runRotary(16, 16, false, 2);
  runRotary(40, 24, false, 1);
}
TEST(RotaryEmbedding, Interleaved) {
  runRotary(64, 64, true, 2);
  runRotary(40, 24, true, 1);
}

TEST(KvCacheUpdate, Positions) {
  KernelTest test("hybrid.kv_cache_update ins($0, $1 : #0, #1) outs($2 : #2)",
                  {"?x2x?x21xf32", "?xi64", "?x2x?x21xf32"}, 1);
  test.values[1] = {3, 0};
  for (int64_t l : {1, 4})
    test.run({{2, 2, l, 21}, {2}, {2, 2, 9, 21}});
  KernelTest scalar("hybrid.kv_cache_update ins($0, $1 : #0, #1) outs($2 : #2)",
                    {"?x2x?x16xbf16", "i64", "?x2x?x16xbf16"}, 1);
  scalar.values[1] = {5};
  scalar.run({{2, 2, 4, 16}, {}, {2, 2, 9, 16}});
}
