// How often different expressions are equal by accident, counted over all draws
// of small fields: what docs/exact.md claims of large ones. A non-zero
// polynomial of degree d vanishes at no more than d of |S| points for each
// variable drawn from S (Schwartz 1980, Zippel 1979), and one that splits into
// linear factors at exactly so many.
#include "test/unit/exact_draws.h"

using namespace jarana::reference;

namespace {
template <class Field> class ExactRate : public testing::Test {
public:
  using R = ResidueOf<Field>;
  static constexpr uint64_t p = Field::p, q = Field::q;

  /// A drawn number of which only the residue modulo p is looked at.
  static R value(uint64_t modP) { return R::finite(modP, R::unknown); }
  /// One that is only looked at as an exponent.
  static R exponent(uint64_t modQ) { return R::finite(1, modQ); }
};
using Fields = testing::Types<Field7, Field23, Field47>;
TYPED_TEST_SUITE(ExactRate, Fields);
} // namespace

#define USE_FIELD                                                              \
  using R = typename TestFixture::R;                                           \
  constexpr uint64_t p = TestFixture::p, q = TestFixture::q;                   \
  auto value = [](uint64_t x) { return TestFixture::value(x); };               \
  auto exponent = [](uint64_t x) { return TestFixture::exponent(x); };         \
  (void)p, (void)q, (void)value, (void)exponent

TYPED_TEST(ExactRate, OfAPolynomialThatSplitsIsItsDegree) {
  USE_FIELD;
  // x (x - 1) ... (x - d + 1) against 0.
  auto product = [](R x, uint64_t degree) {
    R result(1);
    for (uint64_t i = 0; i < degree; ++i)
      result *= x - R(i);
    return result;
  };
  for (uint64_t degree = 1; degree <= std::min<uint64_t>(q, 6); ++degree) {
    uint64_t accidents = 0, inBoth = 0;
    for (uint64_t x = 0; x < p; ++x) {
      accidents += product(value(x), degree) == R(0);
      for (uint64_t y = 0; y < q; ++y)
        inBoth += product(R::finite(x, y), degree) == R(0);
    }
    EXPECT_EQ(accidents, degree);
    // A number with two residues has to deceive in both.
    EXPECT_EQ(inBoth, degree * degree);
  }
}

TYPED_TEST(ExactRate, OfPolynomialsIsAtMostTheirDegree) {
  USE_FIELD;
  std::mt19937_64 random(1);
  uint64_t most = std::min<uint64_t>(p - 1, 5);
  double worst = 0;
  for (int pair = 0; pair < 100; ++pair) {
    // Two expressions in x and y that differ in their coefficients: sums of
    // products against Horner's rule.
    uint64_t degree = 1 + random() % most;
    std::vector<std::vector<int64_t>> left(degree + 1), right;
    for (uint64_t i = 0; i <= degree; ++i)
      for (uint64_t j = 0; i + j <= degree; ++j)
        left[i].push_back(random() % p);
    right = left;
    uint64_t i = random() % (degree + 1), j = random() % left[i].size();
    right[i][j] += 1 + random() % (p - 1);
    right[0][0] += random() % p;
    if (i == 0 && j == 0 && (right[0][0] - left[0][0]) % p == 0)
      continue; // the same after all
    auto power = [](R base, uint64_t exponent) {
      R result(1);
      for (; exponent > 0; --exponent)
        result *= base;
      return result;
    };
    uint64_t accidents = 0;
    for (uint64_t a = 0; a < p; ++a)
      for (uint64_t b = 0; b < p; ++b) {
        R x = value(a), y = value(b), sum(0), nested(0);
        for (uint64_t m = 0; m <= degree; ++m)
          for (uint64_t n = 0; n < left[m].size(); ++n)
            sum += R(left[m][n]) * power(x, m) * power(y, n);
        for (uint64_t m = degree + 1; m-- > 0;) {
          R inner(0);
          for (uint64_t n = right[m].size(); n-- > 0;)
            inner = inner * y + R(right[m][n]);
          nested = nested * x + inner;
        }
        accidents += sum == nested;
      }
    EXPECT_LE(accidents, degree * p) << "degree " << degree;
    worst = std::max(worst, double(accidents) / double(degree * p));
  }
  EXPECT_GT(worst, 0.1); // accidents do happen
}

TYPED_TEST(ExactRate, OfPowersIsTheirDegreeOverQ) {
  USE_FIELD;
  // (e^x - e^0) (e^x - e^1) ... against 0: polynomials in the drawn power.
  for (uint64_t degree = 1; degree <= std::min<uint64_t>(q, 6); ++degree) {
    uint64_t accidents = 0;
    for (uint64_t x = 0; x < q; ++x) {
      R product(1);
      for (uint64_t i = 0; i < degree; ++i)
        product *= exp(exponent(x)) - exp(exponent(i));
      accidents += product == R(0);
    }
    EXPECT_EQ(accidents, degree);
  }
  // Sums of powers of two numbers, with coefficients as they come.
  std::mt19937_64 random(2);
  uint64_t most = std::min<uint64_t>(q - 1, 5);
  for (int pair = 0; pair < 100; ++pair) {
    uint64_t degree = 1 + random() % most, accidents = 0;
    std::vector<std::vector<uint64_t>> factors(degree + 1);
    for (uint64_t i = 0; i <= degree; ++i)
      for (uint64_t j = 0; i + j <= degree; ++j)
        factors[i].push_back(random() % p);
    factors[degree][0] = 1 + random() % (p - 1);
    for (uint64_t a = 0; a < q; ++a)
      for (uint64_t b = 0; b < q; ++b) {
        R x = exponent(a), y = exponent(b), sum(0);
        for (uint64_t i = 0; i <= degree; ++i)
          for (uint64_t j = 0; j < factors[i].size(); ++j)
            sum += R(factors[i][j]) * exp(R(i) * x + R(j) * y);
        accidents += sum == R(0);
      }
    EXPECT_LE(accidents, degree * q) << "degree " << degree;
  }
}

/// Two steps of a scan against its sum of decayed inputs, and against sums with
/// a mistake.
TYPED_TEST(ExactRate, OfAScanIsWhatItsMistakeSays) {
  USE_FIELD;
  uint64_t once = 0, twice = 0, all = 0;
  for (uint64_t a = 0; a < q; ++a)
    for (uint64_t b = 0; b < q; ++b)
      for (uint64_t c = 0; c < p; ++c) {
        R first = exponent(a), second = exponent(b), x = value(c), s = value(2),
          y = value(3);
        R scanned = exp(second) * (exp(first) * s + x) + y;
        R decayed = exp(first + second) * s, rest = exp(second) * x + y;
        ASSERT_EQ(scanned, decayed + rest);
        // x decayed by the wrong step: x (e^b - e^a) = 0.
        once += scanned == decayed + exp(first) * x + y;
        // the state decayed twice by one step: e^(a + b) (e^b - 1) s = 0.
        twice += scanned == exp(second) * decayed + rest;
        ++all;
      }
  EXPECT_EQ(once, q * q * p - q * (q - 1) * (p - 1)); // x = 0 or a = b
  EXPECT_EQ(twice, all / q);                          // b = 0
}

TYPED_TEST(ExactRate, OfQuotientsCountsBothSides) {
  USE_FIELD;
  // 1 + e^x is never 0: -1 is no power of a root of odd order.
  uint64_t accidents = 0;
  for (uint64_t a = 0; a < q; ++a) {
    R x = exponent(a), power = exp(x);
    ASSERT_EQ(R(1) / (R(1) + exp(-x)), power / (R(1) + power));
    accidents += R(1) / (R(1) + exp(-x)) == R(1) / (R(1) + exp(-x - x));
  }
  EXPECT_EQ(accidents, 1u);
  // x/(x - 1) against y/(y - 2), where there are such numbers: 2 x = y.
  uint64_t drawn = 0;
  accidents = 0;
  for (uint64_t a = 0; a < p; ++a)
    for (uint64_t b = 0; b < p; ++b) {
      try {
        R x = value(a), y = value(b);
        accidents += x / (x - R(1)) == y / (y - R(2));
        ++drawn;
      } catch (const ZeroDivisor &) {
      }
    }
  EXPECT_EQ(drawn, (p - 1) * (p - 1));
  EXPECT_EQ(accidents, p - 1);
}

/// Hashes of different numbers are equal as often as if they were drawn.
TYPED_TEST(ExactRate, OfHashesIsThatOfDraws) {
  USE_FIELD;
  uint64_t accidents = 0, all = 0;
  for (auto f = uint64_t(Uninterpreted::Log);
       f <= uint64_t(Uninterpreted::Round); ++f)
    for (uint64_t a = 0; a < p; ++a)
      for (uint64_t b = 0; b < a; ++b, ++all) {
        auto of = [&](uint64_t x) {
          return R::apply(Uninterpreted(f), value(x)).modP();
        };
        EXPECT_EQ(of(a), of(a));
        accidents += of(a) == of(b);
      }
  double expected = double(all) / double(p);
  EXPECT_NEAR(double(accidents), expected, 4 * std::sqrt(expected));
}

TYPED_TEST(ExactRate, OfADecisionIsOneHalf) {
  USE_FIELD;
  auto larger = [](R x, R y) { return x > y ? x : y; };
  uint64_t equal = 0, limited = 0;
  for (uint64_t a = 0; a < p; ++a)
    for (uint64_t b = 0; b < p; ++b) {
      R x = value(a), y = value(b);
      ASSERT_EQ(larger(x, y), larger(y, x));
      equal += larger(x, y) == x;
      limited += larger(x, y) == x && larger(x - R(1), y - R(1)) == x - R(1);
    }
  EXPECT_EQ(equal, p + p * (p - 1) / 2); // x = y, or x is the larger
  EXPECT_EQ(limited, equal);             // the same decision: not independent
}
