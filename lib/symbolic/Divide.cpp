// Products, quotients and parts of polynomials.
#include "jarana/error.h"
#include "lib/symbolic/Node.h"

#include <algorithm>
#include <numeric>

namespace jarana::symbolic {

Term multiply(const Term &a, const Term &b) {
  Term product{checkedMul(a.coefficient, b.coefficient), {}};
  size_t i = 0, j = 0;
  while (i < a.factors.size() || j < b.factors.size()) {
    int order = i == a.factors.size() ? 1
                : j == b.factors.size()
                    ? -1
                    : compare(*a.factors[i].atom, *b.factors[j].atom);
    if (order < 0) {
      product.factors.push_back(a.factors[i++]);
    } else if (order > 0) {
      product.factors.push_back(b.factors[j++]);
    } else {
      Factor factor = a.factors[i++];
      factor.power =
          factor.atom->isBoolean() ? 1 : factor.power + b.factors[j].power;
      ++j;
      product.factors.push_back(std::move(factor));
    }
  }
  return product;
}

std::optional<Term> divide(const Term &a, const Term &b) {
  if (b.coefficient == 0 ||
      (b.coefficient != -1 && a.coefficient % b.coefficient != 0))
    return std::nullopt;
  Term quotient{floorDivide(a.coefficient, b.coefficient), {}};
  size_t j = 0;
  for (const Factor &factor : a.factors) {
    if (j < b.factors.size() &&
        compare(*factor.atom, *b.factors[j].atom) == 0) {
      int power = factor.power - b.factors[j++].power;
      if (power < 0)
        return std::nullopt;
      if (power > 0)
        quotient.factors.push_back({factor.atom, power});
    } else {
      quotient.factors.push_back(factor);
    }
  }
  if (j != b.factors.size())
    return std::nullopt;
  return quotient;
}

int64_t content(const Expr &expr, bool withConstant) {
  uint64_t divisor = 0; // unsigned: the magnitude of INT64_MIN fits
  for (const Term &term : expr.node().terms)
    if (withConstant || !term.factors.empty())
      divisor =
          std::gcd(divisor, term.coefficient < 0
                                ? 0 - static_cast<uint64_t>(term.coefficient)
                                : static_cast<uint64_t>(term.coefficient));
  return divisor > INT64_MAX ? 1 : static_cast<int64_t>(divisor);
}

int64_t constantTerm(const Expr &expr) {
  const auto &terms = expr.node().terms;
  return !terms.empty() && terms.back().factors.empty()
             ? terms.back().coefficient
             : 0;
}

Expr divideCoefficients(const Expr &expr, int64_t divisor) {
  if (divisor == 1)
    return expr;
  std::vector<Term> terms = expr.node().terms;
  for (Term &term : terms)
    term.coefficient /= divisor;
  return makeExpr(std::move(terms));
}

std::optional<Linear> asLinear(const Expr &expr, const Atom &atom) {
  std::vector<Term> with, without;
  for (const Term &term : expr.node().terms) {
    auto found = std::find_if(
        term.factors.begin(), term.factors.end(),
        [&](const Factor &f) { return compare(*f.atom, atom) == 0; });
    if (found == term.factors.end()) {
      without.push_back(term);
      continue;
    }
    if (found->power != 1)
      return std::nullopt;
    Term rest{term.coefficient, {}};
    for (const Factor &factor : term.factors)
      if (&factor != &*found)
        rest.factors.push_back(factor);
    with.push_back(std::move(rest));
  }
  return Linear{makeExpr(std::move(with)), makeExpr(std::move(without))};
}

bool contains(const Expr &expr, const Atom &atom) {
  for (const Term &term : expr.node().terms)
    for (const Factor &factor : term.factors) {
      if (compare(*factor.atom, atom) == 0)
        return true;
      for (const Expr &operand : factor.atom->operands)
        if (contains(operand, atom))
          return true;
    }
  return false;
}

std::vector<AtomRef> topAtoms(const Expr &expr) {
  std::vector<AtomRef> atoms;
  for (const Term &term : expr.node().terms)
    for (const Factor &factor : term.factors)
      if (std::none_of(atoms.begin(), atoms.end(), [&](const AtomRef &known) {
            return compare(*known, *factor.atom) == 0;
          }))
        atoms.push_back(factor.atom);
  return atoms;
}

// Division of polynomials by the leading term: exact where there is an exact
// quotient, as the order of the monomials is compatible with products.
std::optional<Expr> Context::divideExactly(const Expr &a, const Expr &b) {
  if (b.node().terms.empty())
    return std::nullopt;
  if (auto divisor = b.constant()) {
    if (*divisor == -1)
      return neg(a);
    if (content(a) % *divisor != 0)
      return std::nullopt;
    return divideCoefficients(a, *divisor);
  }
  Expr rest = a;
  std::vector<Term> quotient;
  const Term &lead = b.node().terms.front();
  while (!rest.node().terms.empty()) {
    std::optional<Term> term = divide(rest.node().terms.front(), lead);
    if (!term || quotient.size() > 256)
      return std::nullopt;
    Expr next = rest - makeExpr(*term) * b;
    // b * b = b for booleans breaks the order; do not run in circles.
    if (!next.node().terms.empty() &&
        compareMonomials(next.node().terms.front(),
                         rest.node().terms.front()) >= 0)
      return std::nullopt;
    rest = next;
    quotient.push_back(std::move(*term));
  }
  return makeExpr(std::move(quotient));
}

} // namespace jarana::symbolic
