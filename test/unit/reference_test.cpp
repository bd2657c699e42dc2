// The reference operators: values computed by hand and rounding. That the forms
// of one mixer are equal is in exact_forms_test.cpp, without rounding.
#include "lib/reference/Operators.h"
#include "lib/reference/TensorIO.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace jarana;
using namespace jarana::reference;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity();

Tensor floats(Shape shape, std::vector<double> values,
              DType type = DType::f32) {
  Tensor tensor(type, std::move(shape));
  EXPECT_EQ(tensor.reals.size(), values.size());
  tensor.reals = std::move(values);
  return tensor;
}

Tensor ints(Shape shape, std::vector<int64_t> values, DType type = DType::i64) {
  Tensor tensor(type, std::move(shape));
  EXPECT_EQ(tensor.ints.size(), values.size());
  tensor.ints = std::move(values);
  return tensor;
}

/// Values in [-1, 1] that f32 holds, the same in every run.
Tensor noise(Shape shape, unsigned seed) {
  Tensor tensor(DType::f32, std::move(shape));
  std::mt19937 random(seed);
  for (double &value : tensor.reals)
    value = roundTo(DType::f32, random() / 2147483648.0 - 1);
  return tensor;
}

std::vector<Tensor> run(const std::string &name, const InputsOf<double> &inputs,
                        const Attributes &attributes = {}) {
  const Operator *function = findOperator(name);
  if (!function)
    throw Error("no operator " + name);
  return (*function)(inputs, attributes);
}

void expectClose(const Tensor &actual, const Tensor &expected,
                 double tolerance = 1e-6) {
  ASSERT_EQ(actual.shape, expected.shape);
  for (int64_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(actual.reals[i], expected.reals[i], tolerance)
        << "element " << i;
}

std::string errorOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}
} // namespace

TEST(Rounding, HalfTiesToEvenDenormalsAndOverflow) {
  EXPECT_EQ(roundTo(DType::f16, 2049), 2048); // a tie, to the even neighbour
  EXPECT_EQ(roundTo(DType::f16, 2051), 2052);
  EXPECT_EQ(roundTo(DType::f16, 65519.99), 65504);
  EXPECT_EQ(roundTo(DType::f16, 65520), inf);
  EXPECT_EQ(roundTo(DType::f16, -1e9), -inf);
  EXPECT_EQ(roundTo(DType::f16, 0x1p-24), 0x1p-24); // the least denormal
  EXPECT_EQ(roundTo(DType::f16, 0x1p-25), 0);       // a tie with 0
  EXPECT_EQ(roundTo(DType::f16, 0x1.8p-25), 0x1p-24);
  EXPECT_TRUE(std::signbit(roundTo(DType::f16, -0x1p-30)));
  EXPECT_TRUE(std::isnan(roundTo(DType::f16, NAN)));
  // One rounding, not two: through f32 this would first become a tie.
  EXPECT_EQ(roundTo(DType::f16, 2049 + 0x1p-30), 2050);
}

TEST(Rounding, Bfloat16) {
  EXPECT_EQ(roundTo(DType::bf16, 257), 256);
  EXPECT_EQ(roundTo(DType::bf16, 259), 260);
  EXPECT_EQ(roundTo(DType::bf16, 3.4e38), inf);
  EXPECT_EQ(roundTo(DType::bf16, 0x1.FEp127), 0x1.FEp127);
  EXPECT_EQ(roundTo(DType::bf16, 0x1p-133), 0x1p-133);
  EXPECT_EQ(roundTo(DType::bf16, 0x1p-134), 0);
}

TEST(Bytes, EveryHalfAndBfloat16SurvivesTheWayThroughATensor) {
  for (DType type : {DType::f16, DType::bf16}) {
    std::vector<std::byte> bytes(1 << 17);
    for (uint32_t i = 0; i < 1 << 16; ++i) {
      bytes[2 * i] = static_cast<std::byte>(i & 255);
      bytes[2 * i + 1] = static_cast<std::byte>(i >> 8);
    }
    Tensor tensor = fromBytes(type, {1 << 16}, bytes);
    std::vector<std::byte> back = toBytes(tensor);
    for (uint32_t i = 0; i < 1 << 16; ++i)
      if (!std::isnan(tensor.reals[i]))
        ASSERT_TRUE(back[2 * i] == bytes[2 * i] &&
                    back[2 * i + 1] == bytes[2 * i + 1])
            << name(type) << " " << i;
      else
        ASSERT_TRUE(std::isnan(
            fromBytes(type, {1}, std::span(back).subspan(2 * i, 2)).reals[0]));
  }
}

TEST(Bytes, IntegersAndBooleans) {
  std::vector<std::byte> bytes{std::byte{255}, std::byte{2}};
  EXPECT_EQ(fromBytes(DType::i8, {2}, bytes).ints,
            (std::vector<int64_t>{-1, 2}));
  EXPECT_EQ(fromBytes(DType::u8, {2}, bytes).ints,
            (std::vector<int64_t>{255, 2}));
  EXPECT_EQ(fromBytes(DType::boolean, {2}, bytes).ints,
            (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(fromBytes(DType::u16, {}, bytes).ints, (std::vector<int64_t>{767}));
  EXPECT_NE(errorOf([&] {
              fromBytes(DType::f32, {1}, bytes);
            }).find("2 bytes are not a float32 tensor"),
            std::string::npos);
}

TEST(Elementwise, BroadcastsAndWraps) {
  Tensor a = ints({2, 1}, {120, -128}, DType::i8),
         b = ints({3}, {1, 10, -1}, DType::i8);
  EXPECT_EQ(run("Add", {&a, &b})[0].ints,
            (std::vector<int64_t>{121, -126, 119, -127, -118, 127}));
  Tensor c = ints({2}, {-7, 7}), d = ints({}, {2});
  EXPECT_EQ(run("Div", {&c, &d})[0].ints, (std::vector<int64_t>{-3, 3}));
  EXPECT_EQ(run("Mod", {&c, &d}, {{"fmod", int64_t{0}}})[0].ints,
            (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(run("Mod", {&c, &d}, {{"fmod", int64_t{1}}})[0].ints,
            (std::vector<int64_t>{-1, 1}));
  Tensor zero = ints({}, {0});
  EXPECT_EQ(errorOf([&] { run("Div", {&c, &zero}); }),
            "integer division by zero");
  Tensor wide = ints({3}, {1, 2, 3});
  EXPECT_EQ(errorOf([&] { run("Add", {&c, &wide}); }),
            "shapes [2] and [3] do not broadcast");
}

TEST(Elementwise, NansAndInfinities) {
  Tensor x = floats({3}, {NAN, -inf, inf}), lowest = floats({}, {-1}),
         highest = floats({}, {1});
  Tensor y = run("Clip", {&x, &lowest, &highest})[0];
  EXPECT_TRUE(std::isnan(y.reals[0]));
  EXPECT_EQ(y.reals[1], -1);
  EXPECT_EQ(y.reals[2], 1);
  Tensor big = floats({2}, {1000, -1000});
  EXPECT_EQ(run("Softplus", {&big})[0].reals, (std::vector<double>{1000, 0}));
}

TEST(Movement, SlicesBackwardsAndClamps) {
  Tensor x = ints({5}, {0, 1, 2, 3, 4});
  auto slice = [&](int64_t start, int64_t end, int64_t step) {
    Tensor s = ints({1}, {start}), e = ints({1}, {end}), a = ints({1}, {0}),
           p = ints({1}, {step});
    return run("Slice", {&x, &s, &e, &a, &p})[0].ints;
  };
  constexpr int64_t lowest = std::numeric_limits<int64_t>::min(),
                    highest = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(slice(1, highest, 2), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(slice(-1, lowest, -2), (std::vector<int64_t>{4, 2, 0}));
  EXPECT_EQ(slice(-2, highest, 1), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(slice(3, 1, 1), (std::vector<int64_t>{}));
  EXPECT_EQ(slice(4, lowest, lowest), (std::vector<int64_t>{4}));
}

TEST(Movement, ReshapeCopiesZerosOnlyWhereAllowed) {
  Tensor x = floats({2, 0, 3}, {}), keep = ints({3}, {0, 0, -1}),
         literal = ints({2}, {0, 5});
  EXPECT_EQ(run("Reshape", {&x, &keep}, {{"allowzero", int64_t{0}}})[0].shape,
            (Shape{2, 0, 0}));
  EXPECT_EQ(
      run("Reshape", {&x, &literal}, {{"allowzero", int64_t{1}}})[0].shape,
      (Shape{0, 5}));
  Tensor y = floats({4}, {1, 2, 3, 4}), bad = ints({2}, {3, -1});
  EXPECT_EQ(errorOf([&] { run("Reshape", {&y, &bad}); }),
            "shape [4] cannot become [3, -1]");
}

TEST(Contraction, EinsumOfTheChunkedScanIsAMatrixProduct) {
  Tensor c = noise({2, 3, 4, 2, 5}, 1), b = noise({2, 3, 6, 2, 5}, 2);
  Tensor g = run("Einsum", {&c, &b},
                 {{"equation", std::string("bclhn, bcshn -> bclsh")}})[0];
  Tensor left = run("Transpose", {&c},
                    {{"perm", std::vector<int64_t>{0, 1, 3, 2, 4}}})[0];
  Tensor right = run("Transpose", {&b},
                     {{"perm", std::vector<int64_t>{0, 1, 3, 4, 2}}})[0];
  Tensor product = run("MatMul", {&left, &right})[0];
  expectClose(g, run("Transpose", {&product},
                     {{"perm", std::vector<int64_t>{0, 1, 3, 4, 2}}})[0]);
}

/// With a third input of one element the general loop computes it.
TEST(Contraction, EinsumOfTwoInputsIsThatOfThreeWithAOne) {
  struct Case {
    std::string terms, result;
    Shape a, b;
  };
  Tensor one = floats({}, {1});
  for (const Case &each : std::initializer_list<Case>{
           {"bclsh,bcshp", "bclhp", {2, 3, 4, 5, 2}, {2, 3, 5, 2, 6}},
           {"bzch,bzhpn", "bchpn", {2, 4, 3, 2}, {2, 4, 2, 5, 6}},
           {"ij,jk", "ki", {3, 4}, {4, 5}},
           {"bij,bjk", "bik", {1, 3, 4}, {2, 4, 5}}, // a broadcasts
           {"ij,ij", "ij", {3, 1}, {3, 4}},
           {"ij,ij", "", {3, 4}, {3, 4}},
           {"i,j", "ij", {3}, {4}},
           {"ij,k", "ik", {3, 4}, {2}},    // j is summed over a alone
           {"ii,ij", "j", {3, 3}, {3, 4}}, // a diagonal
           {"ij,jk", "ik", {3, 0}, {0, 4}},
           {"...j,...jk", "...k", {2, 3, 4}, {3, 4, 5}}}) {
    Tensor a = noise(each.a, 1), b = noise(each.b, 2);
    expectClose(run("Einsum", {&a, &b},
                    {{"equation", each.terms + "->" + each.result}})[0],
                run("Einsum", {&a, &b, &one},
                    {{"equation", each.terms + ",->" + each.result}})[0]);
  }
}

TEST(Contraction, LargeProductsAreTheSameOnSeveralThreads) {
  Tensor a = noise({3, 130, 127}, 1), b = noise({3, 127, 129}, 2);
  Tensor product = run("MatMul", {&a, &b})[0];
  for (int64_t at : {0, 20000, 50309}) {
    int64_t batch = at / (130 * 129), i = at / 129 % 130, j = at % 129;
    double sum = 0;
    for (int64_t l = 0; l < 127; ++l)
      sum += a.reals[(batch * 130 + i) * 127 + l] *
             b.reals[(batch * 127 + l) * 129 + j];
    EXPECT_NEAR(product.reals[at], sum, 1e-5);
  }
}

TEST(Reduction, SoftmaxOfAMaskedRowIsNanButAttentionGivesZero) {
  Tensor scores = floats({1, 2}, {-inf, -inf});
  EXPECT_TRUE(std::isnan(
      run("Softmax", {&scores}, {{"axis", int64_t{-1}}})[0].reals[0]));
  Tensor q = noise({1, 1, 1, 4}, 1), k = noise({1, 1, 2, 4}, 2),
         v = noise({1, 1, 2, 4}, 3);
  Tensor mask = ints({1, 2}, {0, 0}, DType::boolean);
  EXPECT_EQ(run("Attention", {&q, &k, &v, &mask})[0].reals,
            (std::vector<double>(4, 0.0)));
}

TEST(Reduction, AMaskOfMinus1e9LeavesNothingOfScoresInF32) {
  Tensor q = noise({1, 1, 1, 4}, 1), k = noise({1, 1, 2, 4}, 2),
         v = floats({1, 1, 2, 1}, {1, 4}),
         mask = floats({1, 1, 1, 2}, {-1e9, -1e9});
  EXPECT_EQ(run("Attention", {&q, &k, &v, &mask})[0].reals,
            (std::vector<double>{2.5}));
  Tensor grouped = q, y(DType::f32, {1, 1, 1, 1, 1});
  grouped.shape = {1, 1, 1, 1, 4};
  mask.shape = {1, 1, 1, 1, 2};
  EXPECT_EQ(run("hybrid.attention",
                {&grouped, &k, &v, &mask, nullptr, nullptr, &y},
                {{"scale", 0.5}})[0]
                .reals,
            (std::vector<double>{2.5}));
}

TEST(Quantization, NibblesAreLowFirstAroundTheDefaultZeroPoint) {
  // One row of 16 codes: 0, 1, 2, ... 15; the scale is 0.5.
  std::vector<int64_t> bytes;
  for (int64_t i = 0; i < 16; i += 2)
    bytes.push_back((i + 1) << 4 | i);
  Tensor codes = ints({1, 1, 8}, bytes, DType::u8), scale = floats({1}, {0.5}),
         x(DType::f32, {16, 16});
  for (int64_t i = 0; i < 16; ++i)
    x.reals[i * 17] = 1;
  Tensor y = run("MatMulNBits", {&x, &codes, &scale},
                 {{"K", int64_t{16}},
                  {"N", int64_t{1}},
                  {"bits", int64_t{4}},
                  {"block_size", int64_t{16}}})[0];
  for (int64_t i = 0; i < 16; ++i)
    EXPECT_EQ(y.reals[i], 0.5 * (i - 8));
}

TEST(Quantization, TiesToEvenAndSaturation) {
  Tensor x = floats({5}, {0.5, 1.5, -300, 300, NAN}), scale = floats({}, {1}),
         zero = ints({}, {0}, DType::i8);
  EXPECT_EQ(run("QuantizeLinear", {&x, &scale, &zero})[0].ints,
            (std::vector<int64_t>{0, 2, -128, 127, -128}));
}

TEST(HybridScan, TwoStepsByHand) {
  // One batch, group, head; p = 1, n = 2. S1 = dt x b, S2 = exp(dt a) S1 + dt x
  // b.
  Tensor x = floats({1, 2, 1, 1, 1}, {2, 3}),
         dt = floats({1, 2, 1, 1}, {1, 0.5}), a = floats({1, 1}, {-1});
  Tensor b = floats({1, 2, 1, 2}, {1, 0, 0, 1}),
         c = floats({1, 2, 1, 2}, {1, 1, 1, 2});
  Tensor y(DType::f32, {1, 2, 1, 1, 1}), state(DType::f32, {1, 1, 1, 1, 2});
  auto results = run("hybrid.ssd_scan", {&x, &dt, &a, &b, &c, &y, &state});
  expectClose(results[0], floats({1, 2, 1, 1, 1}, {2, 2 * std::exp(-0.5) + 3}));
  expectClose(results[1], floats({1, 1, 1, 1, 2}, {2 * std::exp(-0.5), 1.5}));
}

TEST(HybridPointwise, GateBeforeAndAfterTheNorm) {
  Tensor x = floats({1, 4}, {3, 4, 1, 1}), gate = floats({1, 4}, {0, 1, 2, 3}),
         y = x, weight = floats({4}, {1, 2, 1, 2});
  auto silu = [](double v) { return v / (1 + std::exp(-v)); };
  auto norm = [&](double epsilon, const char *position, int64_t groups) {
    return run("hybrid.rms_norm", {&x, &weight, &gate, &y},
               {{"epsilon", epsilon},
                {"gate_position", std::string(position)},
                {"groups", groups}})[0];
  };
  Tensor after = norm(0, "after", 2); // groups (3, 4) and (1, 1)
  double first = std::sqrt(12.5);
  expectClose(after, floats({1, 4}, {0, 2 * 4 / first * silu(1), silu(2),
                                     2 * silu(3)}));
  double v[4] = {0, 4 * silu(1), silu(2), silu(3)},
         mean = (v[1] * v[1] + v[2] * v[2] + v[3] * v[3]) / 4;
  double scale = 1 / std::sqrt(mean + 1);
  expectClose(
      norm(1, "before", 1),
      floats({1, 4}, {0, 2 * v[1] * scale, v[2] * scale, 2 * v[3] * scale}));
}

TEST(IndexedMatmul, EachRowMeetsItsMatrix) {
  Tensor lhs = noise({4, 3}, 1), weights = noise({2, 3, 5}, 2),
         indices = ints({4}, {1, 0, -1, -2}), y(DType::f32, {4, 5});
  Tensor expected(DType::f32, {4, 5}), columns(DType::f32, {2, 5, 3});
  for (int64_t t = 0; t < 4; ++t)
    for (int64_t j = 0; j < 5; ++j)
      for (int64_t i = 0; i < 3; ++i) {
        int64_t matrix = t % 2 == 0; // 1, 0, -1 = 1, -2 = 0
        double weight = weights.reals[(matrix * 3 + i) * 5 + j];
        columns.reals[(matrix * 5 + j) * 3 + i] = weight;
        expected.reals[t * 5 + j] += lhs.reals[t * 3 + i] * weight;
      }
  expectClose(run("hybrid.indexed_matmul", {&lhs, &weights, &indices, &y})[0],
              expected);
  expectClose(run("hybrid.indexed_matmul", {&lhs, &columns, &indices, &y},
                  {{"transposed", "unit"}})[0],
              expected);
  indices.ints[2] = 2;
  EXPECT_THROW(run("hybrid.indexed_matmul", {&lhs, &weights, &indices, &y}),
               Error);
}

TEST(HybridPointwise, RotationsOfBothKinds) {
  Tensor x = floats({1, 1, 1, 5}, {1, 2, 3, 4, 5}),
         cosines = floats({1, 1, 2}, {0, 1}), sines = floats({1, 1, 2}, {1, 0}),
         y = x;
  auto rotated = [&](const char *mode) {
    return run("hybrid.rotary_embedding", {&x, &cosines, &sines, &y},
               {{"mode", std::string(mode)}, {"rotary_dim", int64_t{4}}})[0]
        .reals;
  };
  EXPECT_EQ(rotated("half"), (std::vector<double>{-3, 2, 1, 4, 5}));
  EXPECT_EQ(rotated("interleaved"), (std::vector<double>{-2, 1, 3, 4, 5}));
}

TEST(HybridAttention, CacheUpdateStaysInside) {
  Tensor fresh = floats({1, 1, 2, 1}, {7, 8}), cache(DType::f32, {1, 1, 3, 1}),
         position = ints({}, {1}), outside = ints({}, {2});
  EXPECT_EQ(run("hybrid.kv_cache_update", {&fresh, &position, &cache})[0].reals,
            (std::vector<double>{0, 7, 8}));
  EXPECT_EQ(errorOf([&] {
              run("hybrid.kv_cache_update", {&fresh, &outside, &cache});
            }),
            "position 2 and 2 rows do not fit a cache of 3");
}

TEST(Table, NamesAreSortedAndUnknownOnesAreNone) {
  auto names = operatorNames();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(findOperator("NoSuchOperator"), nullptr);
  EXPECT_EQ(errorOf([&] { Tensor(DType::f32, {1 << 20, 1 << 20}); }),
            "a tensor of shape [1048576, 1048576] is too large for the "
            "reference evaluator");
}
