#include "jarana/error.h"
#include "lib/symbolic/Expr.h"

#include <gtest/gtest.h>
#include <random>

using namespace jarana::symbolic;

namespace {
struct Symbolic : testing::Test {
  Context ctx;
  Expr symbol(const char *name, int64_t low = 0) {
    return Expr::symbol(ctx.addSymbol({name, "input 'x'", low, true}));
  }
  std::string text(const Expr &e) { return ctx.print(e); }
};

TEST_F(Symbolic, PolynomialsAreCanonical) {
  Expr a = symbol("a"), b = symbol("b");
  EXPECT_EQ((a + b) * (a - b), a * a - b * b);
  EXPECT_EQ(text(2 * a * b + b - 3), "2*a*b + b - 3");
  EXPECT_EQ(a - a, Expr(0));
  EXPECT_EQ((a + 1).constant(), std::nullopt);
  EXPECT_EQ(a.asSymbol(), 0);
  EXPECT_EQ((a * b + a).symbols(), (std::vector<SymbolId>{0, 1}));
}

TEST_F(Symbolic, ExactDivision) {
  Expr a = symbol("a"), b = symbol("b");
  EXPECT_EQ(ctx.divideExactly(a * a + 2 * a * b + b * b, a + b), a + b);
  EXPECT_EQ(ctx.divideExactly(6 * a * b, 3 * b), 2 * a);
  EXPECT_FALSE(ctx.divideExactly(a + 1, b));
  EXPECT_FALSE(ctx.divideExactly(a, Expr(0)));
}

// What torch's exporter writes for the chunks of a scan.
TEST_F(Symbolic, ChunkArithmetic) {
  Expr s = symbol("s", 1);
  Expr pad = ctx.mod(16 - ctx.mod(s, 16), 16);
  Expr chunks = ctx.floorDiv(s + pad, 16);
  EXPECT_EQ(text(chunks), "floordiv(s + 15, 16)");
  EXPECT_EQ(s + pad, 16 * chunks);
  EXPECT_EQ(ctx.floorDiv(s + pad, chunks), Expr(16));
  EXPECT_EQ(ctx.truncDiv(s + pad, Expr(16)), chunks);
  Expr least = ctx.min(s, 16 * chunks);
  EXPECT_EQ(least, s);
  EXPECT_EQ(ctx.floorDiv(128 * least, s), Expr(128));
  EXPECT_EQ(ctx.floorDiv(least, s), Expr(1));
  EXPECT_TRUE(ctx.proveNonNegative(pad));
  EXPECT_TRUE(ctx.proveNonNegative(15 - pad));
  EXPECT_TRUE(ctx.provePositive(chunks));
}

// HF's exporter: trunc(a/b) - (sign(a) != sign(b) and mod(a, b) != 0)
TEST_F(Symbolic, FloorDivisionByTenNodes) {
  Expr s = symbol("s", 1);
  Expr a = s + ctx.mod(16 - ctx.mod(s, 16), 16), b(16);
  Expr differ = 1 - ctx.equal(ctx.sign(a), ctx.sign(b));
  Expr inexact = 1 - ctx.equal(ctx.mod(a, b), 0);
  EXPECT_EQ(ctx.truncDiv(a, b) - differ * inexact, ctx.floorDiv(s + 15, 16));
}

TEST_F(Symbolic, NestedDivisions) {
  Expr s = symbol("s");
  EXPECT_EQ(ctx.floorDiv(ctx.floorDiv(s, 4) + 1, 8), ctx.floorDiv(s + 4, 32));
  EXPECT_EQ(ctx.floorDiv(6 * s + 5, 9), ctx.floorDiv(2 * s + 1, 3));
  EXPECT_EQ(ctx.floorDiv(17 * s + 35, 16), s + 2 + ctx.floorDiv(s + 3, 16));
  EXPECT_EQ(ctx.floorDiv(s, s), Expr(1));
  EXPECT_EQ(ctx.floorDiv(s, -1), -1 * s);
  EXPECT_THROW(ctx.floorDiv(s, 0), jarana::Error);
}

TEST_F(Symbolic, MinimaByProof) {
  Expr s = symbol("s", 1), p = symbol("p");
  EXPECT_EQ(ctx.min(s + p, s), s);
  EXPECT_EQ(ctx.max(p, 0), p);
  EXPECT_EQ(ctx.min(s, INT64_MAX), s);
  EXPECT_EQ(ctx.max(INT64_MIN, s), s);
  EXPECT_EQ(text(ctx.min(s, 4)),
            ctx.min(4, s) == ctx.min(s, 4) ? text(ctx.min(4, s)) : "");
  EXPECT_TRUE(ctx.proveNonNegative(4 - ctx.min(s, 4)));
  EXPECT_TRUE(ctx.proveNonNegative(s - ctx.min(s, 4)));
  EXPECT_FALSE(ctx.proveNonNegative(s - 4));
}

TEST_F(Symbolic, Comparisons) {
  Expr s = symbol("s", 1), p = symbol("p");
  EXPECT_EQ(ctx.less(0, s), Expr(1));
  EXPECT_EQ(ctx.less(s, 1), Expr(0));
  EXPECT_EQ(ctx.equal(2 * s, 2 * s + 1), Expr(0));
  EXPECT_EQ(ctx.equal(2 * s + 2 * p, 7), Expr(0)); // even, odd
  EXPECT_EQ(ctx.sign(s), Expr(1));
  Expr unknown = ctx.equal(s, p);
  EXPECT_EQ(ctx.equal(unknown, 0), 1 - unknown);
  EXPECT_EQ(unknown * unknown, unknown);
  EXPECT_EQ(ctx.select(unknown, s, s), s);
}

TEST_F(Symbolic, EqualitiesAreLearned) {
  Expr past = symbol("past"), seq = symbol("seq", 1),
       total = symbol("past + seq");
  EXPECT_TRUE(ctx.requireEqual(total, past + seq, "Add node 'a'"));
  ASSERT_EQ(ctx.checks().size(), 1u);
  EXPECT_EQ(ctx.checks()[0].reason, "Add node 'a'");
  EXPECT_EQ(ctx.simplify(2 * total), 2 * past + 2 * seq);
  EXPECT_TRUE(ctx.requireEqual(total, past + seq, "again"));
  EXPECT_FALSE(ctx.requireEqual(total + 1, past + seq, "wrong"));
  EXPECT_EQ(ctx.checks().size(), 1u);
  // The input that came first stays, with all bounds that are known.
  Expr a = symbol("a"), b = symbol("b", 1);
  EXPECT_TRUE(ctx.requireEqual(b, a, "same"));
  EXPECT_EQ(ctx.simplify(b), a);
  EXPECT_TRUE(ctx.provePositive(a));
}

TEST_F(Symbolic, OneChunkOnly) {
  Expr s = symbol("s", 1);
  Expr chunks = ctx.floorDiv(s + 15, 16);
  EXPECT_TRUE(ctx.requireEqual(chunks + 1, 2, "Expand node 'e'"));
  EXPECT_TRUE(ctx.requireEqual(chunks, 1, "again"));
  ASSERT_EQ(ctx.checks().size(), 1u);
  EXPECT_EQ(ctx.simplify(16 * chunks), Expr(16));
  EXPECT_EQ(ctx.requirement(ctx.checks()[0]), "must be at most 16");
  // One chunk is 1 to 16 positions.
  EXPECT_EQ(ctx.symbolInfo(0).upperBound, 16);
  EXPECT_EQ(ctx.min(s, 16), s);
}

TEST_F(Symbolic, ChecksInWords) {
  Expr s = symbol("s", 1), t = symbol("past + s"), p = symbol("p");
  EXPECT_TRUE(ctx.requireEqual(8 * t, 8 * p + 8 * s, "Add node 'a': sizes"));
  EXPECT_EQ(
      ctx.describe(ctx.checks()[0]),
      "input 'x' must be equal to s + p, where s is input 'x', p is input 'x' "
      "(Add node 'a': sizes)");
  EXPECT_EQ(ctx.requirement(ctx.checks()[0]), ""); // it is about three symbols
  EXPECT_EQ(text(t + 1), "'past + s' + 1");
  EXPECT_EQ(ctx.describeLowerBound(0), "input 'x' must be at least 1");
}

TEST_F(Symbolic, MultiplesOnly) {
  Expr s = symbol("s", 1);
  Expr padded = 16 * ctx.floorDiv(s + 15, 16);
  EXPECT_TRUE(ctx.requireEqual(padded, s, "Reshape node 'r'"));
  EXPECT_TRUE(ctx.requireEqual(8 * padded, 8 * s, "again"));
  ASSERT_EQ(ctx.checks().size(), 1u);
  EXPECT_EQ(ctx.requirement(ctx.checks()[0]), "must be a multiple of 16");
}

TEST_F(Symbolic, LowerBoundsAreLearned) {
  Expr k = symbol("k");
  EXPECT_TRUE(ctx.requireAtLeast(k - 2, 1, "Conv node 'c'"));
  EXPECT_EQ(ctx.symbolInfo(0).lowerBound, 3);
  EXPECT_EQ(ctx.checks()[0].kind, Context::Check::Kind::AtLeast);
  EXPECT_FALSE(ctx.requireAtLeast(k, k + 1, "never"));
}

TEST_F(Symbolic, TooLargeIsAnErrorNotWrong) {
  Expr s = symbol("s");
  EXPECT_THROW(Expr(INT64_MAX) + 1, jarana::Error);
  Expr e = s;
  EXPECT_THROW(
      {
        for (int i = 0; i < 200; ++i)
          e = ctx.floorDiv(e * e + s, 3 + i);
      },
      jarana::Error);
}

// Random expressions, folded and evaluated, against arithmetic on the values.
TEST_F(Symbolic, FoldingKeepsTheValue) {
  std::mt19937 random(7);
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  auto floorDiv = [](int64_t a, int64_t b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
  };
  for (int i = 0; i < 3; ++i)
    symbol(i == 0 ? "a" : i == 1 ? "b" : "c", i);
  for (int round = 0; round < 3000; ++round) {
    std::vector<int64_t> at = {pick(40), 1 + pick(40), 2 + pick(40)};
    std::vector<Expr> exprs;
    std::vector<int64_t> values;
    for (int i = 0; i < 3; ++i) {
      exprs.push_back(Expr::symbol(i));
      values.push_back(at[i]);
    }
    for (int step = 0; step < 7; ++step) {
      int i = pick(exprs.size()), j = pick(exprs.size());
      Expr x = exprs[i], y = exprs[j], made;
      int64_t u = values[i], v = values[j], value = 0, c = pick(20) - 6;
      switch (pick(11)) {
      case 0:
        made = x + y;
        value = u + v;
        break;
      case 1:
        made = x - y;
        value = u - v;
        break;
      case 2:
        made = x * c + 1;
        value = u * c + 1;
        break;
      case 3:
        if (c == 0)
          c = 16;
        made = ctx.floorDiv(x + 5, c);
        value = floorDiv(u + 5, c);
        break;
      case 4:
        if (c == 0)
          c = 16;
        made = ctx.mod(x, c);
        value = u - c * floorDiv(u, c);
        break;
      case 5:
        made = ctx.min(x, y);
        value = std::min(u, v);
        break;
      case 6:
        made = ctx.max(x, y);
        value = std::max(u, v);
        break;
      case 7:
        made = ctx.less(x, y);
        value = u < v;
        break;
      case 8:
        made = ctx.equal(x, y);
        value = u == v;
        break;
      case 9:
        if (c == 0)
          c = 16;
        made = ctx.truncDiv(x, c);
        value = u / c;
        break;
      case 10:
        made = ctx.floorDiv(x, Expr::symbol(2) + 1);
        value = floorDiv(u, at[2] + 1);
        break;
      }
      ASSERT_EQ(ctx.evaluate(made, at), value) << text(made);
      Visitor<int64_t> visitor{[](int64_t k) { return k; },
                               [&](SymbolId id) { return at[id]; },
                               [](int64_t p, int64_t q) { return p + q; },
                               [](int64_t p, int64_t q) { return p * q; },
                               [&](Function f, std::vector<int64_t> o) {
                                 switch (f) {
                                 case Function::FloorDiv:
                                   return floorDiv(o[0], o[1]);
                                 case Function::Min:
                                   return std::min(o[0], o[1]);
                                 case Function::Max:
                                   return std::max(o[0], o[1]);
                                 case Function::Less:
                                   return int64_t(o[0] < o[1]);
                                 case Function::Equal:
                                   return int64_t(o[0] == o[1]);
                                 }
                                 return int64_t(0);
                               }};
      ASSERT_EQ(fold(made, visitor), value);
      if (ctx.proveNonNegative(made)) {
        ASSERT_GE(value, 0) << text(made);
      }
      exprs.push_back(made);
      values.push_back(value);
    }
  }
}
} // namespace
