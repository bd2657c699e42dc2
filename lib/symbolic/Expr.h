// Integer expressions over the symbolic dimensions of a model, in a canonical
// form: expressions that are equal for all values of the symbols are usually
// the same expression. No MLIR here, so that it compiles and tests quickly.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jarana::symbolic {

using SymbolId = int;

/// The operations that stay as atoms where they do not fold.
/// Select and Sign are in the constructors of Context only: they become
/// polynomials of Less (select(c, a, b) is b + c * (a - b)).
enum class Function { FloorDiv, Min, Max, Less, Equal };

struct Node; // canonical representation, shared and immutable (Node.h)
struct Atom;
using AtomRef = std::shared_ptr<const Atom>;

/// An immutable integer expression. Booleans are 0 and 1.
class Expr {
public:
  Expr(int64_t constant = 0);
  static Expr symbol(SymbolId id);

  std::optional<int64_t> constant() const;
  bool isConstant(int64_t value) const { return constant() == value; }
  /// The symbol, where the expression is just one.
  std::optional<SymbolId> asSymbol() const;
  /// All symbols in it, each once, ascending.
  std::vector<SymbolId> symbols() const;

  /// Structural equality of the canonical forms: equal means equal for all
  /// values; different means nothing (see Context::proveEqual).
  friend bool operator==(const Expr &, const Expr &);
  friend Expr operator+(const Expr &, const Expr &);
  friend Expr operator-(const Expr &, const Expr &);
  friend Expr operator*(const Expr &, const Expr &);

  const Node &node() const { return *impl; }
  explicit Expr(std::shared_ptr<const Node> node) : impl(std::move(node)) {}

private:
  std::shared_ptr<const Node> impl;
};

using Shape = std::vector<Expr>;

/// What is known about the symbols of one model, and what had to be assumed.
class Context {
public:
  struct Symbol {
    std::string name;   // as the model spells it: for messages
    std::string origin; // "input 'ids' dimension 1", or the node that makes it
    int64_t lowerBound = 0; // every value is at least this
    bool isInput = false;   // known at entry: a dimension of an input
    std::optional<int64_t> upperBound = {}; // follows from a check
  };
  /// What could not be proved: it holds where the graph is valid, and is
  /// checked when the model runs. Beside these, every input symbol must be at
  /// least its lowerBound.
  struct Check {
    enum class Kind { Equal, AtLeast };
    Expr lhs, rhs;
    std::string reason; // "MatMul node 'x': the inner dimensions must be equal"
    Kind kind = Kind::Equal; // lhs == rhs, or lhs >= rhs
  };

  SymbolId addSymbol(Symbol symbol);
  const Symbol &symbolInfo(SymbolId id) const;
  size_t numSymbols() const;
  /// What is assumed of a symbol's value grows; it is checked at run time.
  void raiseLowerBound(SymbolId id, int64_t bound);
  const std::vector<Check> &checks() const { return assumed; }

  // Folding constructors. Division by zero is not an expression: they throw
  // jarana::Error for a constant zero divisor.
  Expr floorDiv(const Expr &, const Expr &); ///< rounds to minus infinity
  Expr truncDiv(const Expr &,
                const Expr &); ///< ONNX integer Div (rounds to zero)
  Expr mod(const Expr &,
           const Expr &); ///< ONNX Mod, fmod=0: the divisor's sign
  Expr min(const Expr &, const Expr &);
  Expr max(const Expr &, const Expr &);
  Expr select(const Expr &condition, const Expr &, const Expr &);
  Expr less(const Expr &, const Expr &);
  Expr equal(const Expr &, const Expr &);
  Expr sign(const Expr &);
  Expr neg(const Expr &);

  /// Applies the substitutions learned so far, and folds again.
  Expr simplify(const Expr &);
  /// The number, where the expression is one by what was learned so far.
  std::optional<int64_t> valueOf(const Expr &);
  /// a = q * b for an expression q that is exact for all values where b is not
  /// zero.
  std::optional<Expr> divideExactly(const Expr &a, const Expr &b);
  bool proveEqual(const Expr &, const Expr &);
  bool proveNonNegative(const Expr &);
  bool provePositive(const Expr &);
  bool proveDifferent(const Expr &, const Expr &);
  /// Proves it, or records a check (and, where one side is a symbol,
  /// substitutes it from now on). False where it is provably wrong.
  bool requireEqual(const Expr &, const Expr &, const std::string &reason);
  /// Proves a >= b, or records a check (and raises the lower bound of a symbol
  /// that decides it). False where it is provably wrong.
  bool requireAtLeast(const Expr &a, const Expr &b, const std::string &reason);

  /// A check in words, with the inputs and dimensions that it is about.
  std::string describe(const Check &) const;
  /// What all checks together ask of the only symbol that this one is about, as
  /// far as values up to some thousands tell: "must be at most 16", "must be a
  /// multiple of 16". Empty where it is about several or they ask for something
  /// else.
  std::string requirement(const Check &) const;
  /// The same for the lower bound of an input symbol.
  std::string describeLowerBound(SymbolId) const;

  /// Text in infix: "past_sequence_len + sequence_len", "floordiv(s + 15, 16)".
  std::string print(const Expr &) const;
  /// The value for given values of the symbols (indexed by SymbolId).
  int64_t evaluate(const Expr &, const std::vector<int64_t> &values) const;

private:
  friend class Prover;
  struct Rule { // an atom, and what it is known to be equal to
    AtomRef atom;
    Expr value;
  };
  void learn(const AtomRef &atom, const Expr &value);
  void learnRange(const Expr &variable, int64_t low, int64_t high);
  void cancelCommonFactors(Expr &lhs, Expr &rhs);
  bool disprovedBySamples(const Expr &, bool equalToZero) const;

  std::vector<Symbol> table;
  std::vector<Rule> rules; // applied by simplify
  std::vector<Expr> zero;  // differences that are assumed to be 0
  std::vector<Check> assumed;
  bool boundsGrew = false; // so that atoms may fold that did not before
};

/// Folds an expression bottom-up into another domain, as code generation does
/// (each callback gets the folded operands; functions have two operands).
/// Zero divisors of FloorDiv can occur where a symbol is 0 at run time.
template <class T> struct Visitor {
  std::function<T(int64_t)> constant;
  std::function<T(SymbolId)> symbol;
  std::function<T(T, T)> add, mul;
  std::function<T(Function, std::vector<T>)> function;
};
template <class T> T fold(const Expr &, const Visitor<T> &);

} // namespace jarana::symbolic

#include "lib/symbolic/Node.h" // the definition of fold
