#include "lib/symbolic/Node.h"
#include "jarana/error.h"

#include <algorithm>
#include <set>

namespace jarana::symbolic {

// Far above what models need; they keep a hostile graph from making an
// expression that takes seconds to fold, or a recursion that overflows.
static constexpr size_t maxTerms = 512;
static constexpr int maxDepth = 48;
static constexpr int maxDegree = 24;

int64_t checkedAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum))
    throw Error("integer arithmetic on dimensions overflows 64 bits");
  return sum;
}

int64_t checkedMul(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    throw Error("integer arithmetic on dimensions overflows 64 bits");
  return product;
}

int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    throw Error("division of a dimension by zero");
  if (b == -1)
    return checkedMul(a, -1);
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int Term::degree() const {
  int sum = 0;
  for (const Factor &factor : factors)
    sum += factor.power;
  return sum;
}

int compare(const Atom &a, const Atom &b) {
  if (&a == &b)
    return 0;
  if (a.isSymbol != b.isSymbol)
    return a.isSymbol ? -1 : 1;
  if (a.isSymbol)
    return a.symbol < b.symbol ? -1 : a.symbol > b.symbol;
  if (a.function != b.function)
    return a.function < b.function ? -1 : 1;
  if (a.operands.size() != b.operands.size())
    return a.operands.size() < b.operands.size() ? -1 : 1;
  for (size_t i = 0; i < a.operands.size(); ++i)
    if (int order = compare(a.operands[i], b.operands[i]))
      return order;
  return 0;
}

int compareMonomials(const Term &a, const Term &b) {
  if (int difference = a.degree() - b.degree())
    return difference;
  for (size_t i = 0; i < a.factors.size() && i < b.factors.size(); ++i) {
    // The monomial with more of the earliest atom is the larger one.
    if (int order = compare(*a.factors[i].atom, *b.factors[i].atom))
      return -order;
    if (int difference = a.factors[i].power - b.factors[i].power)
      return difference;
  }
  return 0;
}

int compare(const Expr &a, const Expr &b) {
  const Node &x = a.node(), &y = b.node();
  if (&x == &y)
    return 0;
  if (x.terms.size() != y.terms.size())
    return x.terms.size() < y.terms.size() ? -1 : 1;
  for (size_t i = 0; i < x.terms.size(); ++i) {
    if (int order = compareMonomials(x.terms[i], y.terms[i]))
      return order;
    if (x.terms[i].coefficient != y.terms[i].coefficient)
      return x.terms[i].coefficient < y.terms[i].coefficient ? -1 : 1;
  }
  return 0;
}

bool operator==(const Expr &a, const Expr &b) {
  return &a.node() == &b.node() ||
         (a.node().hash == b.node().hash && compare(a, b) == 0);
}

static size_t mix(size_t seed, size_t value) {
  return seed ^ (value + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2));
}

static std::shared_ptr<const Node> finish(std::vector<Term> terms) {
  auto node = std::make_shared<Node>();
  for (const Term &term : terms) {
    node->hash = mix(node->hash, static_cast<size_t>(term.coefficient));
    if (term.degree() > maxDegree)
      throw Error("a dimension's expression is too complex (degree)");
    for (const Factor &factor : term.factors) {
      node->hash = mix(mix(node->hash, factor.atom->hash), factor.power);
      node->depth = std::max(node->depth, factor.atom->depth);
    }
  }
  if (terms.size() > maxTerms || node->depth > maxDepth)
    throw Error("a dimension's expression is too complex");
  node->terms = std::move(terms);
  return node;
}

Expr makeExpr(std::vector<Term> terms) {
  std::sort(terms.begin(), terms.end(), [](const Term &a, const Term &b) {
    return compareMonomials(a, b) > 0;
  });
  std::vector<Term> merged;
  for (Term &term : terms) {
    if (!merged.empty() && compareMonomials(merged.back(), term) == 0)
      merged.back().coefficient =
          checkedAdd(merged.back().coefficient, term.coefficient);
    else
      merged.push_back(std::move(term));
    if (merged.back().coefficient == 0)
      merged.pop_back();
  }
  return Expr(finish(std::move(merged)));
}

Expr makeExpr(Term term) {
  std::vector<Term> terms;
  if (term.coefficient != 0)
    terms.push_back(std::move(term));
  return Expr(finish(std::move(terms)));
}

AtomRef makeAtom(Function function, std::vector<Expr> operands) {
  auto atom = std::make_shared<Atom>();
  atom->isSymbol = false;
  atom->function = function;
  atom->hash = mix(1000003, static_cast<size_t>(function));
  for (const Expr &operand : operands) {
    atom->hash = mix(atom->hash, operand.node().hash);
    atom->depth = std::max(atom->depth, operand.node().depth + 1);
  }
  atom->operands = std::move(operands);
  return atom;
}

AtomRef makeSymbolAtom(SymbolId id) {
  auto atom = std::make_shared<Atom>();
  atom->isSymbol = true;
  atom->symbol = id;
  atom->hash = mix(17, static_cast<size_t>(id));
  return atom;
}

Expr exprOf(const AtomRef &atom) { return makeExpr(Term{1, {{atom, 1}}}); }

Expr::Expr(int64_t constant) {
  // Masks and index lists hold thousands of small numbers: share them.
  static const std::vector<std::shared_ptr<const Node>> small = [] {
    std::vector<std::shared_ptr<const Node>> nodes;
    for (int64_t value = -64; value <= 1024; ++value) {
      std::vector<Term> terms;
      if (value != 0)
        terms.push_back({value, {}});
      nodes.push_back(finish(std::move(terms)));
    }
    return nodes;
  }();
  if (constant >= -64 && constant <= 1024)
    impl = small[static_cast<size_t>(constant + 64)];
  else
    impl = finish({Term{constant, {}}});
}

Expr Expr::symbol(SymbolId id) { return exprOf(makeSymbolAtom(id)); }

std::optional<int64_t> Expr::constant() const {
  if (impl->terms.empty())
    return 0;
  if (impl->terms.size() == 1 && impl->terms[0].factors.empty())
    return impl->terms[0].coefficient;
  return std::nullopt;
}

std::optional<SymbolId> Expr::asSymbol() const {
  if (impl->terms.size() != 1)
    return std::nullopt;
  const Term &term = impl->terms[0];
  if (term.coefficient != 1 || term.factors.size() != 1 ||
      term.factors[0].power != 1 || !term.factors[0].atom->isSymbol)
    return std::nullopt;
  return term.factors[0].atom->symbol;
}

static void collect(const Expr &expr, std::set<SymbolId> &found) {
  for (const Term &term : expr.node().terms)
    for (const Factor &factor : term.factors) {
      if (factor.atom->isSymbol)
        found.insert(factor.atom->symbol);
      for (const Expr &operand : factor.atom->operands)
        collect(operand, found);
    }
}

std::vector<SymbolId> Expr::symbols() const {
  std::set<SymbolId> found;
  collect(*this, found);
  return {found.begin(), found.end()};
}

Expr operator+(const Expr &a, const Expr &b) {
  if (a.node().terms.empty())
    return b;
  if (b.node().terms.empty())
    return a;
  if (auto x = a.constant())
    if (auto y = b.constant())
      return Expr(checkedAdd(*x, *y));
  std::vector<Term> terms = a.node().terms;
  terms.insert(terms.end(), b.node().terms.begin(), b.node().terms.end());
  return makeExpr(std::move(terms));
}

Expr operator-(const Expr &a, const Expr &b) { return a + Expr(-1) * b; }

Expr operator*(const Expr &a, const Expr &b) {
  if (auto x = a.constant()) {
    if (auto y = b.constant())
      return Expr(checkedMul(*x, *y));
    if (*x == 1)
      return b;
  }
  if (a.node().terms.size() * b.node().terms.size() > 4 * maxTerms)
    throw Error("a dimension's expression is too complex");
  std::vector<Term> terms;
  for (const Term &x : a.node().terms)
    for (const Term &y : b.node().terms)
      terms.push_back(multiply(x, y));
  return makeExpr(std::move(terms));
}

} // namespace jarana::symbolic
