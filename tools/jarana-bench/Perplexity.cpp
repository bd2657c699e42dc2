#include "Measure.h"

#include "lib/tokenizer/Tokenizer.h"
#include "runtime/Sampling.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <unistd.h>

using jarana::runtime::floatAt;

namespace jarana::tools {

constexpr size_t windowLength = 512;

/// The negative log of softmax(row)[target].
static double negativeLogLikelihood(const TensorView &logits, int64_t row,
                                    int64_t vocabulary, int64_t target) {
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t i = 0; i < vocabulary; ++i)
    most = std::max<double>(
        most, floatAt(logits.dtype, logits.data, row * vocabulary + i));
  for (int64_t i = 0; i < vocabulary; ++i)
    sum += std::exp(floatAt(logits.dtype, logits.data, row * vocabulary + i) -
                    most);
  return std::log(sum) + most -
         floatAt(logits.dtype, logits.data, row * vocabulary + target);
}

/// Derived prefills give the last position's logits only: such a model is fed
/// one token at a time.
static bool givesAllPositions(Session &session,
                              const std::vector<int64_t> &ids) {
  session.prefill({ids.data(), 2});
  TensorView logits = session.logits();
  return logits.size() == 2 * logits.shape.back();
}

Perplexity perplexity(const Bundle &bundle, const std::string &textPath,
                      const std::string &tokenizerPath, uint32_t threads) {
  std::ifstream file(textPath, std::ios::binary);
  if (!file)
    throw Error("cannot open '" + textPath + "'");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<int64_t> ids =
      tokenizer::Tokenizer::load(tokenizerPath).encode(text);
  if (ids.size() <= windowLength)
    throw Error("'" + textPath + "' has " + std::to_string(ids.size()) +
                " tokens; a window needs " + std::to_string(windowLength + 1));
  Session session(bundle, {1, threads, 0});
  Perplexity result;
  size_t piece = givesAllPositions(session, ids) ? windowLength : 1;
  bool showProgress = ::isatty(STDERR_FILENO);
  double total = 0;
  for (size_t at = 0; at + windowLength < ids.size(); at += windowLength) {
    session.reset();
    for (size_t from = 0; from < windowLength; from += piece) {
      session.prefill({ids.data() + at + from, piece});
      TensorView logits = session.logits();
      int64_t vocabulary = logits.shape.back();
      if (logits.size() != static_cast<int64_t>(piece) * vocabulary)
        throw Error("the model does not give the logits of all positions, "
                    "which a perplexity needs");
      for (size_t i = 0; i < piece; ++i) {
        int64_t target = ids[at + from + i + 1];
        if (target >= vocabulary)
          throw Error(
              "token " + std::to_string(target) +
              " is outside of the model's vocabulary: not its tokenizer?");
        total += negativeLogLikelihood(logits, static_cast<int64_t>(i),
                                       vocabulary, target);
      }
    }
    result.predictions += windowLength;
    if (showProgress)
      std::fprintf(stderr, "\r%zu of %zu tokens", at + windowLength,
                   ids.size());
  }
  if (showProgress)
    std::fprintf(stderr, "\r\033[K");
  result.nllPerToken = total / static_cast<double>(result.predictions);
  result.perplexity = std::exp(result.nllPerToken);
  return result;
}

} // namespace jarana::tools
