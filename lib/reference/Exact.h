// The exact scalar domain: residues modulo two primes instead of rounded
// numbers. Two expressions that are equal in exact arithmetic are equal here,
// and others differ at random points but for a probability that docs/exact.md
// states. After Mirage (Wu et al., OSDI 2025, section on verification), which
// rests on Schwartz 1980 and Zippel 1979.
#pragma once

#include "jarana/error.h"
#include "lib/reference/Field.h"
#include "lib/reference/Tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <span>

namespace jarana::reference {

/// A number that is not zero was divided by zero: other inputs must be drawn.
struct ZeroDivisor : Error {
  ZeroDivisor() : Error("a number is divided by zero") {}
};

/// What the exact domain takes for granted; each is noted where it is used.
enum class Assumption : uint32_t {
  FarIsMinusInfinity = 1, ///< a finite constant below -1e30 is minus infinity
  CastsAreIdentity = 2,   ///< floats keep their value in another float type
  LinearIsSoftplus = 4,   ///< softplus(x) is x above a threshold of 20 or more
  Unrounded = 8, ///< a candidate's attribute is taken before it was rounded
};

/// What happened on this thread since the events were last taken. Threads that
/// work for it (inParallel) hand over theirs when they end: evaluations on
/// several threads do not see each other.
struct ExactEvents {
  static inline thread_local uint64_t decisions = 0;
  static inline thread_local uint32_t assumptions = 0;
  static void note(Assumption assumption) {
    assumptions |= static_cast<uint32_t>(assumption);
  }
};

/// Whether numbers have places on the real line, for what sorts, quantises or
/// takes the greatest of many: then the order is one of all numbers, and what
/// rounds to integers rounds the place. On this thread, and those that work for
/// it.
struct ExactPlaces {
  static inline thread_local bool areUsed = false;
};

/// Functions of which nothing is known but that equal arguments give equal
/// values: keyed hashes of residues.
enum class Uninterpreted : uint64_t {
  Exponent = 1, ///< a residue modulo q for a value that has none
  Sign,
  Integer,
  Log,
  Sqrt,
  Erf,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Asinh,
  Acosh,
  Atanh,
  Floor,
  Round,
  Mod,
  Power,
  Place,
};

/// splitmix64's finaliser (Steele, Lea and Flood 2014).
constexpr uint64_t mixed(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}
constexpr uint64_t hashOf(Uninterpreted function, uint64_t a, uint64_t b = 0) {
  return mixed(mixed(a ^ mixed(static_cast<uint64_t>(function))) + b);
}

/// One number: its residues modulo p and, where it has one, modulo q; or minus
/// or plus infinity, or NaN. `Field` fixes the primes (q divides p - 1) and a
/// root of unity of order q modulo p.
/// - Sums, products and quotients are exact in both residues.
/// - exp maps the residue modulo q to root^x modulo p, so that exp(a + b) =
///   exp(a) exp(b); what it gives has no residue modulo q.
/// - An order is chosen at random: the sign of x is a hash of x with sign(-x) =
///   -sign(x), and a < b says that a - b is negative. Maxima, limits and
///   selections follow from it. Numbers of the model (integers and short binary
///   fractions) have their true sign. With ExactPlaces it is that of places.
/// - Other functions are hashes.
template <class Field> class ResidueOf {
  using P = Modulo<Field, true>;
  using Q = Modulo<Field, false>;

public:
  constexpr ResidueOf() = default;
  template <std::integral Integer> explicit ResidueOf(Integer value) {
    if constexpr (std::is_unsigned_v<Integer>)
      *this = finite(P::reduce(value), Q::reduce(value));
    else
      *this = finite(P::ofInteger(value), Q::ofInteger(value));
  }
  explicit ResidueOf(double value) {
    constexpr double far = -1e30;
    if (std::isnan(value)) {
      a = nan;
    } else if (std::isinf(value)) {
      a = value < 0 ? minusInfinite : plusInfinite;
    } else if (value < far) {
      a = farMinus;
    } else if (value != 0) {
      int exponent;
      auto mantissa =
          static_cast<int64_t>(std::ldexp(std::frexp(value, &exponent), 53));
      *this = finite(
          P::multiply(P::ofInteger(mantissa), P::powerOfTwo(exponent - 53)),
          Q::multiply(Q::ofInteger(mantissa), Q::powerOfTwo(exponent - 53)));
    }
  }
  /// The number with these residues; `modQ` may be `unknown`. A zero is known:
  /// a masked or cancelled term takes nothing from what is known of a sum.
  static constexpr ResidueOf finite(uint64_t modP, uint64_t modQ) {
    ResidueOf result;
    result.a = modP;
    result.b = modP == 0 && modQ == unknown ? 0 : modQ;
    return result;
  }
  static constexpr uint64_t unknown = ~uint64_t{0};
  /// A number with uniform residues, the same for the same seed.
  static constexpr ResidueOf drawn(uint64_t seed) {
    uint64_t first = mixed(seed), second = mixed(first);
    return finite(static_cast<uint64_t>(Wide(first) * Field::p >> 64),
                  static_cast<uint64_t>(Wide(second) * Field::q >> 64));
  }

  bool isFinite() const { return a < firstSpecial; }
  bool isNaN() const { return a == nan; }
  bool isMinusInfinite() const { return a == minusInfinite || a == farMinus; }
  bool isPlusInfinite() const { return a == plusInfinite; }
  bool isInfinite() const { return isMinusInfinite() || isPlusInfinite(); }
  /// Of a finite number.
  uint64_t modP() const { return a; }
  uint64_t modQ() const { return b; }
  bool hasModQ() const { return b != unknown; }

  /// The number with a residue modulo q, a hash where it has none: sums of such
  /// numbers are exponents that obey exp's law.
  ResidueOf withModQ() const {
    return isFinite() ? finite(a, exponent()) : *this;
  }

  /// The number itself where it is an integer or a binary fraction of a model
  /// (both residues name the same one, which drawn numbers do with probability
  /// 1/q).
  std::optional<double> concrete() const {
    if (!isFinite())
      return std::nullopt;
    if (a == 0)
      return 0;
    if (!Field::isLarge || !hasModQ())
      return std::nullopt;
    for (int scale : {0, 30, 57, -40, -70}) {
      auto value = nearestZero<P>(P::multiply(a, P::powerOfTwo(scale)));
      if (value == nearestZero<Q>(Q::multiply(b, Q::powerOfTwo(scale))))
        return std::ldexp(static_cast<double>(value), -scale);
    }
    return std::nullopt;
  }

  friend ResidueOf operator+(ResidueOf x, ResidueOf y) {
    if (!x.isFinite() || !y.isFinite()) [[unlikely]]
      return addSpecial(x, y);
    return finite(P::add(x.a, y.a),
                  x.hasModQ() && y.hasModQ() ? Q::add(x.b, y.b) : unknown);
  }
  ResidueOf operator-() const {
    if (!isFinite()) [[unlikely]]
      return negatedSpecial();
    return finite(P::negate(a), hasModQ() ? Q::negate(b) : unknown);
  }
  friend ResidueOf operator-(ResidueOf x, ResidueOf y) { return x + -y; }
  friend ResidueOf operator*(ResidueOf x, ResidueOf y) {
    if (!x.isFinite() || !y.isFinite()) [[unlikely]]
      return multiplySpecial(x, y);
    return finite(P::multiply(x.a, y.a),
                  x.hasModQ() && y.hasModQ() ? Q::multiply(x.b, y.b) : unknown);
  }
  /// x y + z w, reduced once.
  friend ResidueOf sumOfProducts(ResidueOf x, ResidueOf y, ResidueOf z,
                                 ResidueOf w) {
    if (!x.isFinite() || !y.isFinite() || !z.isFinite() || !w.isFinite())
        [[unlikely]]
      return x * y + z * w;
    uint64_t modQ = unknown;
    if (x.hasModQ() && y.hasModQ() && z.hasModQ() && w.hasModQ())
      modQ = Q::sumOfProducts(x.b, y.b, z.b, w.b);
    else if (x.a == 0 || y.a == 0 || z.a == 0 || w.a == 0)
      return x * y + z * w; // a product that is 0 has a residue modulo q
    return finite(P::sumOfProducts(x.a, y.a, z.a, w.a), modQ);
  }
  /// 0/0 is NaN, as where a row of attention is masked as a whole.
  friend ResidueOf operator/(ResidueOf x, ResidueOf y) {
    return x.dividedBy(y, [&] {
      // Often the same as the last: a mean's count, a softmax's sum.
      static thread_local ResidueOf lastDivisor(1), lastInverse(1);
      if (y.a != lastDivisor.a || y.b != lastDivisor.b) {
        bool known = y.hasModQ() && y.b != 0;
        lastInverse =
            finite(P::inverse(y.a), known ? Q::inverse(y.b) : unknown);
        lastDivisor = y;
      }
      return lastInverse;
    });
  }
  /// The inverses of all of `ys` that have one, the others as they are.
  static std::vector<ResidueOf> invertedAll(std::span<const ResidueOf> ys) {
    std::vector<uint64_t> inP, inQ;
    auto isInvertible = [](const ResidueOf &y) {
      return y.isFinite() && y.a != 0;
    };
    auto isKnown = [](const ResidueOf &y) { return y.hasModQ() && y.b != 0; };
    for (const ResidueOf &y : ys)
      if (isInvertible(y)) {
        inP.push_back(y.a);
        if (isKnown(y))
          inQ.push_back(y.b);
      }
    P::invertAll(inP);
    Q::invertAll(inQ);
    std::vector<ResidueOf> results(ys.begin(), ys.end());
    auto nextP = inP.begin(), nextQ = inQ.begin();
    for (ResidueOf &y : results)
      if (isInvertible(y)) {
        uint64_t modQ = isKnown(y) ? *nextQ++ : unknown;
        y = finite(*nextP++, modQ);
      }
    return results;
  }
  /// x / y where inverse() gives 1 / y, of a y that has one.
  template <class Inverse>
  ResidueOf dividedBy(ResidueOf y, Inverse inverse) const {
    if (!y.isFinite()) [[unlikely]] {
      noteFar(y, y);
      return isFinite() && y.isInfinite() ? ResidueOf() : special(nan);
    }
    if (y.a == 0) {
      if (a == 0 || isNaN())
        return special(nan);
      throw ZeroDivisor();
    }
    if (!isFinite()) [[unlikely]]
      return multiplySpecial(*this, y);
    return *this * inverse();
  }
  ResidueOf &operator+=(ResidueOf y) { return *this = *this + y; }
  ResidueOf &operator-=(ResidueOf y) { return *this = *this - y; }
  ResidueOf &operator*=(ResidueOf y) { return *this = *this * y; }
  ResidueOf &operator/=(ResidueOf y) { return *this = *this / y; }

  friend bool operator==(ResidueOf x, ResidueOf y) {
    if (x.isNaN() || y.isNaN())
      return false;
    if (x.isMinusInfinite() && y.isMinusInfinite()) {
      if (x.a != y.a)
        noteFar(x, y);
      return true;
    }
    return x.a == y.a &&
           (!x.isFinite() || !x.hasModQ() || !y.hasModQ() || x.b == y.b);
  }
  friend bool operator<(ResidueOf x, ResidueOf y) {
    if (x.isNaN() || y.isNaN() || x == y)
      return false;
    if (!x.isFinite() || !y.isFinite()) {
      noteFar(x, y);
      return x.isMinusInfinite() || y.isPlusInfinite();
    }
    if (ExactPlaces::areUsed) [[unlikely]]
      return x.place() < y.place();
    ResidueOf difference = x - y;
    if (auto value = difference.concrete())
      return *value < 0;
    // Of 1e-6 and 1e6 the difference is too long.
    if (auto left = x.concrete(), right = y.concrete(); left && right)
      return *left < *right;
    return difference.decidesNegative();
  }
  friend bool operator>(ResidueOf x, ResidueOf y) { return y < x; }
  friend bool operator<=(ResidueOf x, ResidueOf y) { return x < y || x == y; }
  friend bool operator>=(ResidueOf x, ResidueOf y) { return y <= x; }

  /// A finite number's sign, chosen at random for all but concrete ones.
  bool isNegative() const {
    if (auto value = concrete())
      return *value < 0;
    if (ExactPlaces::areUsed) [[unlikely]]
      return place() < 0;
    return decidesNegative();
  }

  /// Of a finite number: the number itself where it is one of the model, else
  /// drawn, of any magnitude that limits are likely to have; odd.
  double place() const {
    if (auto value = concrete())
      return *value;
    ++ExactEvents::decisions;
    uint64_t opposite = P::negate(a),
             hash = hashOf(Uninterpreted::Place, std::min(a, opposite));
    constexpr int lowest = -8, binades = 32;
    double size = std::ldexp(1 + static_cast<double>(hash >> 12) * 0x1p-52,
                             lowest + static_cast<int>(hash % binades));
    return (hash >> 5 & 1) != (a < opposite) ? -size : size;
  }
  /// What stands for the number where it is rounded to an integer, if any does.
  std::optional<double> rounded() const {
    return isFinite() && ExactPlaces::areUsed ? place() : concrete();
  }

  /// An integer: the number's own (truncated) or a hash of it.
  explicit operator int64_t() const {
    auto value = rounded();
    if (value && std::fabs(*value) < 0x1p63)
      return static_cast<int64_t>(*value);
    if (value || !isFinite())
      return std::numeric_limits<int64_t>::min();
    return static_cast<int64_t>(hashOf(Uninterpreted::Integer, a) >> 1);
  }

  friend ResidueOf exp(ResidueOf x) {
    if (x.isMinusInfinite()) {
      noteFar(x, x);
      return {};
    }
    if (!x.isFinite())
      return x;
    if (x.a == 0 && x.b == 0)
      return ResidueOf(1);
    return finite(powerOfRoot<Field>(x.exponent()), unknown);
  }

  /// f(x, y) for a function of which nothing is known; of no finite arguments
  /// it is NaN.
  static ResidueOf apply(Uninterpreted function, ResidueOf x,
                         ResidueOf y = {}) {
    if (!x.isFinite() || !y.isFinite())
      return special(nan);
    uint64_t hash = hashOf(function, x.a, y.a);
    return finite(P::reduce(hash), Q::reduce(mixed(hash)));
  }

private:
  static constexpr uint64_t nan = ~uint64_t{0}, minusInfinite = nan - 1,
                            plusInfinite = nan - 2, farMinus = nan - 3,
                            firstSpecial = nan - 3;

  bool decidesNegative() const {
    ++ExactEvents::decisions;
    uint64_t opposite = P::negate(a);
    return (hashOf(Uninterpreted::Sign, std::min(a, opposite)) & 1) ^
           (a < opposite);
  }
  /// The residue modulo q or a hash for it, odd so that exp(-x) = 1/exp(x).
  uint64_t exponent() const {
    if (hasModQ())
      return b;
    uint64_t opposite = P::negate(a),
             hash = Q::reduce(
                 hashOf(Uninterpreted::Exponent, std::min(a, opposite)));
    return a < opposite ? hash : Q::negate(hash);
  }
  static constexpr ResidueOf special(uint64_t kind) { return finite(kind, 0); }
  static void noteFar(ResidueOf x, ResidueOf y) {
    if (x.a == farMinus || y.a == farMinus)
      ExactEvents::note(Assumption::FarIsMinusInfinity);
  }
  template <class Residues> static int64_t nearestZero(uint64_t residue) {
    return residue > Residues::modulus / 2
               ? -static_cast<int64_t>(Residues::modulus - residue)
               : static_cast<int64_t>(residue);
  }
  static ResidueOf addSpecial(ResidueOf x, ResidueOf y) {
    noteFar(x, y);
    if (x.isNaN() || y.isNaN() ||
        (x.isInfinite() && y.isInfinite() &&
         x.isPlusInfinite() != y.isPlusInfinite()))
      return special(nan);
    if (x.a == farMinus && y.a == farMinus)
      return x;
    return special(x.isPlusInfinite() || y.isPlusInfinite() ? plusInfinite
                                                            : minusInfinite);
  }
  ResidueOf negatedSpecial() const {
    noteFar(*this, *this);
    return isNaN() ? *this
                   : special(isPlusInfinite() ? minusInfinite : plusInfinite);
  }
  /// Also of an infinite x divided by a finite y: only signs matter.
  static ResidueOf multiplySpecial(ResidueOf x, ResidueOf y) {
    if (x.isNaN() || y.isNaN())
      return special(nan);
    // A mask that is multiplied by a far constant: 0 stays 0.
    if ((x.a == farMinus && y.a == 0) || (y.a == farMinus && x.a == 0))
      return {};
    if (x.a == 0 || y.a == 0)
      return special(nan);
    auto negative = [](ResidueOf z) {
      return z.isFinite() ? z.isNegative() : z.isMinusInfinite();
    };
    noteFar(x, y);
    return special(negative(x) == negative(y) ? plusInfinite : minusInfinite);
  }

  uint64_t a = 0, b = 0;
};

using Exact = ResidueOf<LargeField>;
using ExactTensor = TensorOf<Exact>;

/// Equal, or both NaN, as where a row of attention is masked as a whole.
template <class Real> bool isSame(const Real &x, const Real &y) {
  return x == y || (x != x && y != y);
}

// Functions that follow from exp and division.
template <class F> ResidueOf<F> expm1(ResidueOf<F> x) {
  return exp(x) - ResidueOf<F>(1);
}
/// With a residue modulo q: attention subtracts a maximum from capped scores.
template <class F> ResidueOf<F> tanh(ResidueOf<F> x) {
  using R = ResidueOf<F>;
  if (x.isInfinite())
    return R(x.isPlusInfinite() ? 1 : -1);
  R square = exp(x + x);
  return ((square - R(1)) / (square + R(1))).withModQ();
}
template <class F> ResidueOf<F> sinh(ResidueOf<F> x) {
  return (exp(x) - exp(-x)) / ResidueOf<F>(2);
}
template <class F> ResidueOf<F> cosh(ResidueOf<F> x) {
  return (exp(x) + exp(-x)) / ResidueOf<F>(2);
}
/// exp(x / log2 e) with the f32 constant, so that exp2(x log2 e) is exp(x).
template <class F> ResidueOf<F> exp2(ResidueOf<F> x) {
  return exp(x / ResidueOf<F>(double(1.44269504f)));
}

// Functions that the order decides.
template <class F> ResidueOf<F> fabs(ResidueOf<F> x) {
  return x < ResidueOf<F>(0) ? -x : x;
}

// Uninterpreted functions, and the few values of theirs that are numbers.
template <class F> ResidueOf<F> log(ResidueOf<F> x) {
  using R = ResidueOf<F>;
  if (x == R(1))
    return R(0);
  if (x == R(0))
    return R(-std::numeric_limits<double>::infinity());
  return x.isPlusInfinite() ? x : R::apply(Uninterpreted::Log, x);
}
template <class F> ResidueOf<F> log1p(ResidueOf<F> x) {
  return log(ResidueOf<F>(1) + x);
}
template <class F> ResidueOf<F> sqrt(ResidueOf<F> x) {
  using R = ResidueOf<F>;
  if (auto value = x.concrete(); value && *value >= 0) {
    double root = std::sqrt(*value);
    if (R(root) * R(root) == x)
      return R(root);
  }
  return x.isPlusInfinite() ? x : R::apply(Uninterpreted::Sqrt, x);
}
template <class F> ResidueOf<F> erf(ResidueOf<F> x) {
  using R = ResidueOf<F>;
  if (x.isInfinite())
    return R(x.isPlusInfinite() ? 1 : -1);
  return x == R(0) ? x : R::apply(Uninterpreted::Erf, x);
}
#define JARANA_UNINTERPRETED(name, Name, atZero)                               \
  template <class F> ResidueOf<F> name(ResidueOf<F> x) {                       \
    return x == ResidueOf<F>(0) ? ResidueOf<F>(atZero)                         \
                                : ResidueOf<F>::apply(Uninterpreted::Name, x); \
  }
JARANA_UNINTERPRETED(sin, Sin, 0)
JARANA_UNINTERPRETED(cos, Cos, 1)
JARANA_UNINTERPRETED(tan, Tan, 0)
JARANA_UNINTERPRETED(asin, Asin, 0)
JARANA_UNINTERPRETED(atan, Atan, 0)
JARANA_UNINTERPRETED(asinh, Asinh, 0)
JARANA_UNINTERPRETED(atanh, Atanh, 0)
#undef JARANA_UNINTERPRETED
template <class F> ResidueOf<F> acos(ResidueOf<F> x) {
  return ResidueOf<F>::apply(Uninterpreted::Acos, x);
}
template <class F> ResidueOf<F> acosh(ResidueOf<F> x) {
  return ResidueOf<F>::apply(Uninterpreted::Acosh, x);
}

// Rounding to integers: true for concrete numbers.
template <class F> ResidueOf<F> floor(ResidueOf<F> x) {
  if (auto value = x.rounded())
    return ResidueOf<F>(std::floor(*value));
  return x.isInfinite() ? x : ResidueOf<F>::apply(Uninterpreted::Floor, x);
}
template <class F> ResidueOf<F> ceil(ResidueOf<F> x) { return -floor(-x); }
template <class F> ResidueOf<F> trunc(ResidueOf<F> x) {
  return x < ResidueOf<F>(0) ? ceil(x) : floor(x);
}
template <class F> ResidueOf<F> nearbyint(ResidueOf<F> x) {
  if (auto value = x.rounded())
    return ResidueOf<F>(std::nearbyint(*value));
  return x.isInfinite() ? x : ResidueOf<F>::apply(Uninterpreted::Round, x);
}
/// std::round's, halves away from zero.
template <class F> ResidueOf<F> round(ResidueOf<F> x) {
  if (auto value = x.rounded())
    return ResidueOf<F>(std::round(*value));
  return nearbyint(x);
}
template <class F> ResidueOf<F> fmod(ResidueOf<F> x, ResidueOf<F> y) {
  auto left = x.concrete(), right = y.concrete();
  if (left && right)
    return ResidueOf<F>(std::fmod(*left, *right));
  return ResidueOf<F>::apply(Uninterpreted::Mod, x, y);
}

/// x^y: products for small integers y, roots for halves.
template <class F> ResidueOf<F> pow(ResidueOf<F> x, ResidueOf<F> y) {
  using R = ResidueOf<F>;
  constexpr double mostProducts = 64;
  auto exponent = y.concrete();
  if (!exponent || std::fabs(*exponent) > mostProducts ||
      2 * *exponent != std::floor(2 * *exponent))
    return x == R(1) ? x : R::apply(Uninterpreted::Power, x, y);
  R result(1);
  for (double left = std::fabs(*exponent); left > 0; left -= 1)
    result *= left < 1 ? sqrt(x) : x;
  return *exponent < 0 ? R(1) / result : result;
}

template <class F> bool isinf(ResidueOf<F> x) { return x.isInfinite(); }
template <class F> bool isnan(ResidueOf<F> x) { return x.isNaN(); }
template <class F> bool isfinite(ResidueOf<F> x) { return x.isFinite(); }
/// Rounding is not seen: float casts are the identity.
template <class F> ResidueOf<F> roundTo(DType type, ResidueOf<F> x) {
  if (type == DType::f16 || type == DType::bf16)
    ExactEvents::note(Assumption::CastsAreIdentity);
  return x;
}

/// An order for sorting: numbers of the model first, by value, then the others
/// by residue. (The order by signs is no order of more than two numbers.)
template <class F> bool sortsBefore(ResidueOf<F> x, ResidueOf<F> y) {
  if (x.isNaN() || y.isNaN())
    return !x.isNaN() && y.isNaN();
  if (!x.isFinite() || !y.isFinite() || ExactPlaces::areUsed)
    return x < y;
  auto left = x.concrete(), right = y.concrete();
  if (left && right)
    return *left < *right;
  return left || (!right && x.modP() < y.modP());
}
inline bool sortsBefore(double x, double y) { return x < y; }

} // namespace jarana::reference
