// Convolution and attention.
#include "KernelTest.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace jarana::test;
using jarana::reference::Attributes;
using jarana::reference::Shape;

namespace {
void runConv(int64_t channels, int64_t k, bool withBias, bool silu,
             std::vector<std::pair<int64_t, int64_t>> runs,
             int64_t bits = testVectorBits()) {
  std::string ch = std::to_string(channels) + "x",
              width = std::to_string(k) + "x",
              past = std::to_string(k - 1) + "x";
  KernelTest test(
      std::string("hybrid.causal_conv1d ins($0, $1 : #0, #1) ") +
          (withBias ? "bias($2 : #2) " : "") + "outs($3, $4 : #3, #4)" +
          (silu ? " {activation = #hybrid.activation<silu>}" : ""),
      {"?x?x" + ch + "f32", ch + width + "f32", withBias ? ch + "f32" : "",
       "?x?x" + ch + "f32", "?x" + past + ch + "f32"},
      2, {{"activation", std::string(silu ? "silu" : "none")}}, bits);
  for (auto [b, l] : runs)
    test.run({{b, l, channels},
              {channels, k},
              {channels},
              {b, l, channels},
              {b, k - 1, channels}});
}

struct AttentionSizes {
  int64_t h, r, d, e;
};

struct AttentionRun {
  int64_t b, m, s, offset;
};

/// What changes which weights there are, beside the bias.
struct AttentionExtras {
  int64_t window = 0;
  std::string sinkType = {}; ///< empty: no sink
  std::vector<double> sink = {};
};

void runAttention(AttentionSizes z, bool causal, std::string biasType,
                  std::function<Shape(AttentionRun)> biasShape,
                  std::string offsetType, double softcap,
                  std::vector<AttentionRun> runs, AttentionExtras extras = {}) {
  auto text = [](int64_t size) { return std::to_string(size) + "x"; };
  std::string q = "?x" + text(z.h) + text(z.r) + "?x",
              k = "?x" + text(z.h) + "?x";
  std::string op = "hybrid.attention ins($0, $1, $2 : #0, #1, #2) ";
  if (!biasType.empty())
    op += "bias($3 : #3) ";
  if (!offsetType.empty())
    op += "query_offset($4 : #4) ";
  if (!extras.sinkType.empty())
    op += "sink($5 : #5) ";
  op += "outs($6 : #6) {scale = 0.25 : f32, softcap = " +
        std::to_string(softcap) + " : f32";
  if (causal)
    op += ", mask = #hybrid.mask<causal>";
  if (extras.window)
    op += ", window = " + std::to_string(extras.window);
  op += "}";
  KernelTest test(op,
                  {q + text(z.d) + "f32", k + text(z.d) + "f32",
                   k + text(z.e) + "f32", biasType, offsetType, extras.sinkType,
                   q + text(z.e) + "f32"},
                  1,
                  {{"scale", 0.25},
                   {"softcap", softcap},
                   {"mask", std::string(causal ? "causal" : "none")},
                   {"window", extras.window}});
  if (!extras.sink.empty())
    test.values[5] = extras.sink;
  test.tolerance = 5e-6;
  for (AttentionRun run : runs) {
    test.values[4] = {static_cast<double>(run.offset),
                      static_cast<double>(run.offset + 1)};
    test.run({{run.b, z.h, z.r, run.m, z.d},
              {run.b, z.h, run.s, z.d},
              {run.b, z.h, run.s, z.e},
              biasType.empty() ? Shape{} : biasShape(run),
              offsetType == "?xi64" ? Shape{run.b} : Shape{},
              {z.h, z.r},
              {run.b, z.h, z.r, run.m, z.e}});
  }
}
} // namespace

TEST(CausalConv1d, LengthsAroundTheWidth) {
  runConv(40, 4, true, true,
          {{1, 1}, {2, 2}, {1, 3}, {2, 4}, {1, 9}, {1, 100}});
}
TEST(CausalConv1d, Widths) {
  runConv(64, 1, false, false, {{1, 1}, {2, 5}});
  runConv(7, 2, true, false, {{1, 1}, {2, 5}});
  runConv(21, 3, false, true, {{2, 5}}, 128);
}

TEST(Attention, OneQuery) {
  runAttention({2, 4, 16, 16}, false, "", {}, "", 0,
               {{1, 1, 1, 0}, {2, 1, 5, 0}, {1, 1, 130, 0}});
}
TEST(Attention, CausalWithOffset) {
  runAttention({2, 2, 24, 40}, true, "", {}, "i64", 0,
               {{1, 1, 8, 7}, {2, 5, 5, 0}, {1, 7, 150, 143}, {1, 70, 70, 0}});
}
TEST(Attention, OffsetPerBatch) {
  runAttention({1, 1, 8, 8}, true, "", {}, "?xi64", 0,
               {{2, 1, 9, 3}, {2, 6, 20, 4}});
}
TEST(Attention, CausalWithoutOffsetSeesNoKey) {
  runAttention({1, 3, 8, 8}, true, "", {}, "i64", 0, {{1, 3, 4, -2}});
}
TEST(Attention, BiasOfAllShapes) {
  runAttention({2, 2, 8, 8}, false, "?x2x2x?x?xf32",
               [](AttentionRun r) { return Shape{r.b, 2, 2, r.m, r.s}; }, "", 0,
               {{2, 5, 21, 0}});
  runAttention({2, 2, 8, 8}, true, "?x1x1x?x?xf32",
               [](AttentionRun r) { return Shape{1, 1, 1, 1, r.s}; }, "i64", 0,
               {{2, 5, 21, 16}});
}
TEST(Attention, MaskingBias) {
  // -inf in three of four places: some queries of the first run see no key.
  KernelTest test("hybrid.attention ins($0, $1, $2 : #0, #1, #2) bias($3 : #3) "
                  "outs($6 : #6) {scale = 1.0 : f32}",
                  {"?x1x1x?x8xf32", "?x1x?x8xf32", "?x1x?x8xf32",
                   "?x1x1x?x?xf32", "", "", "?x1x1x?x8xf32"},
                  1, {{"scale", 1.0}});
  test.values[3] = {-INFINITY, -INFINITY, 0.5, -INFINITY};
  for (int64_t s : {2, 7, 100})
    test.run({{1, 1, 1, 6, 8},
              {1, 1, s, 8},
              {1, 1, s, 8},
              {1, 1, 1, 6, s},
              {},
              {},
              {1, 1, 1, 6, 8}});
}
TEST(Attention, Softcap) {
  runAttention({1, 2, 8, 8}, false, "", {}, "", 1.5, {{1, 3, 20, 0}});
}
TEST(Attention, WindowOfTheLastKeys) {
  // Around the blocks of 64 keys; offsets before the first and behind the last.
  for (int64_t window : {1, 3, 63, 64, 65, 200})
    runAttention({1, 2, 8, 8}, true, "", {}, "i64", 0,
                 {{1, 1, 150, 149},
                  {1, 7, 150, 143},
                  {1, 70, 70, 0},
                  {1, 3, 4, -2},
                  {1, 2, 9, 100}},
                 {window});
  runAttention({1, 3, 8, 8}, true, "?x1x1x?x?xf32",
               [](AttentionRun r) { return Shape{1, 1, 1, 1, r.s}; }, "?xi64",
               1.5, {{2, 6, 90, 80}}, {17});
}
TEST(Attention, SinkTakesItsShare) {
  runAttention({2, 3, 8, 8}, false, "", {}, "", 0, {{2, 3, 70, 0}},
               {0, "2x3xf32"});
  // As much as all keys together, far more, and nothing.
  runAttention({1, 3, 8, 8}, true, "", {}, "i64", 0,
               {{1, 1, 20, 19}, {1, 5, 5, 0}},
               {0, "1x3xf32", {3, 80, -INFINITY}});
  // Queries that see no key give 0.
  runAttention({1, 2, 8, 8}, true, "", {}, "i64", 0, {{1, 3, 4, -2}},
               {2, "1x2xf32"});
}
