// The folding constructors: what keeps expressions canonical.
#include "jarana/error.h"
#include "lib/symbolic/Node.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace jarana::symbolic {

// A graph writes INT64_MAX for "to the end". Dimensions are far below.
static constexpr int64_t endless = int64_t(1) << 62;

Expr Context::neg(const Expr &a) { return Expr(-1) * a; }

namespace {
/// a = quotient * b + rest by polynomial division (any quotient is right).
std::pair<Expr, Expr> pullOut(const Expr &a, const Expr &b) {
  const Term &lead = b.node().terms.front();
  std::vector<Term> quotient;
  Expr rest = a;
  for (int round = 0; round < 64; ++round) {
    auto term = std::find_if(rest.node().terms.begin(), rest.node().terms.end(),
                             [&](const Term &candidate) {
                               return divide(candidate, lead).has_value();
                             });
    if (term == rest.node().terms.end())
      break;
    Term factor = *divide(*term, lead);
    Expr next = rest - makeExpr(factor) * b;
    if (next.node().terms.size() >
        rest.node().terms.size() + b.node().terms.size())
      break;
    quotient.push_back(std::move(factor));
    rest = next;
  }
  return {makeExpr(std::move(quotient)), rest};
}

/// floordiv(a, c) for a constant c > 1: multiples of c come out; of what is
/// left, the coefficients lie in (-c/2, c/2], the first one is positive, and
/// the constant in [0, c).
Expr floorDivByConstant(const Expr &a, int64_t c) {
  std::vector<Term> quotient, rest;
  for (const Term &term : a.node().terms) {
    int64_t q = floorDivide(term.coefficient, c);
    int64_t r = term.coefficient - q * c;
    if (!term.factors.empty() && r > c / 2) {
      r -= c;
      ++q;
    }
    if (q != 0)
      quotient.push_back({q, term.factors});
    if (r != 0)
      rest.push_back({r, term.factors});
  }
  Expr whole = makeExpr(std::move(quotient));
  Expr left = makeExpr(std::move(rest));
  if (left.constant())
    return whole; // in [0, c)
  // Divide out what all coefficients and c share.
  int64_t shared = std::gcd(content(left, /*withConstant=*/false), c);
  if (shared > 1) {
    int64_t constant = constantTerm(left);
    left = divideCoefficients(left - Expr(constant), shared) +
           Expr(floorDivide(constant, shared));
    c /= shared;
    return c == 1 ? whole + left : whole + floorDivByConstant(left, c);
  }
  // floordiv(-x, c) = -floordiv(x + c - 1, c)
  if (left.node().terms.front().coefficient < 0)
    return whole - floorDivByConstant(Expr(c - 1) - left, c);
  // floordiv(floordiv(x, d) + k, c) = floordiv(x + k * d, c * d)
  const Term &first = left.node().terms.front();
  Expr constant(constantTerm(left));
  if (first.coefficient == 1 && first.factors.size() == 1 &&
      first.factors[0].power == 1 &&
      left.node().terms.size() == (constant.isConstant(0) ? 1u : 2u)) {
    const Atom &atom = *first.factors[0].atom;
    if (!atom.isSymbol && atom.function == Function::FloorDiv)
      if (auto d = atom.operands[1].constant(); d && *d > 0)
        return whole +
               floorDivByConstant(atom.operands[0] + constant * Expr(*d),
                                  checkedMul(c, *d));
  }
  return whole + exprOf(makeAtom(Function::FloorDiv, {left, Expr(c)}));
}
} // namespace

Expr Context::floorDiv(const Expr &a, const Expr &b) {
  if (b.isConstant(0))
    throw Error("division of a dimension by zero");
  if (auto y = b.constant()) {
    if (auto x = a.constant())
      return Expr(floorDivide(*x, *y));
    if (*y < 0)
      return floorDiv(neg(a), neg(b));
    if (*y == 1)
      return a;
  }
  if (auto quotient = divideExactly(a, b))
    return *quotient;
  Expr quotient, rest = a;
  if (auto y = b.constant()) {
    Expr folded = floorDivByConstant(a, *y);
    // Where the divided part is proved to be small, it goes: look at the one
    // atom that was made.
    for (const AtomRef &atom : topAtoms(folded)) {
      if (atom->isSymbol || atom->function != Function::FloorDiv ||
          contains(a, *atom))
        continue;
      auto linear = asLinear(folded, *atom);
      const Expr &x = atom->operands[0], &d = atom->operands[1];
      if (linear && proveNonNegative(x) && provePositive(d - x))
        return linear->rest;
    }
    return folded;
  }
  std::tie(quotient, rest) = pullOut(a, b);
  if (proveNonNegative(rest) && provePositive(b - rest))
    return quotient;
  if (proveNonNegative(rest - b) && provePositive(Expr(2) * b - rest))
    return quotient + Expr(1);
  if (proveNonNegative(rest + b) && provePositive(neg(rest)))
    return quotient - Expr(1);
  return quotient + exprOf(makeAtom(Function::FloorDiv, {rest, b}));
}

Expr Context::truncDiv(const Expr &a, const Expr &b) {
  if (auto y = b.constant(); y && *y < 0)
    return truncDiv(neg(a), neg(b));
  if (auto x = a.constant())
    if (auto y = b.constant(); y && *y != 0)
      return Expr(*x / *y);
  if (auto quotient = divideExactly(a, b))
    return *quotient;
  if (provePositive(b)) {
    if (proveNonNegative(a))
      return floorDiv(a, b);
    if (proveNonNegative(neg(a)))
      return neg(floorDiv(neg(a), b));
  }
  Expr absA = max(a, neg(a)), absB = max(b, neg(b));
  return sign(a) * sign(b) * floorDiv(absA, absB);
}

Expr Context::mod(const Expr &a, const Expr &b) {
  return a - b * floorDiv(a, b);
}

static Expr minOrMax(Context &context, Function function, const Expr &a,
                     const Expr &b) {
  bool isMin = function == Function::Min;
  if (a == b)
    return a;
  auto x = a.constant(), y = b.constant();
  if (x && y)
    return Expr(isMin ? std::min(*x, *y) : std::max(*x, *y));
  for (auto [value, self, other] : {std::tuple(x, a, b), std::tuple(y, b, a)}) {
    if (value && *value >= endless)
      return isMin ? other : self;
    if (value && *value <= -endless)
      return isMin ? self : other;
  }
  // The operands of nested ones of the same kind, without those that another
  // one makes superfluous.
  std::vector<Expr> operands;
  auto dominates = [&](const Expr &p, const Expr &q) {
    return context.proveNonNegative(isMin ? q - p : p - q);
  };
  auto add = [&](const Expr &candidate) {
    for (const Expr &known : operands)
      if (dominates(known, candidate))
        return;
    std::erase_if(operands, [&](const Expr &known) {
      return dominates(candidate, known);
    });
    operands.push_back(candidate);
  };
  for (const Expr &operand : {a, b}) {
    std::vector<AtomRef> atoms = topAtoms(operand);
    if (atoms.size() == 1 && !atoms[0]->isSymbol &&
        atoms[0]->function == function && operand == exprOf(atoms[0]))
      for (const Expr &inner : atoms[0]->operands)
        add(inner);
    else
      add(operand);
  }
  if (operands.size() == 1)
    return operands[0];
  std::sort(operands.begin(), operands.end(),
            [](const Expr &p, const Expr &q) { return compare(p, q) < 0; });
  return exprOf(makeAtom(function, std::move(operands)));
}

Expr Context::min(const Expr &a, const Expr &b) {
  return minOrMax(*this, Function::Min, a, b);
}

Expr Context::max(const Expr &a, const Expr &b) {
  return minOrMax(*this, Function::Max, a, b);
}

Expr Context::select(const Expr &condition, const Expr &a, const Expr &b) {
  if (condition.isConstant(1) || a == b)
    return a;
  if (condition.isConstant(0))
    return b;
  return b + condition * (a - b);
}

/// Whether the expression is one boolean atom (+1), its complement (-1), or
/// neither (0).
static int booleanKind(const Expr &expr) {
  std::vector<AtomRef> atoms = topAtoms(expr);
  if (atoms.size() != 1 || !atoms[0]->isBoolean())
    return 0;
  if (expr == exprOf(atoms[0]))
    return 1;
  return expr == Expr(1) - exprOf(atoms[0]) ? -1 : 0;
}

Expr Context::less(const Expr &a, const Expr &b) {
  auto x = a.constant(), y = b.constant();
  if (x && y)
    return Expr(*x < *y);
  if ((x && *x >= endless) || (y && *y <= -endless))
    return Expr(0);
  if ((x && *x <= -endless) || (y && *y >= endless))
    return Expr(1);
  Expr difference = b - a;
  if (booleanKind(difference))
    return difference; // 0 < b is b
  if (provePositive(difference))
    return Expr(1);
  if (proveNonNegative(neg(difference)))
    return Expr(0);
  // g * x + k > 0 where x + (k - 1) div g >= 0, that is x + (k - 1) div g + 1 >
  // 0
  if (int64_t shared = content(difference, /*withConstant=*/false);
      shared > 1) {
    int64_t constant = constantTerm(difference);
    difference = divideCoefficients(difference - Expr(constant), shared) +
                 Expr(floorDivide(checkedAdd(constant, -1), shared) + 1);
  }
  return exprOf(makeAtom(Function::Less, {Expr(0), difference}));
}

Expr Context::equal(const Expr &a, const Expr &b) {
  Expr difference = a - b;
  if (auto value = difference.constant())
    return Expr(*value == 0);
  if (booleanKind(difference) == 1)
    return Expr(1) - difference;
  if (booleanKind(neg(difference)) == 1)
    return Expr(1) + difference;
  if (booleanKind(difference + Expr(1)) == 1)
    return difference + Expr(1); // b == 1
  if (booleanKind(Expr(1) - difference) == 1)
    return Expr(1) - difference;
  if (proveEqual(a, b))
    return Expr(1);
  if (proveDifferent(a, b))
    return Expr(0);
  if (int64_t shared = content(difference); shared > 1)
    difference = divideCoefficients(difference, shared);
  if (difference.node().terms.front().coefficient < 0)
    difference = neg(difference);
  return exprOf(makeAtom(Function::Equal, {difference, Expr(0)}));
}

Expr Context::sign(const Expr &a) {
  return less(Expr(0), a) - less(a, Expr(0));
}

} // namespace jarana::symbolic
