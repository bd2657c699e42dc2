// Proofs that an expression is never negative: bounds of the atoms, then
// elimination of one atom after the other by its worst case. They are sound,
// and find what shapes need; they do not find everything.
#include "jarana/error.h"
#include "lib/symbolic/Node.h"

#include <algorithm>

namespace jarana::symbolic {

/// A range of integers; nothing: not bounded on that side.
struct Interval {
  std::optional<int64_t> low, high;
};

class Prover {
public:
  explicit Prover(const Context &context) : context(context) {}

  bool nonNegative(const Expr &expr, int depth);
  Interval range(const Expr &expr, int depth = 12) const;

private:
  Interval range(const Atom &atom, int depth) const;
  bool byBounds(const Expr &expr) const;
  bool eliminate(const Expr &expr, const Atom &atom, int depth);

  const Context &context;
  int budget = 300; // steps in all: keeps hopeless proofs short
};

/// Bounds beyond this are taken as none, so that sums cannot overflow.
static constexpr int64_t farAway = int64_t(1) << 56;

static std::optional<int64_t> bounded(__int128 value) {
  if (value > farAway || value < -farAway)
    return std::nullopt;
  return static_cast<int64_t>(value);
}

static Interval product(const Interval &a, const Interval &b) {
  auto isZero = [](const Interval &x) {
    return x.low && x.high && *x.low == 0 && *x.high == 0;
  };
  if (isZero(a) || isZero(b))
    return {0, 0};
  if (a.low && a.high && b.low && b.high) {
    __int128 p[] = {__int128(*a.low) * *b.low, __int128(*a.low) * *b.high,
                    __int128(*a.high) * *b.low, __int128(*a.high) * *b.high};
    return {bounded(*std::min_element(p, p + 4)),
            bounded(*std::max_element(p, p + 4))};
  }
  Interval result;
  if (a.low && b.low && *a.low >= 0 && *b.low >= 0) {
    result.low = bounded(__int128(*a.low) * *b.low);
    if (a.high && b.high)
      result.high = bounded(__int128(*a.high) * *b.high);
  } else if (a.low && a.high && *a.low == *a.high && *a.low < 0 && b.low) {
    result.high = bounded(__int128(*a.low) * *b.low);
  } else if (a.low && *a.low >= 0 && b.high && *b.high <= 0) {
    result.high = 0;
  } else if (b.low && *b.low >= 0 && a.high && *a.high <= 0) {
    result.high = 0;
  }
  return result;
}

Interval Prover::range(const Atom &atom, int depth) const {
  if (atom.isSymbol) {
    const Context::Symbol &info = context.symbolInfo(atom.symbol);
    return {info.lowerBound, info.upperBound};
  }
  if (atom.isBoolean())
    return {0, 1};
  if (depth == 0)
    return {};
  Interval a = range(atom.operands[0], depth - 1);
  if (atom.function == Function::FloorDiv) {
    Interval d = range(atom.operands[1], depth - 1);
    if (!d.low || *d.low <= 0)
      return {};
    Interval result;
    // A larger divisor brings the quotient nearer to 0, or to -1.
    if (a.low)
      result.low = *a.low >= 0 ? (d.high ? floorDivide(*a.low, *d.high) : 0)
                               : floorDivide(*a.low, *d.low);
    if (a.high)
      result.high = *a.high >= 0
                        ? floorDivide(*a.high, *d.low)
                        : (d.high ? floorDivide(*a.high, *d.high) : -1);
    return result;
  }
  bool isMin = atom.function == Function::Min;
  for (size_t i = 1; i < atom.operands.size(); ++i) {
    Interval b = range(atom.operands[i], depth - 1);
    // Of a minimum, one upper bound suffices, and all lower ones are needed.
    auto any = [&](auto &x, auto &y) {
      return !x   ? y
             : !y ? x
                  : std::optional(isMin ? std::min(*x, *y) : std::max(*x, *y));
    };
    auto all = [&](auto &x, auto &y) {
      return !x || !y
                 ? std::optional<int64_t>()
                 : std::optional(isMin ? std::min(*x, *y) : std::max(*x, *y));
    };
    a = isMin ? Interval{all(a.low, b.low), any(a.high, b.high)}
              : Interval{any(a.low, b.low), all(a.high, b.high)};
  }
  return a;
}

Interval Prover::range(const Expr &expr, int depth) const {
  __int128 low = 0, high = 0;
  bool hasLow = true, hasHigh = true;
  for (const Term &term : expr.node().terms) {
    Interval value{term.coefficient, term.coefficient};
    if (!bounded(term.coefficient))
      return {};
    for (const Factor &factor : term.factors) {
      Interval atom = range(*factor.atom, depth);
      for (int power = 0; power < factor.power; ++power)
        value = product(value, atom);
    }
    hasLow &= value.low.has_value();
    hasHigh &= value.high.has_value();
    low += value.low.value_or(0);
    high += value.high.value_or(0);
  }
  return {hasLow ? bounded(low) : std::nullopt,
          hasHigh ? bounded(high) : std::nullopt};
}

/// Writes every atom as its lower bound plus something that is not negative:
/// then no coefficient may be negative, save that of bounded products.
bool Prover::byBounds(const Expr &expr) const {
  if (auto low = range(expr).low; low && *low >= 0)
    return true;
  Expr sum;
  for (const Term &term : expr.node().terms) {
    Expr value(term.coefficient);
    for (const Factor &factor : term.factors) {
      Interval bounds = range(*factor.atom, 12);
      if (!bounds.low)
        return false;
      Expr shifted = exprOf(factor.atom) + Expr(*bounds.low);
      for (int power = 0; power < factor.power; ++power)
        value = value * shifted;
    }
    sum = sum + value;
  }
  for (const Term &term : sum.node().terms)
    if (term.coefficient < 0)
      return false;
  return true;
}

bool Prover::eliminate(const Expr &expr, const Atom &atom, int depth) {
  std::optional<Linear> linear = asLinear(expr, atom);
  if (!linear)
    return false;
  const Expr &factor = linear->factor, &rest = linear->rest;
  auto holdsWith = [&](const Expr &value) {
    return nonNegative(factor * value + rest, depth - 1);
  };
  if (atom.isBoolean())
    return holdsWith(Expr(0)) && holdsWith(Expr(1));
  Interval sign = range(factor);
  bool up = sign.low && *sign.low >= 0, down = sign.high && *sign.high <= 0;
  if (atom.function == Function::FloorDiv) {
    // d * floordiv(x, d) lies in [x - d + 1, x]; and as the whole is an
    // integer, it may be short of 0 by less than 1, that is d - 1 after the
    // multiplication by d.
    const Expr &x = atom.operands[0];
    std::optional<int64_t> d = atom.operands[1].constant();
    if (!d || *d <= 0 || (!up && !down))
      return false;
    Expr slack(*d - 1);
    Expr worst = up ? x - slack : x;
    return nonNegative(factor * worst + rest * Expr(*d) + slack, depth - 1);
  }
  // A minimum that counts for the worse: any of its operands bounds it.
  bool isMin = atom.function == Function::Min;
  auto check = [&](const Expr &operand) { return holdsWith(operand); };
  if (isMin ? down : up)
    return std::any_of(atom.operands.begin(), atom.operands.end(), check);
  return std::all_of(atom.operands.begin(), atom.operands.end(), check);
}

bool Prover::nonNegative(const Expr &given, int depth) {
  if (auto value = given.constant())
    return *value >= 0;
  if (depth <= 0 || --budget <= 0)
    return false;
  Expr expr = given;
  if (int64_t shared = content(expr, /*withConstant=*/false); shared > 1) {
    int64_t constant = constantTerm(expr);
    expr = divideCoefficients(expr - Expr(constant), shared) +
           Expr(floorDivide(constant, shared));
  }
  if (byBounds(expr))
    return true;
  for (const AtomRef &atom : topAtoms(expr))
    if (!atom->isSymbol && eliminate(expr, *atom, depth))
      return true;
  return false;
}

/// Values at a few points often show at once that there is nothing to prove.
bool Context::disprovedBySamples(const Expr &expr, bool equalToZero) const {
  static const int64_t offsets[][4] = {{0, 0, 0, 0},
                                       {1, 1, 1, 1},
                                       {20, 3, 7, 35},
                                       {0, 31, 1, 16},
                                       {47, 0, 2, 90}};
  std::vector<int64_t> values(table.size());
  for (const auto &row : offsets) {
    for (size_t i = 0; i < table.size(); ++i)
      values[i] = std::min(table[i].lowerBound + row[i % 4],
                           table[i].upperBound.value_or(INT64_MAX));
    try {
      int64_t value = evaluate(expr, values);
      if (equalToZero ? value != 0 : value < 0)
        return true;
    } catch (const Error &) {
      // A zero divisor or an overflow there: says nothing.
    }
  }
  return false;
}

bool Context::proveNonNegative(const Expr &given) {
  if (auto value = given.constant())
    return *value >= 0;
  try {
    Expr expr = simplify(given);
    if (auto value = expr.constant())
      return *value >= 0;
    if (disprovedBySamples(expr, /*equalToZero=*/false))
      return false;
    return Prover(*this).nonNegative(expr, 7);
  } catch (const Error &) {
    return false; // the proof's own numbers grew too large
  }
}

bool Context::provePositive(const Expr &expr) {
  return proveNonNegative(expr - Expr(1));
}

bool Context::proveEqual(const Expr &a, const Expr &b) {
  Expr difference = simplify(a - b);
  if (auto value = difference.constant())
    return *value == 0;
  for (const Expr &known : zero)
    if (divideExactly(difference, known))
      return true;
  if (disprovedBySamples(difference, /*equalToZero=*/true))
    return false;
  return proveNonNegative(difference) && proveNonNegative(neg(difference));
}

bool Context::proveDifferent(const Expr &a, const Expr &b) {
  Expr difference = simplify(a - b);
  if (auto value = difference.constant())
    return *value != 0;
  int64_t shared = content(difference, /*withConstant=*/false);
  if (shared > 1 && constantTerm(difference) % shared != 0)
    return true;
  return provePositive(difference) || provePositive(neg(difference));
}

} // namespace jarana::symbolic
