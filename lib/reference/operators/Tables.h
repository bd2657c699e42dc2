// The table that the files of this folder fill: one function per family.
#pragma once

#include "lib/reference/Operators.h"

namespace jarana::reference {

template <class Real> using TableOf = std::map<std::string, OperatorOf<Real>>;

template <class Real> void addElementwise(TableOf<Real> &);
template <class Real> void addComparison(TableOf<Real> &);
template <class Real> void addMovement(TableOf<Real> &);
template <class Real> void addIndexing(TableOf<Real> &);
template <class Real> void addReduction(TableOf<Real> &);
template <class Real> void addContraction(TableOf<Real> &);
template <class Real> void addConvolution(TableOf<Real> &);
template <class Real> void addNormalization(TableOf<Real> &);
template <class Real> void addRotary(TableOf<Real> &);
template <class Real> void addAttention(TableOf<Real> &);
template <class Real> void addGroupQueryAttention(TableOf<Real> &);
template <class Real> void addRecurrence(TableOf<Real> &);
template <class Real> void addQuantization(TableOf<Real> &);
template <class Real> void addHybridScan(TableOf<Real> &);
template <class Real> void addHybridAttention(TableOf<Real> &);
template <class Real> void addHybridPointwise(TableOf<Real> &);
template <class Real> void addIndexedMatmul(TableOf<Real> &);

} // namespace jarana::reference
