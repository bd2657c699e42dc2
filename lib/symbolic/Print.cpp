#include "jarana/error.h"
#include "lib/symbolic/Node.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace jarana::symbolic {

namespace {
std::string printAtom(const Context &context, const Atom &atom) {
  if (atom.isSymbol) {
    // A model may call a dimension "past + seq": quotes tell name from sum.
    const std::string &name = context.symbolInfo(atom.symbol).name;
    bool isPlain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '.' || c == '[' || c == ']';
    });
    return isPlain ? name : "'" + name + "'";
  }
  static const char *const names[] = {"floordiv", "min", "max", "less",
                                      "equal"};
  std::string text = names[static_cast<int>(atom.function)];
  text += '(';
  for (size_t i = 0; i < atom.operands.size(); ++i)
    text += (i ? ", " : "") + context.print(atom.operands[i]);
  return text + ')';
}

std::string printTerm(const Context &context, const Term &term, bool negate) {
  std::string text;
  __int128 coefficient = term.coefficient;
  if (negate)
    coefficient = -coefficient;
  if (coefficient != 1 || term.factors.empty())
    text = std::to_string(static_cast<int64_t>(coefficient));
  for (const Factor &factor : term.factors)
    for (int power = 0; power < factor.power; ++power)
      text += (text.empty() ? "" : "*") + printAtom(context, *factor.atom);
  return text;
}
} // namespace

std::string Context::print(const Expr &expr) const {
  const std::vector<Term> &terms = expr.node().terms;
  if (terms.empty())
    return "0";
  if (auto id = expr.asSymbol())
    return symbolInfo(*id).name;
  // A positive term first: "16*c - s", not "-s + 16*c".
  std::vector<const Term *> order;
  for (const Term &term : terms)
    order.push_back(&term);
  auto positive = std::find_if(order.begin(), order.end(), [](const Term *t) {
    return t->coefficient > 0;
  });
  if (positive != order.end())
    std::rotate(order.begin(), positive, positive + 1);
  std::string text;
  for (const Term *term : order) {
    if (text.empty())
      text = printTerm(*this, *term, false);
    else if (term->coefficient < 0)
      text += " - " + printTerm(*this, *term, true);
    else
      text += " + " + printTerm(*this, *term, false);
  }
  return text;
}

std::string Context::describe(const Check &check) const {
  auto side = [&](const Expr &expr) {
    auto id = expr.asSymbol();
    return id && symbolInfo(*id).isInput ? symbolInfo(*id).origin : print(expr);
  };
  std::string text = side(check.lhs);
  text += check.kind == Check::Kind::Equal ? " must be equal to "
                                           : " must be at least ";
  text += side(check.rhs);
  std::string origins;
  std::set<SymbolId> ids;
  for (const Expr *expr : {&check.lhs, &check.rhs})
    for (SymbolId id : expr->symbols())
      ids.insert(id);
  for (SymbolId id : ids)
    if (!(check.lhs == Expr::symbol(id)) && !(check.rhs == Expr::symbol(id)))
      origins += (origins.empty() ? ", where " : ", ") + symbolInfo(id).name +
                 " is " + symbolInfo(id).origin;
  return text + origins + " (" + check.reason + ")";
}

std::string Context::requirement(const Check &check) const {
  constexpr int64_t mostTried = 4096;
  auto symbolsOf = [](const Check &check) {
    std::set<SymbolId> ids;
    for (const Expr *expr : {&check.lhs, &check.rhs})
      for (SymbolId id : expr->symbols())
        ids.insert(id);
    return ids;
  };
  std::set<SymbolId> only = symbolsOf(check);
  if (only.size() != 1)
    return "";
  std::vector<const Check *> alike;
  for (const Check &other : assumed)
    if (symbolsOf(other) == only)
      alike.push_back(&other);
  std::vector<int64_t> values(numSymbols(), 1), good;
  int64_t &value = values[static_cast<size_t>(*only.begin())];
  for (value = 1; value <= mostTried; ++value) {
    auto holds = [&](const Check *asked) {
      try {
        int64_t lhs = evaluate(asked->lhs, values),
                rhs = evaluate(asked->rhs, values);
        return asked->kind == Check::Kind::Equal ? lhs == rhs : lhs >= rhs;
      } catch (const Error &) { // such a value divides by zero
        return false;
      }
    };
    if (std::all_of(alike.begin(), alike.end(), holds))
      good.push_back(value);
  }
  if (good.empty())
    return "";
  auto count = static_cast<int64_t>(good.size());
  int64_t first = good.front(), last = good.back();
  auto number = [](int64_t value) { return std::to_string(value); };
  if (count == 1)
    return "must be " + number(first);
  bool isRange = last - first + 1 == count;
  if (isRange && last == mostTried)
    return "must be at least " + number(first);
  if (isRange)
    return first == 1 ? "must be at most " + number(last)
                      : "must be from " + number(first) + " to " + number(last);
  if (count == mostTried / first && good[1] - first == first &&
      last == count * first)
    return "must be a multiple of " + number(first);
  return "";
}

std::string Context::describeLowerBound(SymbolId id) const {
  const Symbol &info = symbolInfo(id);
  return info.origin + " must be at least " + std::to_string(info.lowerBound);
}

int64_t Context::evaluate(const Expr &expr,
                          const std::vector<int64_t> &values) const {
  int64_t sum = 0;
  for (const Term &term : expr.node().terms) {
    int64_t product = term.coefficient;
    for (const Factor &factor : term.factors) {
      const Atom &atom = *factor.atom;
      int64_t value;
      if (atom.isSymbol) {
        value = values.at(static_cast<size_t>(atom.symbol));
      } else {
        value = evaluate(atom.operands[0], values);
        for (size_t i = 1; i < atom.operands.size(); ++i) {
          int64_t next = evaluate(atom.operands[i], values);
          switch (atom.function) {
          case Function::FloorDiv:
            value = floorDivide(value, next);
            break;
          case Function::Min:
            value = std::min(value, next);
            break;
          case Function::Max:
            value = std::max(value, next);
            break;
          case Function::Less:
            value = value < next;
            break;
          case Function::Equal:
            value = value == next;
            break;
          }
        }
      }
      for (int power = 0; power < factor.power; ++power)
        product = checkedMul(product, value);
    }
    sum = checkedAdd(sum, product);
  }
  return sum;
}

} // namespace jarana::symbolic
