// The concrete shapes at which a proposal is checked.
#pragma once

#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// Values of all symbols, and what to call them.
struct Sample {
  std::vector<int64_t> values; ///< by SymbolId
  size_t group = 0;   ///< samples of one group are alternatives: one is enough
  std::string text;   ///< "batch=3 seq=17"
  double seconds = 0; ///< roughly what an evaluation takes, once estimated
};

/// What is needed to choose: the symbols that the shapes of the arguments of
/// both sides are made of.
struct SampleRequest {
  symbolic::Context &context;
  std::vector<symbolic::SymbolId> symbols;
  std::optional<symbolic::Expr> length;
  int64_t chunk = 0, window = 0;
};

/// Samples that satisfy every check of the context and every bound of its
/// symbols, the most telling first: at most some sixty in some fifteen groups.
std::vector<Sample> chooseSamples(const SampleRequest &request);

/// The value of an expression, nothing where it divides by zero.
std::optional<int64_t> evaluate(symbolic::Context &context,
                                const symbolic::Expr &expr,
                                const Sample &sample);

} // namespace jarana::raise::recognise
