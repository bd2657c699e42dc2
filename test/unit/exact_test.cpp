// The exact scalar domain, number by number: its primes, the laws of a field
// and of exp, constants, what is not finite, hashes and the order.
#include "test/unit/exact_draws.h"

#include "lib/reference/operators/Contraction.h"

#include <algorithm>
#include <cfloat>
#include <utility>

using namespace jarana;
using namespace jarana::reference;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr int rounds = 200;

uint64_t powerModulo(uint64_t base, uint64_t exponent, uint64_t modulus) {
  uint64_t result = 1;
  for (base %= modulus; exponent; exponent /= 2) {
    if (exponent % 2)
      result = static_cast<uint64_t>(Wide(result) * base % modulus);
    base = static_cast<uint64_t>(Wide(base) * base % modulus);
  }
  return result;
}

/// Miller and Rabin's test; with these bases it is no matter of chance below
/// 2^64 (Sorenson and Webster 2015).
bool isPrime(uint64_t n) {
  constexpr uint64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
  if (n < 2)
    return false;
  for (uint64_t base : bases)
    if (n % base == 0)
      return n == base;
  int twos = std::countr_zero(n - 1);
  return std::all_of(std::begin(bases), std::end(bases), [&](uint64_t base) {
    uint64_t x = powerModulo(base, (n - 1) >> twos, n);
    bool passes = x == 1 || x == n - 1;
    for (int i = 1; i < twos && !passes; ++i) {
      x = static_cast<uint64_t>(Wide(x) * x % n);
      passes = x == n - 1;
    }
    return passes;
  });
}

template <class Field> class ExactField : public testing::Test {};
using Fields = testing::Types<LargeField, Field47, Field23, Field7>;
TYPED_TEST_SUITE(ExactField, Fields);

/// What was assumed since the last call.
uint32_t takeAssumptions() {
  return std::exchange(ExactEvents::assumptions, 0);
}
} // namespace

TYPED_TEST(ExactField, HasPrimesAndARootOfTheirOrder) {
  using F = TypeParam;
  EXPECT_TRUE(isPrime(F::p));
  EXPECT_TRUE(isPrime(F::q));
  EXPECT_EQ((F::p - 1) % F::q, 0u);
  // The order divides the prime q and is not 1, so it is q.
  EXPECT_NE(F::root, 1u);
  EXPECT_EQ(powerModulo(F::root, F::q, F::p), 1u);
  Draws<F> draw(1);
  for (int i = 0; i < rounds; ++i) {
    uint64_t x = draw().modQ();
    EXPECT_EQ(powerOfRoot<F>(x), powerModulo(F::root, x, F::p));
  }
}

TYPED_TEST(ExactField, ObeysTheLawsInBothResidues) {
  using R = ResidueOf<TypeParam>;
  Draws<TypeParam> draw(2);
  for (int i = 0; i < rounds; ++i) {
    R x = draw(), y = draw(), z = draw();
    EXPECT_TRUE(identical(x + y, y + x));
    EXPECT_TRUE(identical((x + y) + z, x + (y + z)));
    EXPECT_TRUE(identical(x * y, y * x));
    EXPECT_TRUE(identical((x * y) * z, x * (y * z)));
    EXPECT_TRUE(identical(x * (y + z), x * y + x * z));
    EXPECT_TRUE(identical(x - x, R(0)));
    EXPECT_TRUE(identical(-(x - y), y - x));
    EXPECT_TRUE(identical(x * R(1), x));
    if (y.modP() == 0 || y.modQ() == 0)
      continue;
    EXPECT_TRUE(identical(y / y, R(1)));
    EXPECT_TRUE(identical(x / y * y, x));
    EXPECT_TRUE(identical(R(1) / y * x, x / y));
  }
}

TYPED_TEST(ExactField, PowersTurnSumsIntoProducts) {
  using R = ResidueOf<TypeParam>;
  Draws<TypeParam> draw(3);
  for (int i = 0; i < rounds; ++i) {
    R x = draw(), y = draw();
    EXPECT_EQ(exp(x + y), exp(x) * exp(y));
    EXPECT_EQ(exp(x - y), exp(x) / exp(y));
    EXPECT_EQ(exp(R(3) * x), exp(x) * exp(x) * exp(x));
    EXPECT_EQ(exp(x) * exp(-x), R(1));
    EXPECT_TRUE(identical(exp(x * R(0)), R(1)));
  }
}

TEST(ExactPrimes, ReductionIsTheRemainder) {
  std::mt19937_64 random(4);
  constexpr uint64_t p = LargeField::p, q = LargeField::q;
  auto check = [&](Wide x) {
    EXPECT_EQ((reduceNear<p, LargeField::bitsOfP>(x)), uint64_t(x % p));
    EXPECT_EQ((reduceNear<q, LargeField::bitsOfQ>(x)), uint64_t(x % q));
  };
  for (int i = 0; i < rounds; ++i)
    check((Wide(random() >> 1) << 64) | random());
  constexpr Wide most = (Wide(1) << 127) - 1;
  for (Wide x : {Wide(0), Wide(p), Wide(q), Wide(p) - 1, Wide(p) * p,
                 Wide(p - 1) * (p - 1), most})
    check(x);
}

TEST(ExactExp, OfAnotherPowerIsAHashOfItsResidue) {
  Draws draw(5);
  Exact x = draw(), y = draw(), z = draw();
  Exact u = exp(x) + y, v = exp(x) * z;
  EXPECT_FALSE(u.hasModQ());
  EXPECT_EQ(exp(u), exp(y + exp(x)));
  EXPECT_EQ(exp(v), exp(z * exp(x)));
  EXPECT_FALSE(exp(u) == exp(v));
  EXPECT_FALSE(exp(u) == exp(u + Exact(1)));
  EXPECT_EQ(exp(u) * exp(-u), Exact(1)); // as sigmoid's two spellings need
  EXPECT_EQ(exp(u - u), Exact(1));
  // tanh has a residue, for the scores that it caps.
  EXPECT_EQ(exp(tanh(x) - tanh(y)), exp(tanh(x)) / exp(tanh(y)));
  EXPECT_TRUE(identical(tanh(-x), -tanh(x)));
  // The one law that is lost.
  EXPECT_FALSE(exp(u + v) == exp(u) * exp(v));
}

TEST(ExactConstants, AreTheDyadicNumbersThatTheyLookLike) {
  auto is = [](Exact x, Exact y) { return identical(x, y); };
  EXPECT_TRUE(is(Exact(0.1f) * Exact(0x1p27), Exact(13421773)));
  EXPECT_TRUE(is(Exact(1e-5f) * Exact(0x1p40), Exact(10995116)));
  EXPECT_TRUE(is(Exact(0x1p-149) * Exact(0x1p149), Exact(1)));
  EXPECT_TRUE(is(Exact(double(1e38f)), Exact(9860761) * Exact(0x1p103)));
  EXPECT_TRUE(is(Exact(-0.0), Exact(0)));
  EXPECT_TRUE(is(Exact(-2.5), -(Exact(2) + Exact(0.5))));
  // The ends of f64.
  EXPECT_TRUE(is(Exact(0x1p-1074) * Exact(0x1p1000) * Exact(0x1p74), Exact(1)));
  EXPECT_TRUE(
      is(Exact(DBL_MAX) + Exact(0x1p971), Exact(0x1p1000) * Exact(0x1p24)));
  EXPECT_TRUE(is(Exact(std::numeric_limits<int64_t>::min()), Exact(-0x1p63)));
  EXPECT_TRUE(is(Exact(~uint64_t{0}) + Exact(1), Exact(0x1p64)));
  std::mt19937 random(6);
  for (int i = 0; i < rounds; ++i) { // exact in doubles
    float a = std::ldexp(float(random() >> 8), -10),
          b = -std::ldexp(float(random() >> 8), -20);
    EXPECT_TRUE(is(Exact(a) + Exact(b), Exact(double(a) + double(b))));
    EXPECT_TRUE(is(Exact(a) * Exact(b), Exact(double(a) * double(b))));
  }
}

TEST(ExactConstants, AreRecognisedWhereDrawnNumbersAreNot) {
  for (double value : {0.0, 3.0, -7.0, 0.5, double(0.1f), double(1e-5f),
                       double(1e-9f), 1e6, 0x1p40, double(1e20f), -127.75}) {
    EXPECT_EQ(Exact(value).concrete(), value);
    EXPECT_EQ((Exact(value) * Exact(3)).concrete(), value * 3);
  }
  Draws draw(7);
  for (int i = 0; i < rounds; ++i)
    EXPECT_FALSE(draw().concrete());
  EXPECT_FALSE(exp(draw()).concrete());
  EXPECT_EQ(int64_t(Exact(-7.75)), -7);
  EXPECT_EQ(int64_t(Exact(double(1e20f))), std::numeric_limits<int64_t>::min());
}

TEST(ExactInfinities, FollowTheRulesOfFloats) {
  Draws draw(8);
  Exact x = draw(), plus(inf), minus(-inf);
  EXPECT_EQ(x + minus, minus);
  EXPECT_EQ(plus - x, plus);
  EXPECT_EQ(-plus, minus);
  EXPECT_EQ(exp(minus), Exact(0));
  EXPECT_EQ(exp(plus), plus);
  EXPECT_EQ(x / minus, Exact(0));
  EXPECT_EQ(minus * minus, plus);
  EXPECT_EQ(Exact(-2) * plus, minus);
  EXPECT_EQ(tanh(minus), Exact(-1));
  EXPECT_EQ(erf(plus), Exact(1));
  EXPECT_TRUE(minus < x && x < plus && minus < plus);
  for (Exact nan :
       {Exact(NAN), plus + minus, minus - minus, Exact(0) * plus, plus / minus,
        Exact(0) / Exact(0), Exact(NAN) + x, Exact(NAN) * Exact(0),
        Exact(NAN) / Exact(0), exp(Exact(NAN)), sin(plus), sqrt(minus)}) {
    EXPECT_TRUE(nan.isNaN());
    EXPECT_FALSE(nan == nan || nan < x || x < nan || nan <= nan);
  }
}

TEST(ExactInfinities, AFarConstantIsOneByAnAssumption) {
  Draws draw(9);
  Exact x = draw(), far(-3.4028234663852886e38);
  takeAssumptions();
  EXPECT_TRUE(far.isMinusInfinite());
  EXPECT_TRUE(Exact(-1e29).isFinite());
  EXPECT_TRUE(Exact(3.4e38).isFinite());
  // A mask that is multiplied by it: no assumption is needed.
  EXPECT_EQ(Exact(0) * far, Exact(0));
  EXPECT_EQ(far * Exact(0) + x, x);
  EXPECT_EQ(takeAssumptions(), 0u);
  const uint32_t assumption =
      static_cast<uint32_t>(Assumption::FarIsMinusInfinity);
  EXPECT_EQ(x + far, Exact(-inf));
  EXPECT_EQ(takeAssumptions(), assumption);
  EXPECT_EQ(exp(far), Exact(0));
  EXPECT_EQ(takeAssumptions(), assumption);
  EXPECT_EQ(far, Exact(-inf));
  EXPECT_EQ(takeAssumptions(), assumption);
  EXPECT_TRUE(far < x);
  EXPECT_EQ(takeAssumptions(), assumption);
  EXPECT_EQ(x / far, Exact(0));
  EXPECT_EQ(takeAssumptions(), assumption);
}

TEST(ExactDivision, ByZeroAsksForOtherInputs) {
  EXPECT_THROW(Exact(1) / Exact(0), ZeroDivisor);
  EXPECT_THROW(Exact(inf) / Exact(0), ZeroDivisor);
  EXPECT_THROW(Exact(-3.4e38) / Exact(0), ZeroDivisor);
  EXPECT_THROW(pow(Exact(0), Exact(-1)), ZeroDivisor);
  // 1/(x - y) in a field of 7: one of seven draws is no number.
  Draws<Field7> draw(10);
  int thrown = 0;
  for (int i = 0; i < 7 * rounds; ++i) {
    auto x = draw(), y = draw();
    try {
      EXPECT_EQ((x - y) * (ResidueOf<Field7>(1) / (x - y)),
                ResidueOf<Field7>(1));
    } catch (const ZeroDivisor &) {
      ++thrown;
      EXPECT_EQ(x.modP(), y.modP());
    }
  }
  EXPECT_NEAR(thrown, rounds, rounds / 4);
}

TEST(ExactFunctions, OfEqualArgumentsAreEqualAndOfOthersNot) {
  Draws draw(11);
  using Function = Exact (*)(Exact);
  const Function functions[] = {log,
                                sqrt,
                                erf,
                                sin,
                                cos,
                                tan,
                                asin,
                                acos,
                                atan,
                                asinh,
                                acosh,
                                atanh,
                                floor,
                                ceil,
                                nearbyint,
                                log1p,
                                tanh,
                                sinh,
                                [](Exact x) { return exp(x); }};
  for (int i = 0; i < rounds; ++i) {
    Exact x = draw(), y = draw();
    std::vector<Exact> values;
    for (Function f : functions) {
      EXPECT_EQ(f(x * (x + y)), f(x * x + y * x));
      EXPECT_FALSE(f(x) == f(y));
      values.push_back(f(x));
    }
    for (size_t a = 0; a < values.size(); ++a)
      for (size_t b = 0; b < a; ++b)
        EXPECT_FALSE(values[a] == values[b]) << a << " " << b;
    EXPECT_EQ(fmod(x, y), fmod(x, y));
    EXPECT_FALSE(fmod(x, y) == fmod(y, x));
    EXPECT_FALSE(pow(x, y) == pow(y, x));
  }
}

TEST(ExactFunctions, KnowTheValuesThatAreNumbers) {
  EXPECT_EQ(log(Exact(1)), Exact(0));
  EXPECT_EQ(log(Exact(0)), Exact(-inf));
  EXPECT_EQ(sqrt(Exact(6.25)), Exact(2.5));
  EXPECT_FALSE(sqrt(Exact(2)) * sqrt(Exact(2)) == Exact(2)); // not known
  EXPECT_EQ(cos(Exact(0)), Exact(1));
  EXPECT_EQ(floor(Exact(-2.5)), Exact(-3));
  EXPECT_EQ(ceil(Exact(-2.5)), Exact(-2));
  EXPECT_EQ(trunc(Exact(-2.5)), Exact(-2));
  EXPECT_EQ(nearbyint(Exact(2.5)), Exact(2));
  EXPECT_EQ(round(Exact(2.5)), Exact(3));
  EXPECT_EQ(fmod(Exact(-7.5), Exact(2)), Exact(-1.5));
  EXPECT_EQ(fabs(Exact(-2.5)), Exact(2.5));
}

TEST(ExactFunctions, PowersAreProductsAndRoots) {
  Draws draw(12);
  for (int i = 0; i < rounds; ++i) {
    Exact x = draw();
    EXPECT_TRUE(identical(pow(x, Exact(2)), x * x));
    EXPECT_EQ(pow(x, Exact(5)), x * x * x * x * x);
    EXPECT_EQ(pow(x, Exact(0)), Exact(1));
    EXPECT_EQ(pow(x, Exact(-2)), Exact(1) / (x * x));
    EXPECT_EQ(pow(x, Exact(0.5)), sqrt(x));
    EXPECT_EQ(pow(x, Exact(-0.5)), Exact(1) / sqrt(x));
    EXPECT_EQ(pow(x, Exact(1.5)), sqrt(x) * x);
    EXPECT_FALSE(pow(x, Exact(0.3f)) == pow(x, Exact(0.3)));
  }
}

TEST(ExactOrder, IsAntisymmetricAndTrueForConcreteNumbers) {
  Draws draw(13);
  int negative = 0;
  for (int i = 0; i < 10 * rounds; ++i) {
    Exact x = draw(), y = exp(draw());
    EXPECT_NE(x < y, y < x);
    EXPECT_NE(x < y, x >= y);
    EXPECT_FALSE(x < x);
    EXPECT_TRUE(x < x + Exact(0.1f) && x - Exact(3) < x);
    EXPECT_EQ(fabs(x), fabs(-x));
    negative += x < Exact(0);
  }
  EXPECT_NEAR(negative, 5 * rounds, rounds / 2); // a fair coin
  std::vector<double> numbers = {-1e6, -2, -0.1f, 0, 1e-9f, 0.1f, 0.5, 1, 3e5};
  for (double a : numbers)
    for (double b : numbers) {
      EXPECT_EQ(Exact(a) < Exact(b), a < b);
      EXPECT_EQ(Exact(a) <= Exact(b), a <= b);
    }
}

TEST(ExactOrder, CountsWhatItDecidedByChance) {
  Draws draw(14);
  Exact x = draw();
  ExactEvents::decisions = 0;
  EXPECT_TRUE(x < x + Exact(1) && Exact(2) < Exact(3) && Exact(-inf) < x);
  EXPECT_EQ(ExactEvents::decisions, 0u);
  EXPECT_NE(x < Exact(0), Exact(0) < x);
  EXPECT_EQ(ExactEvents::decisions, 2u);
}

TEST(ExactOrder, SortsNumbersBeforeDrawnOnesAndNansLast) {
  Draws draw(15);
  std::vector<Exact> values = {Exact(NAN), draw(), Exact(3),    Exact(inf),
                               draw(),     draw(), Exact(-0.5), Exact(-inf)};
  std::sort(values.begin(), values.end(),
            [](Exact x, Exact y) { return sortsBefore(x, y); });
  EXPECT_EQ(values[0], Exact(-inf));
  EXPECT_EQ(values[1], Exact(-0.5));
  EXPECT_EQ(values[2], Exact(3));
  EXPECT_TRUE(values[3].modP() < values[4].modP() &&
              values[4].modP() < values[5].modP());
  EXPECT_EQ(values[6], Exact(inf));
  EXPECT_TRUE(values[7].isNaN());
}

/// The fast loop against the plain one, with everything that a matrix can hold.
TEST(ExactOrder, WithPlacesIsOneOfAllNumbers) {
  ExactPlaces::areUsed = true;
  Draws draw(31);
  std::vector<Exact> all = draw.tensor({rounds}).reals;
  for (double number : {-1e9, -20.0, -0.5, 0.0, 0.5, 20.0, 1e9})
    all.emplace_back(number);
  std::vector<Exact> sorted = all;
  std::sort(sorted.begin(), sorted.end(), sortsBefore<LargeField>);
  for (size_t i = 0; i < sorted.size(); ++i)
    for (size_t j = i + 1; j < sorted.size(); ++j) {
      EXPECT_TRUE(sorted[i] < sorted[j]) << i << " " << j;
      EXPECT_TRUE(-sorted[j] < -sorted[i]) << i << " " << j;
      EXPECT_TRUE(floor(sorted[i]) <= floor(sorted[j])) << i << " " << j;
    }
  // Limits have numbers on either side, and some have a fraction.
  for (double limit : {-20.0, -0.5, 0.0, 0.5, 20.0}) {
    auto above = std::count_if(all.begin(), all.end(), [&](const Exact &x) {
      return x > Exact(limit);
    });
    EXPECT_GT(above, rounds / 8) << limit;
    EXPECT_LT(above, rounds - rounds / 8) << limit;
  }
  EXPECT_EQ(nearbyint(Exact(2.5)).concrete(), 2);
  EXPECT_TRUE(nearbyint(all[0]).concrete().has_value());
  ExactPlaces::areUsed = false;
  EXPECT_FALSE(nearbyint(all[0]).concrete().has_value());
}

TEST(ExactProduct, FastAndPlainLoopAgreeInEveryResidue) {
  Draws draw(16);
  constexpr int64_t m = 9, k = 71, n = 6; // k: more than two reductions
  auto compare = [&](const std::vector<Exact> &a, const std::vector<Exact> &b) {
    std::vector<Exact> c(m * n);
    for (Exact &value : c)
      value = draw();
    std::vector<Exact> fast = c, plain = c;
    accumulateProduct(a.data(), b.data(), fast.data(), m, k, n);
    accumulateProduct<Exact>(a.data(), b.data(), plain.data(), m, k, n);
    int known = 0;
    for (int64_t i = 0; i < m * n; ++i) {
      EXPECT_TRUE(identical(fast[i], plain[i])) << i;
      known += fast[i].hasModQ();
    }
    return known;
  };
  std::vector<Exact> a = draw.tensor({m, k}).reals,
                     b = draw.tensor({k, n}).reals;
  EXPECT_EQ(compare(a, b), m * n);
  std::vector<Exact> largest(m * k, Exact(-1)), others(k * n, Exact(-1));
  EXPECT_EQ(compare(largest, others), m * n);
  // Masks: row i of a begins with i zeros, and b has no residue modulo q there.
  for (int64_t i = 0; i < m; ++i)
    std::fill_n(a.begin() + i * k, i, Exact(0));
  for (int64_t l = 0; l < 4; ++l)
    for (int64_t j = 0; j < n; ++j)
      b[l * n + j] = exp(b[l * n + j]);
  b[3 * n] = exp(b[3 * n]) - exp(b[3 * n]); // a zero all the same
  int known = compare(a, b);
  EXPECT_EQ(known, (m - 4) * n + 1);
  a[2 * k + 50] = exp(a[2 * k + 50]);
  a[8 * k + 50] = exp(a[8 * k + 50]);
  EXPECT_EQ(compare(a, b), known - n);
  for (double special : {-inf, inf, double(NAN), -3.4e38}) {
    std::vector<Exact> x = a, y = b;
    x[5 * k + 7] = Exact(special);
    y[9 * n + 2] = Exact(special);
    compare(x, y);
    compare(a, y);
  }
}
