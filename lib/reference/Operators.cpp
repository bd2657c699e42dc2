#include "lib/reference/Operators.h"

#include "lib/reference/operators/Tables.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
const TableOf<double> &table() {
  static const TableOf<double> operators = [] {
    TableOf<double> all;
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
    return all;
  }();
  return operators;
}
} // namespace

const Operator *reference::findOperator(const std::string &name) {
  auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

std::vector<std::string> reference::operatorNames() {
  std::vector<std::string> names;
  for (const auto &[name, unused] : table())
    names.push_back(name);
  return names;
}
