// The forms that one mixer has are equal, not close: scans in pieces and step
// by step, views of the scan, attention by blocks and with a cache,
// convolutions that continue, packed and quantised products.
#include "test/unit/exact_run.h"

using namespace jarana;
using namespace jarana::reference;
using namespace jarana::reference::exact;

namespace {
constexpr double farConstant = -3.4028234663852886e38;

/// Operands of hybrid.ssd_scan: x, dt, a, b, c and the state before.
struct Scan {
  static constexpr int64_t batch = 2, g = 2, r = 3, p = 2, n = 5;
  int64_t length;
  T x, dt, a, b, c, start;

  explicit Scan(int64_t length, uint64_t seed) : length(length) {
    Draws draw(seed);
    x = draw.tensor({batch, length, g, r, p});
    dt = draw.tensor({batch, length, g, r});
    a = draw.tensor({g, r});
    b = draw.tensor({batch, length, g, n});
    c = draw.tensor({batch, length, g, n});
    start = draw.tensor({batch, g, r, p, n});
  }
  std::vector<T> whole() const {
    T y(DType::f32, x.shape);
    return runAll("hybrid.ssd_scan", {&x, &dt, &a, &b, &c, &y, &start});
  }
  /// Positions [begin, end) from `state` on.
  std::vector<T> part(int64_t begin, int64_t end, const T &state) const {
    auto cut = [&](const T &t) { return slice(t, 1, begin, end); };
    T xs = cut(x), ds = cut(dt), bs = cut(b), cs = cut(c),
      y(DType::f32, xs.shape);
    return runAll("hybrid.ssd_scan", {&xs, &ds, &a, &bs, &cs, &y, &state});
  }
  /// The op of one position.
  std::vector<T> step(int64_t at, const T &state) const {
    T axis = ints({1}, {1});
    auto cut = [&](const T &t) {
      return run("Squeeze", slice(t, 1, at, at + 1), axis);
    };
    T xs = cut(x), ds = cut(dt), bs = cut(b), cs = cut(c),
      y(DType::f32, xs.shape);
    auto results =
        runAll("hybrid.state_update", {&xs, &ds, &a, &bs, &cs, &y, &state});
    return {run("Unsqueeze", results[0], axis), results[1]};
  }
};
} // namespace

TEST(ExactScanForms, PiecesAndStepsAreTheWhole) {
  for (int64_t length : {1, 2, 7, 11}) {
    Scan scan(length, length);
    auto whole = scan.whole();
    for (int64_t piece : {1, 2, 3, 5}) {
      T state = scan.start, stepped = scan.start;
      for (int64_t begin = 0; begin < length; begin += piece) {
        int64_t end = std::min(length, begin + piece);
        auto part = scan.part(begin, end, state);
        expectSame(part[0], slice(whole[0], 1, begin, end));
        state = part[1];
      }
      expectSame(state, whole[1]);
      for (int64_t at = 0; at < length; ++at) {
        auto step = scan.step(at, stepped);
        expectSame(step[0], slice(whole[0], 1, at, at + 1));
        stepped = step[1];
      }
      expectSame(stepped, whole[1]);
    }
  }
}

TEST(ExactScanForms, AStateThatIsNotCarriedShows) {
  Scan scan(6, 1);
  T whole = scan.whole()[0];
  T part = scan.part(3, 6, scan.start)[0];
  EXPECT_EQ(differences(part, slice(whole, 1, 3, 6)), part.size());
}

/// A rate for each position, and steps that were multiplied into x and a.
TEST(ExactScanForms, StepsCanBeTakenIn) {
  Scan scan(7, 2);
  auto whole = scan.whole();
  T x = run("Mul", scan.x, reshape(scan.dt, {2, 7, 2, 3, 1})),
    a = run("Mul", scan.dt, scan.a), y(DType::f32, x.shape);
  auto found = runAll("hybrid.ssd_scan",
                      {&x, nullptr, &a, &scan.b, &scan.c, &y, &scan.start});
  expectSame(found[0], whole[0]);
  expectSame(found[1], whole[1]);
}

/// Bamba: query = C, key = B, value = dt x, decay = A dt, rule gated, scale 1;
/// one group of two heads.
TEST(ExactScanForms, IsLinearAttentionWithTheStateTransposed) {
  int64_t batch = 2, length = 5, heads = 2, p = 3, n = 4;
  Draws draw(3);
  T x = draw.tensor({batch, length, 1, heads, p}),
    dt = draw.tensor({batch, length, 1, heads}), a = draw.tensor({1, heads}),
    b = draw.tensor({batch, length, 1, n}),
    c = draw.tensor({batch, length, 1, n}), y(DType::f32, x.shape),
    state = draw.tensor({batch, 1, heads, p, n});
  auto scan = runAll("hybrid.ssd_scan", {&x, &dt, &a, &b, &c, &y, &state});
  auto repeated = [&](const T &t) {
    return run("Tile", reshape(t, {batch, length, n}),
               ints({3}, {1, 1, heads}));
  };
  T query = repeated(c), key = repeated(b);
  T value = reshape(run("Mul", x, reshape(dt, {batch, length, 1, heads, 1})),
                    {batch, length, heads * p});
  T decay = reshape(run("Mul", dt, a), {batch, length, heads});
  T past = transpose(reshape(state, {batch, heads, p, n}), {0, 1, 3, 2});
  auto attention =
      runAll("LinearAttention", {&query, &key, &value, &past, &decay},
             {{"update_rule", std::string("gated")},
              {"scale", 1.0},
              {"q_num_heads", heads},
              {"kv_num_heads", heads}});
  expectSame(attention[0], reshape(scan[0], {batch, length, heads * p}));
  expectSame(reshape(transpose(attention[1], {0, 1, 3, 2}), state.shape),
             scan[1]);
}

TEST(ExactConvForms, IsConvWithPaddingAndContinues) {
  Draws draw(4);
  T x = draw.tensor({2, 6, 3}), weight = draw.tensor({3, 4}),
    bias = draw.tensor({3}), y(DType::f32, x.shape),
    none(DType::f32, {2, 3, 3});
  Attributes silu{{"activation", std::string("silu")}};
  auto convolve = [&](const T &input, const T &state) {
    T out(DType::f32, input.shape);
    return runAll("hybrid.causal_conv1d",
                  {&input, &weight, &bias, &out, &state}, silu);
  };
  auto whole = convolve(x, none);
  T channelsFirst = transpose(x, {0, 2, 1}),
    kernel = reshape(weight, {3, 1, 4});
  T conv =
      runAll("Conv", {&channelsFirst, &kernel, &bias},
             {{"group", int64_t{3}}, {"pads", std::vector<int64_t>{3, 0}}})[0];
  expectSame(whole[0],
             transpose(run("Mul", conv, run("Sigmoid", conv)), {0, 2, 1}));
  T past = draw.tensor({2, 3, 3}), pastFirst = transpose(past, {0, 2, 1});
  auto started = convolve(x, past);
  auto named = runAll("CausalConvWithState",
                      {&channelsFirst, &kernel, &bias, &pastFirst}, silu);
  expectSame(named[0], transpose(started[0], {0, 2, 1}));
  expectSame(named[1], transpose(started[1], {0, 2, 1}));
  for (int64_t piece : {1, 2, 4}) {
    T state = past;
    for (int64_t begin = 0; begin < 6; begin += piece) {
      int64_t end = std::min<int64_t>(6, begin + piece);
      auto part = convolve(slice(x, 1, begin, end), state);
      expectSame(part[0], slice(started[0], 1, begin, end));
      state = part[1];
    }
    expectSame(state, started[1]);
  }
}

namespace {
/// Causal attention of 6 positions after 3 that are known, two heads of keys
/// that three heads of queries share each.
struct Attending {
  static constexpr int64_t batch = 2, heads = 2, shared = 3, past = 3,
                           length = 6, size = 4, width = 5;
  T q, k, v;
  Attributes attributes{{"scale", 0.35}, {"mask", std::string("causal")}};

  Attending() {
    Draws draw(5);
    q = draw.tensor({batch, heads, shared, length, size});
    k = draw.tensor({batch, heads, past + length, size});
    v = draw.tensor({batch, heads, past + length, width});
  }
  T whole() const { return rows(0, length, k, v); }
  /// Queries [begin, end) over the given keys.
  T rows(int64_t begin, int64_t end, const T &keys, const T &values) const {
    T part = slice(q, 3, begin, end), offset = ints({}, {past + begin}),
      y(DType::f32, {batch, heads, shared, end - begin, width});
    return runAll("hybrid.attention",
                  {&part, &keys, &values, nullptr, &offset, nullptr, &y},
                  attributes)[0];
  }
};
} // namespace

TEST(ExactAttentionForms, OnlineInBlocksIsTheWhole) {
  Attending attending;
  for (double cap : {0.0, 2.0}) {
    attending.attributes["softcap"] = cap;
    T whole = attending.whole();
    for (int64_t block : {1, 2, 4, 9}) {
      T acc(DType::f32, whole.shape), sum(DType::f32, {2, 2, 3, 6}), most = sum;
      std::fill(most.reals.begin(), most.reals.end(), Exact(-inf));
      for (int64_t begin = 0; begin < 9; begin += block) {
        T keys = slice(attending.k, 2, begin, begin + block),
          values = slice(attending.v, 2, begin, begin + block),
          offset = ints({}, {Attending::past - begin});
        auto part = runAll(
            "hybrid.online_attention",
            {&attending.q, &keys, &values, nullptr, &offset, &acc, &most, &sum},
            attending.attributes);
        acc = part[0], most = part[1], sum = part[2];
      }
      expectSame(run("Div", acc, run("Unsqueeze", sum, ints({1}, {4}))), whole);
    }
  }
}

TEST(ExactAttentionForms, StepsWithACacheAreThePrefill) {
  Attending attending;
  T whole = attending.whole();
  auto cacheOf = [&](const T &x) { // longer than needed, with rubbish behind
    T rest = Draws(6).tensor({2, 2, 7, x.shape[3]});
    return concat(slice(x, 2, 0, Attending::past), rest, 2);
  };
  T keys = cacheOf(attending.k), values = cacheOf(attending.v);
  for (int64_t at = 0; at < Attending::length; ++at) {
    int64_t position = Attending::past + at;
    T where = ints({}, {position});
    for (auto [cache, all] :
         {std::pair{&keys, &attending.k}, std::pair{&values, &attending.v}}) {
      T fresh = slice(*all, 2, position, position + 1);
      *cache = runAll("hybrid.kv_cache_update", {&fresh, &where, cache})[0];
    }
    expectSame(attending.rows(at, at + 1, keys, values),
               slice(whole, 3, at, at + 1));
  }
}

TEST(ExactAttentionForms, AreAttentionAndItsParts) {
  Attending attending;
  T whole = reshape(attending.whole(), {2, 6, 6, 5});
  T q = reshape(attending.q, {2, 6, 6, 4});
  T newKeys = slice(attending.k, 2, 3, 9),
    newValues = slice(attending.v, 2, 3, 9),
    pastKeys = slice(attending.k, 2, 0, 3),
    pastValues = slice(attending.v, 2, 0, 3);
  auto named = runAll(
      "Attention", {&q, &newKeys, &newValues, nullptr, &pastKeys, &pastValues},
      {{"scale", 0.35}, {"is_causal", int64_t{1}}});
  expectSame(named[0], whole);
  expectSame(named[1], attending.k);
  // By products, with keys hidden by a selection and by a far constant.
  auto repeated = [&](const T &x) {
    int64_t last = x.shape[3];
    return reshape(run("Expand", reshape(x, {2, 2, 1, 9, last}),
                       ints({5}, {2, 2, 3, 9, last})),
                   {2, 6, 9, last});
  };
  T scores = run(
      "Mul", run("MatMul", q, transpose(repeated(attending.k), {0, 1, 3, 2})),
      scalar(0.35));
  T seen(DType::boolean, {6, 9}), bias(DType::f32, {6, 9});
  for (int64_t i = 0; i < 54; ++i) {
    seen.ints[i] = i % 9 <= i / 9 + 3;
    bias.reals[i] = Exact(seen.ints[i] ? 0.0 : farConstant);
  }
  auto weighted = [&](const T &masked) {
    return run("MatMul", run("Softmax", masked), repeated(attending.v));
  };
  expectSame(weighted(run("Where", seen, scores, scalar(-inf))), whole);
  ExactEvents::assumptions = 0;
  expectSame(weighted(run("Add", scores, bias)), whole);
  EXPECT_EQ(ExactEvents::assumptions, uint32_t(Assumption::FarIsMinusInfinity));
  // One key more is seen everywhere but in the last row.
  for (int64_t i = 0; i < 54; ++i)
    seen.ints[i] = i % 9 <= i / 9 + 4;
  EXPECT_EQ(
      differences(weighted(run("Where", seen, scores, scalar(-inf))), whole),
      whole.size() / 6 * 5);
}

TEST(ExactRotaryForms, HalvesAndPairs) {
  Draws draw(7);
  T x = draw.tensor({2, 5, 3, 8}), cosines = draw.tensor({1, 5, 2}),
    sines = draw.tensor({1, 5, 2}), y = x;
  for (bool interleaved : {false, true}) {
    T found =
        runAll("hybrid.rotary_embedding", {&x, &cosines, &sines, &y},
               {{"mode", std::string(interleaved ? "interleaved" : "half")},
                {"rotary_dim", int64_t{4}}})[0];
    T headsFirst = transpose(x, {0, 2, 1, 3});
    T named = runAll("RotaryEmbedding", {&headsFirst, &cosines, &sines},
                     {{"rotary_embedding_dim", int64_t{4}},
                      {"interleaved", int64_t{interleaved}}})[0];
    expectSame(found, transpose(named, {0, 2, 1, 3}));
    if (interleaved)
      continue;
    // x cos + rotate_half(x) sin, as exporters write it.
    auto both = [&](const T &t) {
      return reshape(concat(t, t, 2), {1, 5, 1, 4});
    };
    T head = slice(x, 3, 0, 4), rest = slice(x, 3, 4, 8),
      turned = concat(run("Neg", slice(x, 3, 2, 4)), slice(x, 3, 0, 2), 3);
    expectSame(found, concat(run("Add", run("Mul", head, both(cosines)),
                                 run("Mul", turned, both(sines))),
                             rest, 3));
  }
}

TEST(ExactNormForms, GateAndGroupsAreProductsAndReshapes) {
  Draws draw(8);
  T x = draw.tensor({3, 8}), gate = draw.tensor({3, 8}),
    weight = draw.tensor({8}), y(DType::f32, {3, 8});
  T silu = run("Mul", gate, run("Sigmoid", gate));
  auto grouped = [&](const T &values) {
    T rows = reshape(values, {3, 2, 4}), ones(DType::f32, {4});
    std::fill(ones.reals.begin(), ones.reals.end(), Exact(1));
    T norm =
        runAll("RMSNormalization", {&rows, &ones}, {{"epsilon", 1e-5f}})[0];
    return run("Mul", reshape(norm, {3, 8}), weight);
  };
  for (bool before : {true, false}) {
    T found = runAll(
        "hybrid.rms_norm", {&x, &weight, &gate, &y},
        {{"epsilon", 1e-5f},
         {"groups", int64_t{2}},
         {"gate_position", std::string(before ? "before" : "after")}})[0];
    expectSame(found, before ? grouped(run("Mul", x, silu))
                             : run("Mul", grouped(x), silu));
  }
}

TEST(ExactProductForms, PackedAndQuantisedAreProducts) {
  Draws draw(9);
  T lhs = draw.tensor({3, 4}), right = draw.tensor({4, 5}),
    panels(DType::f32, {3, 4, 2}), y(DType::f32, {3, 5});
  for (int64_t k = 0; k < 4; ++k)
    for (int64_t j = 0; j < 5; ++j)
      panels.reals[(j / 2 * 4 + k) * 2 + j % 2] = right.reals[k * 5 + j];
  expectSame(run("hybrid.packed_matmul", lhs, panels, y),
             run("MatMul", lhs, right));
  // Two columns of two blocks of 16 codes of 4 bits, the zero point 8.
  T wide = draw.tensor({3, 32}), scales = draw.tensor({2, 2}),
    codes(DType::u8, {2, 2, 8}), weights(DType::f32, {32, 2}),
    narrow(DType::f32, {3, 2});
  for (int64_t &byte : codes.ints)
    byte = int64_t(draw.random() & 255);
  for (int64_t j = 0; j < 2; ++j)
    for (int64_t k = 0; k < 32; ++k) {
      int64_t byte = codes.ints[j * 16 + k / 2];
      weights.reals[k * 2 + j] = scales.reals[j * 2 + k / 16] *
                                 Exact((k % 2 ? byte >> 4 : byte & 15) - 8);
    }
  T product = run("MatMul", wide, weights);
  expectSame(runAll("hybrid.quantized_matmul",
                    {&wide, &codes, &scales, nullptr, &narrow},
                    {{"bits", int64_t{4}}, {"block", int64_t{16}}})[0],
             product);
  expectSame(runAll("MatMulNBits", {&wide, &codes, &scales},
                    {{"K", int64_t{32}},
                     {"N", int64_t{2}},
                     {"bits", int64_t{4}},
                     {"block_size", int64_t{16}}})[0],
             product);
}

/// With a third input of one element the general loop computes it.
TEST(ExactProductForms, EinsumOfTwoInputsIsThatOfThreeWithAOne) {
  struct Case {
    std::string terms, result;
    Shape a, b;
  };
  T one = scalar(1);
  for (const Case &each : std::initializer_list<Case>{
           {"bclsh,bcshp", "bclhp", {2, 3, 4, 5, 2}, {2, 3, 5, 2, 6}},
           {"bzch,bzhpn", "bchpn", {2, 4, 3, 2}, {2, 4, 2, 5, 6}},
           {"ij,jk", "ki", {3, 4}, {4, 5}},
           {"bij,bjk", "bik", {1, 3, 4}, {2, 4, 5}},
           {"ij,k", "ik", {3, 4}, {2}},
           {"ii,ij", "j", {3, 3}, {3, 4}}}) {
    Draws draw(10);
    T a = draw.tensor(each.a), b = draw.tensor(each.b);
    expectSame(einsum(each.terms + "->" + each.result, {&a, &b}),
               einsum(each.terms + ",->" + each.result, {&a, &b, &one}));
  }
}
