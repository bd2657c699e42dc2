#include "lib/reference/Operators.h"

#include "lib/reference/Exact.h"
#include "lib/reference/operators/Tables.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> const TableOf<Real> &table() {
  static const TableOf<Real> operators = [] {
    TableOf<Real> all;
    addElementwise(all);
    addComparison(all);
    addMovement(all);
    addIndexing(all);
    addReduction(all);
    addContraction(all);
    addConvolution(all);
    addNormalization(all);
    addRotary(all);
    addAttention(all);
    addGroupQueryAttention(all);
    addRecurrence(all);
    addQuantization(all);
    addHybridScan(all);
    addHybridAttention(all);
    addHybridPointwise(all);
    addIndexedMatmul(all);
    return all;
  }();
  return operators;
}
} // namespace

template <class Real>
const OperatorOf<Real> *reference::findOperatorOf(const std::string &name) {
  auto found = table<Real>().find(name);
  return found == table<Real>().end() ? nullptr : &found->second;
}

template const OperatorOf<double> *
reference::findOperatorOf<double>(const std::string &);
template const OperatorOf<Exact> *
reference::findOperatorOf<Exact>(const std::string &);

std::vector<std::string> reference::operatorNames() {
  std::vector<std::string> names;
  for (const auto &[name, unused] : table<double>())
    names.push_back(name);
  return names;
}
