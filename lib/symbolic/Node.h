// The representation behind symbolic::Expr: polynomials with integer
// coefficients over atoms. For the library itself and for code that walks
// expressions; users of Expr.h need symbolic::fold only.
#pragma once

#include "lib/symbolic/Expr.h"

namespace jarana::symbolic {

/// A symbol, or a function that does not fold, of canonical operands:
///   FloorDiv(x, d)      d != 0
///   Min, Max(x, y, ...) two or more, sorted, each once
///   Less(0, x)          0 < x, as 0 or 1
///   Equal(x, 0)         as 0 or 1; the first coefficient of x is positive
struct Atom {
  bool isSymbol;
  SymbolId symbol = -1;
  Function function = Function::FloorDiv;
  std::vector<Expr> operands;
  size_t hash = 0;
  int depth = 0; // of nested functions

  bool isBoolean() const {
    return !isSymbol &&
           (function == Function::Less || function == Function::Equal);
  }
};

/// A power of an atom: booleans have power 1 (b * b = b).
struct Factor {
  AtomRef atom;
  int power;
};

/// coefficient * product of factors; factors are sorted and distinct.
struct Term {
  int64_t coefficient;
  std::vector<Factor> factors;

  int degree() const;
};

/// The sum of its terms, largest monomial first (graded lexicographic order);
/// no coefficient is 0, no monomial occurs twice. No terms: zero.
struct Node {
  std::vector<Term> terms;
  size_t hash = 0;
  int depth = 0;
};

/// Total orders: negative, 0 or positive.
int compare(const Expr &, const Expr &);
int compare(const Atom &, const Atom &);
int compareMonomials(const Term &, const Term &);

/// Sorts, merges, and checks the limits on size (throws jarana::Error).
Expr makeExpr(std::vector<Term> terms);
Expr makeExpr(Term term);
AtomRef makeAtom(Function function, std::vector<Expr> operands);
AtomRef makeSymbolAtom(SymbolId id);
Expr exprOf(const AtomRef &atom);

/// 64-bit arithmetic that throws jarana::Error where it would overflow.
int64_t checkedAdd(int64_t, int64_t);
int64_t checkedMul(int64_t, int64_t);
int64_t floorDivide(int64_t, int64_t);

Term multiply(const Term &, const Term &);
/// a / b where b's monomial and coefficient divide a's.
std::optional<Term> divide(const Term &a, const Term &b);
/// The greatest common divisor of the coefficients, of the constant term too
/// where asked for. 0 for zero.
int64_t content(const Expr &, bool withConstant = true);
int64_t constantTerm(const Expr &);
/// Each coefficient divided; they must be divisible.
Expr divideCoefficients(const Expr &, int64_t divisor);
/// e = factor * atom + rest, where no term holds a higher power of the atom.
struct Linear {
  Expr factor, rest;
};
std::optional<Linear> asLinear(const Expr &, const Atom &atom);
/// Whether the symbol or atom occurs, at any depth.
bool contains(const Expr &, const Atom &atom);
/// All atoms of the polynomial itself, each once (not those inside of others).
std::vector<AtomRef> topAtoms(const Expr &);

template <class T> T foldAtom(const Atom &atom, const Visitor<T> &visitor) {
  if (atom.isSymbol)
    return visitor.symbol(atom.symbol);
  T value = fold(atom.operands[0], visitor);
  for (size_t i = 1; i < atom.operands.size(); ++i)
    value = visitor.function(atom.function,
                             {value, fold(atom.operands[i], visitor)});
  return value;
}

template <class T> T fold(const Expr &expr, const Visitor<T> &visitor) {
  const std::vector<Term> &terms = expr.node().terms;
  if (terms.empty())
    return visitor.constant(0);
  std::optional<T> sum;
  for (const Term &term : terms) {
    std::optional<T> product;
    for (const Factor &factor : term.factors) {
      T value = foldAtom(*factor.atom, visitor);
      for (int power = 0; power < factor.power; ++power)
        product = product ? visitor.mul(*product, value) : value;
    }
    if (!product)
      product = visitor.constant(term.coefficient);
    else if (term.coefficient != 1)
      product = visitor.mul(*product, visitor.constant(term.coefficient));
    sum = sum ? visitor.add(*sum, *product) : *product;
  }
  return *sum;
}

} // namespace jarana::symbolic
