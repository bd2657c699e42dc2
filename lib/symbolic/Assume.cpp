// What a context learns: symbols, substitutions, and checks for run time.
#include "jarana/error.h"
#include "lib/symbolic/Node.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace jarana::symbolic {

SymbolId Context::addSymbol(Symbol symbol) {
  table.push_back(std::move(symbol));
  return static_cast<SymbolId>(table.size() - 1);
}

const Context::Symbol &Context::symbolInfo(SymbolId id) const {
  return table.at(static_cast<size_t>(id));
}

size_t Context::numSymbols() const { return table.size(); }

void Context::raiseLowerBound(SymbolId id, int64_t bound) {
  int64_t &known = table.at(static_cast<size_t>(id)).lowerBound;
  known = std::max(known, bound);
  boundsGrew = true;
}

/// Whether any of the rules applies somewhere in the expression, or a function
/// that should be looked at again.
template <class Rules>
static bool applies(const Expr &expr, const Rules &rules, bool anyFunction) {
  for (const Term &term : expr.node().terms)
    for (const Factor &factor : term.factors) {
      if (anyFunction && !factor.atom->isSymbol)
        return true;
      for (const auto &rule : rules)
        if (compare(*factor.atom, *rule.atom) == 0)
          return true;
      for (const Expr &operand : factor.atom->operands)
        if (applies(operand, rules, anyFunction))
          return true;
    }
  return false;
}

Expr Context::simplify(const Expr &expr) {
  if (expr.constant() || !applies(expr, rules, boundsGrew))
    return expr;
  Expr sum;
  for (const Term &term : expr.node().terms) {
    Expr product(term.coefficient);
    for (const Factor &factor : term.factors) {
      Expr value = exprOf(factor.atom);
      auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule &r) {
        return compare(*r.atom, *factor.atom) == 0;
      });
      if (rule != rules.end()) {
        value = simplify(Expr(rule->value));
      } else if (!factor.atom->isSymbol) {
        std::vector<Expr> operands;
        for (const Expr &operand : factor.atom->operands)
          operands.push_back(simplify(operand));
        value = operands[0];
        for (size_t i = 1; i < operands.size(); ++i)
          switch (factor.atom->function) {
          case Function::FloorDiv:
            value = floorDiv(value, operands[i]);
            break;
          case Function::Min:
            value = min(value, operands[i]);
            break;
          case Function::Max:
            value = max(value, operands[i]);
            break;
          case Function::Less:
            value = less(value, operands[i]);
            break;
          case Function::Equal:
            value = equal(value, operands[i]);
            break;
          }
        // Its new form may be the subject of another rule.
        if (!(value == exprOf(factor.atom)))
          value = simplify(value);
      }
      for (int power = 0; power < factor.power; ++power)
        product = product * value;
    }
    sum = sum + product;
  }
  return sum;
}

void Context::learn(const AtomRef &atom, const Expr &value) {
  // The symbol that stays takes over what was known of the one that goes.
  if (atom->isSymbol)
    if (auto kept = value.asSymbol()) {
      Symbol &info = table[static_cast<size_t>(*kept)];
      info.lowerBound = std::max(
          info.lowerBound, table[static_cast<size_t>(atom->symbol)].lowerBound);
    }
  rules.push_back({atom, value});
  // floordiv(x, d) = q: x is in [q * d, q * d + d - 1]
  if (!atom->isSymbol && atom->function == Function::FloorDiv)
    if (auto quotient = value.constant())
      if (auto divisor = atom->operands[1].constant();
          divisor && *divisor > 0) {
        int64_t low = checkedMul(*quotient, *divisor);
        learnRange(atom->operands[0], low, checkedAdd(low, *divisor - 1));
      }
}

/// m * s + k is in [low, high]: that bounds the symbol s.
void Context::learnRange(const Expr &variable, int64_t low, int64_t high) {
  int64_t constant = constantTerm(variable);
  Expr multiple = variable - Expr(constant);
  int64_t factor = content(multiple);
  if (factor <= 0)
    return;
  auto id = divideCoefficients(multiple, factor).asSymbol();
  if (!id)
    return;
  Symbol &info = table[static_cast<size_t>(*id)];
  int64_t least = -floorDivide(checkedAdd(constant, -low), factor);
  int64_t most = floorDivide(checkedAdd(high, -constant), factor);
  // Only what the check of this equality itself ensures at run time.
  info.lowerBound = std::max(info.lowerBound, least);
  info.upperBound = std::min(info.upperBound.value_or(most), most);
  boundsGrew = true;
}

/// Divides both sides by what all terms share and what cannot be 0: a check
/// that is easier to read, and maybe one side that is a symbol.
void Context::cancelCommonFactors(Expr &lhs, Expr &rhs) {
  auto divideBoth = [&](const Expr &divisor) {
    auto a = divideExactly(lhs, divisor), b = divideExactly(rhs, divisor);
    if (a && b)
      std::tie(lhs, rhs) = std::pair(*a, *b);
    return a && b;
  };
  divideBoth(Expr(std::max<int64_t>(1, std::gcd(content(lhs), content(rhs)))));
  for (const AtomRef &atom : topAtoms(lhs))
    while (provePositive(exprOf(atom)) && !lhs.constant() &&
           divideBoth(exprOf(atom)))
      ;
}

bool Context::requireEqual(const Expr &a, const Expr &b,
                           const std::string &reason) {
  Expr lhs = simplify(a), rhs = simplify(b);
  if (proveEqual(lhs, rhs))
    return true;
  if (proveDifferent(lhs, rhs))
    return false;
  cancelCommonFactors(lhs, rhs);
  assumed.push_back({lhs, rhs, reason, Check::Kind::Equal});
  Expr difference = lhs - rhs;
  zero.push_back(difference);

  // Which atom to replace: one that stands alone on a side rather than one
  // to be solved for; known later rather than earlier: values of running ops
  // before inputs, later inputs before earlier ones.
  struct Candidate {
    AtomRef atom;
    Expr value;
    int score;
  };
  std::optional<Candidate> best;
  for (const AtomRef &atom : topAtoms(difference)) {
    std::optional<Linear> linear = asLinear(difference, *atom);
    if (!linear ||
        (!linear->factor.isConstant(1) && !linear->factor.isConstant(-1)))
      continue;
    Expr value =
        linear->factor.isConstant(1) ? neg(linear->rest) : linear->rest;
    if (contains(value, *atom))
      continue;
    Expr self = exprOf(atom);
    bool alone = lhs == self || rhs == self;
    int score = alone ? 4 : 0;
    if (atom->isSymbol) {
      const Symbol &info = symbolInfo(atom->symbol);
      score += info.isInput ? 2 : 8;
    } else if (!value.constant()) {
      continue; // floordiv(s, 16) is only worth replacing by a number
    }
    if (!best || score > best->score ||
        (score == best->score && compare(*best->atom, *atom) < 0))
      best = Candidate{atom, value, score};
  }
  // An input dimension would stop being known where values of running ops
  // define it; it then stays a check.
  if (best && best->atom->isSymbol && symbolInfo(best->atom->symbol).isInput)
    for (SymbolId id : best->value.symbols())
      if (!symbolInfo(id).isInput)
        return true;
  if (best)
    learn(best->atom, best->value);
  return true;
}

bool Context::requireAtLeast(const Expr &a, const Expr &b,
                             const std::string &reason) {
  Expr difference = simplify(a - b);
  if (proveNonNegative(difference))
    return true;
  if (provePositive(neg(difference)))
    return false;
  assumed.push_back({simplify(a), simplify(b), reason, Check::Kind::AtLeast});
  // s + k >= 0: the symbol's bound says it all from now on.
  Expr variable = difference - Expr(constantTerm(difference));
  if (auto id = variable.asSymbol()) {
    int64_t &bound = table[static_cast<size_t>(*id)].lowerBound;
    bound = std::max(bound, -constantTerm(difference));
    boundsGrew = true;
  }
  return true;
}

std::optional<int64_t> Context::valueOf(const Expr &expr) {
  return simplify(expr).constant();
}

} // namespace jarana::symbolic
