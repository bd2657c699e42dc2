// The reference operators over the exact domain: identities that floats have
// only up to rounding, and changes of meaning that floats of ordinary size do
// not see.
#include "test/unit/exact_run.h"

using namespace jarana;
using namespace jarana::reference;
using namespace jarana::reference::exact;

TEST(ExactOperators, AnActivationHasManySpellings) {
  T x = Draws(1).tensor({64}), one = scalar(1), two = scalar(2);
  T power = run("Exp", x), sigmoid = run("Sigmoid", x);
  expectSame(sigmoid, run("Div", power, run("Add", power, one)));
  expectSame(sigmoid,
             run("Reciprocal", run("Add", run("Exp", run("Neg", x)), one)));
  expectSame(runAll("Swish", {&x}, {{"alpha", 1.0}})[0],
             run("Mul", x, sigmoid));
  expectSame(
      run("Tanh", x),
      run("Sub", run("Mul", two, run("Sigmoid", run("Mul", two, x))), one));
  T softplus = run("Softplus", x);
  expectSame(softplus, run("Log", run("Add", power, one)));
  EXPECT_EQ(differences(softplus, run("Log", power)), x.size());
  expectSame(run("Mish", x), run("Mul", x, run("Tanh", softplus)));
  // Gelu by its definition, and by the tanh form written as a sigmoid; with
  // constants as f32 holds them, as graphs do.
  auto constant = [](double value) {
    return scalar(static_cast<float>(value));
  };
  T half = scalar(0.5), root = constant(std::sqrt(0.5));
  expectSame(run("Gelu", x),
             run("Mul", run("Mul", x, half),
                 run("Add", one, run("Erf", run("Mul", x, root)))));
  T cube =
      run("Add", x, run("Mul", constant(0.044715), run("Pow", x, scalar(3))));
  T inner = run("Mul", constant(std::sqrt(2 / M_PI)), cube);
  expectSame(runAll("Gelu", {&x}, {{"approximate", std::string("tanh")}})[0],
             run("Mul", x, run("Sigmoid", run("Mul", two, inner))));
}

TEST(ExactOperators, MaximaCommuteAndAClipIsSeen) {
  Draws draw(2);
  T x = draw.tensor({64}), y = draw.tensor({64}), far = scalar(1e6),
    low = scalar(-1e6), zero = scalar(0);
  expectSame(run("Max", x, y), run("Max", y, x));
  expectSame(run("Min", x, y), run("Min", y, x));
  expectSame(run("Add", run("Max", x, y), run("Min", x, y)), run("Add", x, y));
  expectSame(run("Relu", x), run("Max", x, zero));
  expectSame(run("Sub", run("Relu", x), run("Relu", run("Neg", x))), x);
  expectSame(run("Abs", x), run("Abs", run("Neg", x)));
  expectSame(run("Max", x, zero),
             run("Where", run("Greater", x, zero), x, zero));
  // Limits far out, which random floats never reach: about three in four.
  T clipped = run("Clip", x, low, far);
  EXPECT_GT(differences(clipped, x), 40);
  EXPECT_LT(differences(clipped, x), 60);
  expectSame(clipped, run("Min", run("Max", x, low), far));
  expectSame(run("Clip", clipped, low, far), clipped);
  // A number of the model has its true order.
  T three = scalar(3);
  expectSame(run("Clip", three, low, far), three);
}

TEST(ExactOperators, ASoftmaxDoesNotDependOnWhatItSubtracts) {
  Draws draw(3);
  T scores = draw.tensor({5, 7}), axis = ints({1}, {1});
  auto normalised = [&](const T &x) {
    T power = run("Exp", x);
    return run("Div", power, run("ReduceSum", power, axis));
  };
  T softmax = run("Softmax", scores);
  expectSame(softmax, normalised(scores));
  expectSame(softmax,
             normalised(run("Sub", scores, run("ReduceMax", scores, axis))));
  expectSame(softmax, run("Softmax", run("Add", scores, draw.tensor({5, 1}))));
  EXPECT_GT(differences(softmax,
                        run("Softmax", run("Add", scores, draw.tensor({7})))),
            30);
}

TEST(ExactOperators, IsNaNSeesARowThatIsMaskedAsAWhole) {
  T scores = Draws(4).tensor({2, 3}), hidden = scalar(-inf),
    far = scalar(-3.4028234663852886e38);
  T mask = ints({2, 3}, {1, 0, 1, 0, 0, 0}, DType::boolean);
  for (const T &low : {hidden, far}) {
    T masked = run("Where", mask, scores, low),
      softmax = run("Softmax", masked);
    EXPECT_EQ(run("IsNaN", softmax).ints,
              (std::vector<int64_t>{0, 0, 0, 1, 1, 1}));
    T power = run("Exp", masked);
    T divided = run("Div", power, run("ReduceSum", power, ints({1}, {1})));
    expectSame(divided, softmax);
    EXPECT_EQ(softmax.reals[1], Exact(0));
    expectSame(run("Where", run("IsNaN", softmax), scalar(0), softmax),
               run("Mul", run("Where", mask, softmax, scalar(0)), scalar(1)));
  }
}

TEST(ExactOperators, ANormHasManySpellings) {
  Draws draw(5);
  T x = draw.tensor({3, 6}), weight = draw.tensor({6}), axis = ints({1}, {-1}),
    epsilon = scalar(1e-5f), y(DType::f32, {3, 6});
  T norm = runAll("RMSNormalization", {&x, &weight}, {{"epsilon", 1e-5f}})[0];
  T square = run("ReduceMean", run("Mul", x, x), axis),
    root = run("Sqrt", run("Add", square, epsilon));
  expectSame(norm, run("Div", run("Mul", x, weight), root));
  square = run("ReduceMean", run("Pow", x, scalar(2)), axis);
  expectSame(norm, run("Mul", run("Mul", x, run("Reciprocal", root)), weight));
  root = run("Pow", run("Add", epsilon, square), scalar(-0.5));
  expectSame(norm, run("Mul", run("Mul", root, weight), x));
  expectSame(norm, runAll("hybrid.rms_norm", {&x, &weight, nullptr, &y},
                          {{"epsilon", 1e-5f}})[0]);
  // Two groups are not one, and 1e-6 is not 1e-5.
  for (const Attributes &other :
       {Attributes{{"epsilon", 1e-5f}, {"groups", int64_t{2}}},
        Attributes{{"epsilon", 1e-6f}}})
    EXPECT_EQ(differences(norm, runAll("hybrid.rms_norm",
                                       {&x, &weight, nullptr, &y}, other)[0]),
              x.size());
}

namespace {
/// One batch of a scan: x [b, l, h, p], dt [b, l, h], a [h], b and c
/// [b, l, h, n], state [b, h, n, p].
struct Scan {
  int64_t batch, length, heads, p, n;
  T x, dt, a, b, c, state;

  Scan(int64_t length, bool started, uint64_t seed)
      : batch(2), length(length), heads(3), p(2), n(4) {
    Draws draw(seed);
    x = draw.tensor({batch, length, heads, p});
    dt = draw.tensor({batch, length, heads});
    a = draw.tensor({heads});
    b = draw.tensor({batch, length, heads, n});
    c = draw.tensor({batch, length, heads, n});
    state = T(DType::f32, {batch, heads, n, p});
    if (started)
      state = draw.tensor(state.shape);
  }
  T value() const {
    return run("Mul", x, reshape(dt, {batch, length, heads, 1}));
  }

  /// LinearAttention: y [b, l, h p] and the state.
  std::vector<T> recurrence() const {
    T query = reshape(c, {batch, length, heads * n}),
      key = reshape(b, {batch, length, heads * n}),
      v = reshape(value(), {batch, length, heads * p}),
      decay = run("Mul", dt, a);
    return runAll("LinearAttention", {&query, &key, &v, &state, &decay},
                  {{"update_rule", std::string("gated")},
                   {"scale", 1.0},
                   {"q_num_heads", heads},
                   {"kv_num_heads", heads}});
  }

  /// hybrid.ssd_scan with a group for each head, in the layout of recurrence().
  std::vector<T> hybrid() const {
    T xs = reshape(x, {batch, length, heads, 1, p}),
      step = reshape(dt, {batch, length, heads, 1}),
      rate = reshape(a, {heads, 1}), y(DType::f32, xs.shape),
      s = reshape(transpose(state, {0, 1, 3, 2}), {batch, heads, 1, p, n});
    auto results =
        runAll("hybrid.ssd_scan", {&xs, &step, &rate, &b, &c, &y, &s});
    return {reshape(results[0], {batch, length, heads * p}),
            transpose(reshape(results[1], {batch, heads, p, n}), {0, 1, 3, 2})};
  }

  /// Sums of segments: [..., l] -> [..., l, l], x[s + 1] + ... + x[t] at t, s
  /// and minus infinity above the diagonal.
  static T segments(const T &x) {
    int64_t rank = x.rank(), size = x.shape.back();
    T sums = run("CumSum", x, ints({}, {rank - 1}));
    T differences = run("Sub", run("Unsqueeze", sums, ints({1}, {rank})),
                        run("Unsqueeze", sums, ints({1}, {rank - 1})));
    T ones(DType::boolean, {size, size});
    std::fill(ones.ints.begin(), ones.ints.end(), 1);
    return run("Where", runAll("Trilu", {&ones}, {{"upper", int64_t{0}}})[0],
               differences, scalar(-inf));
  }

  /// Mamba2's form in chunks (Dao and Gu 2024, listing 1), as exporters write
  /// it. `mistake` leaves the decay from a chunk's end out.
  std::vector<T> chunked(int64_t chunk, bool mistake = false) const {
    int64_t missing = (chunk - length % chunk) % chunk,
            chunks = (length + missing) / chunk;
    auto cut = [&](const T &t, Shape rest) {
      Shape pads(2 * t.rank(), 0);
      pads[t.rank() + 1] = missing;
      int64_t entries = int64_t(pads.size());
      rest.insert(rest.begin(), {batch, chunks, chunk, heads});
      return reshape(run("Pad", t, ints({entries}, pads)), rest);
    };
    T v = cut(value(), {p}), bs = cut(b, {n}), cs = cut(c, {n}),
      rates = transpose(cut(run("Mul", dt, a), {}), {0, 3, 1, 2}), // b h c l
        sums = run("CumSum", rates, ints({}, {3}));
    T decays = run("Exp", segments(rates));
    T diagonal =
        einsum("bclhn,bcshn,bhcls,bcshp->bclhp", {&cs, &bs, &decays, &v});
    T ends = slice(sums, 3, chunk - 1, chunk);
    T toEnd = run("Exp", run("Sub", ends, sums));
    if (mistake)
      toEnd = run("Exp", run("Mul", sums, scalar(0)));
    T states = einsum("bclhn,bhcl,bclhp->bchnp", {&bs, &toEnd, &v});
    states = concat(reshape(state, {batch, 1, heads, n, p}), states, 1);
    T padded = run("Pad", reshape(ends, {batch, heads, chunks}),
                   ints({6}, {0, 0, 1, 0, 0, 0}));
    T between = run("Exp", segments(padded));
    states = einsum("bhzc,bchnp->bzhnp", {&between, &states});
    T before = slice(states, 1, 0, chunks), fromStart = run("Exp", sums);
    T rest = einsum("bclhn,bchnp,bhcl->bclhp", {&cs, &before, &fromStart});
    T y =
        reshape(run("Add", diagonal, rest), {batch, chunks * chunk, heads * p});
    return {slice(y, 1, 0, length),
            reshape(slice(states, 1, chunks, chunks + 1), state.shape)};
  }
};
} // namespace

TEST(ExactScan, InChunksIsTheRecurrenceAtEveryLength) {
  for (int64_t length : {1, 3, 4, 5, 13, 17})
    for (bool started : {false, true}) {
      Scan scan(length, started, 6 + length);
      auto expected = scan.recurrence(), hybrid = scan.hybrid();
      for (int64_t chunk : {1, 4, 5, 32}) {
        auto chunked = scan.chunked(chunk);
        for (int i : {0, 1}) {
          SCOPED_TRACE(testing::Message() << "result " << i << ", length "
                                          << length << ", chunk " << chunk);
          expectSame(chunked[i], expected[i]);
          expectSame(hybrid[i], expected[i]);
        }
      }
    }
}

TEST(ExactScan, AMistakeShowsFromTheSecondChunkOn) {
  Scan scan(13, true, 7);
  T expected = scan.recurrence()[0], found = scan.chunked(4, true)[0];
  EXPECT_EQ(differences(slice(expected, 1, 0, 4), slice(found, 1, 0, 4)), 0);
  T rest = slice(expected, 1, 4, 13);
  EXPECT_EQ(differences(rest, slice(found, 1, 4, 13)), rest.size());
}

/// Changes that a comparison with a tolerance takes for rounding.
TEST(ExactScan, TheSmallestChangeOfAConstantShows) {
  Scan scan(5, false, 8);
  T expected = scan.recurrence()[0];
  for (double factor : {1 + 0x1p-20, 1 + 0x1p-52, 1 - 0x1p-53}) {
    Scan other = scan;
    other.a = run("Mul", scan.a, scalar(factor));
    T found = other.recurrence()[0];
    EXPECT_EQ(differences(slice(expected, 1, 0, 1), slice(found, 1, 0, 1)), 0);
    T rest = slice(expected, 1, 1, 5);
    EXPECT_EQ(differences(rest, slice(found, 1, 1, 5)), rest.size());
  }
  EXPECT_EQ(differences(expected, run("Add", expected, scalar(1e-7f))),
            expected.size());
}
