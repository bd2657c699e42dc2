#include "passes/raise/recognise/Samples.h"

#include "jarana/error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using jarana::symbolic::Context;
using jarana::symbolic::Expr;
using jarana::symbolic::SymbolId;

namespace jarana::raise::recognise {

std::optional<int64_t> evaluate(Context &context, const Expr &expr,
                                const Sample &sample) {
  try {
    return context.evaluate(context.simplify(expr), sample.values);
  } catch (const Error &) {
    return std::nullopt;
  }
}

namespace {

class Chooser {
public:
  explicit Chooser(const SampleRequest &request)
      : request(request), context(request.context) {
    if (request.length)
      for (SymbolId id : context.simplify(*request.length).symbols())
        if (llvm::is_contained(request.symbols, id))
          main = id; // the youngest: a new length rather than a past one
    for (SymbolId id : request.symbols)
      if (id != main)
        others.push_back(id);
  }

  std::vector<Sample> run() {
    if (!main) {
      tryOthers({}, 1);
      tryOthers({}, 3);
      if (request.length)
        return std::move(samples);
      for (int64_t size : {2, 5})
        tryOthers({}, size);
      for (int64_t size = 4; samples.size() < 2 && size <= 512; ++size)
        tryOthers({}, size);
      return std::move(samples);
    }
    for (int64_t length : lengths())
      if (auto value = solve(length))
        tryOthers(value, 1);
    for (int64_t length : batchedLengths())
      if (length > 0)
        if (auto value = solve(length))
          tryOthers(value, 3);
    // Without a past, and with a short one.
    for (int64_t past : {0, 1})
      if (others.size() > 1)
        if (auto value = solve(5))
          tryOthers(value, 1, past);
    // Some graphs are valid at multiples of a number only.
    int lengthsFound = samples.empty() ? 0 : 2;
    for (int64_t length = 3; lengthsFound < 2 && length <= 512; ++length)
      if (auto value = solve(length)) {
        size_t before = samples.size();
        tryOthers(value, 1);
        tryOthers(value, 3);
        lengthsFound += samples.size() > before;
      }
    return std::move(samples);
  }

private:
  /// Those that tell most first: one position, the second and third chunk
  /// (three have every relation of chunks: next to each other, further apart).
  /// One more than a chunk is in `batchedLengths`.
  std::vector<int64_t> lengths() const {
    int64_t q = request.chunk, w = request.window;
    std::vector<int64_t> wanted = {1};
    if (q > 0)
      wanted.insert(wanted.end(), {2 * q + 3, q, q - 1});
    if (w > 0)
      wanted.insert(wanted.end(), {w - 1, w, w + 3});
    if (q == 0)
      wanted.insert(wanted.end(), {2, 5});
    if (q == 0 && w == 0)
      wanted.insert(wanted.end(), {12, 19});
    std::vector<int64_t> unique;
    for (int64_t length : wanted)
      if (length > 0 && !llvm::is_contained(unique, length))
        unique.push_back(length);
    return unique;
  }

  /// Lengths of a batch of 3.
  std::vector<int64_t> batchedLengths() const {
    if (request.chunk > 0)
      return {request.chunk + 1};
    return {2, request.window, 1};
  }

  /// The value of the main symbol that makes the length `length`, where the
  /// other symbols are small.
  std::optional<int64_t> solve(int64_t length) {
    Expr expr = context.simplify(*request.length);
    if (expr.asSymbol())
      return length;
    Sample sample;
    sample.values.assign(context.numSymbols(), 1);
    for (int64_t value = 0; value <= 2 * length; ++value) {
      sample.values[*main] = value;
      if (evaluate(context, expr, sample) == length)
        return value;
    }
    return std::nullopt;
  }

  /// Samples with the main symbol at `value`: the others are a batch of `size`
  /// and small numbers, or where the graph does not say so but means it, equal
  /// to the batch or to the length, or one of them larger than all that is
  /// taken from it (the positions of a mask, which are not linked to the past
  /// and the new ones).
  /// `further`: these small numbers, of all but the batch.
  void tryOthers(std::optional<int64_t> value, int64_t size,
                 std::optional<int64_t> further = {}) {
    size_t found = samples.size();
    ++group;
    size_t count = std::min<size_t>(others.size(), 3),
           subsets = size_t{1} << count;
    auto attempt = [&](size_t lengths, bool allEqual,
                       std::optional<size_t> roomy) {
      if (samples.size() >= found + 3 + count || samples.size() > 60)
        return;
      Sample sample;
      sample.values.assign(context.numSymbols(), 1);
      if (value)
        sample.values[*main] = *value;
      for (size_t i = 0; i < others.size(); ++i) {
        int64_t small =
            i == 0 || allEqual
                ? size
                : further.value_or(size + 2 * static_cast<int64_t>(i));
        bool isLength = i < count && (lengths >> i & 1) != 0;
        sample.values[others[i]] = isLength && value ? *value : small;
        if (roomy == i)
          sample.values[others[i]] = value.value_or(0) + size + 12;
      }
      add(std::move(sample));
    };
    attempt(0, false, {});
    for (size_t i = count; count > 1 && i-- > 0;)
      attempt(0, false, i);
    for (size_t lengths = 1; lengths < subsets; ++lengths)
      attempt(lengths, false, {});
    for (size_t lengths = 0; lengths < subsets; ++lengths)
      attempt(lengths, true, {});
  }

  void add(Sample sample) {
    for (SymbolId id : request.symbols) {
      const Context::Symbol &info = context.symbolInfo(id);
      int64_t value = sample.values[id];
      if (value < info.lowerBound ||
          (info.upperBound && value > *info.upperBound))
        return;
      sample.text += (sample.text.empty() ? "" : " ") + info.name + "=" +
                     std::to_string(value);
    }
    for (const Context::Check &check : context.checks())
      if (!holds(check, sample))
        return;
    sample.group = group;
    for (const Sample &known : samples)
      if (known.values == sample.values)
        return;
    if (sample.text.empty())
      sample.text = "its static shape";
    samples.push_back(std::move(sample));
  }

  /// Whether a check holds; one about other symbols does.
  bool holds(const Context::Check &check, const Sample &sample) {
    Expr difference = context.simplify(check.lhs - check.rhs);
    for (SymbolId id : difference.symbols())
      if (!llvm::is_contained(request.symbols, id))
        return true;
    auto value = evaluate(context, difference, sample);
    return value && (check.kind == Context::Check::Kind::Equal ? *value == 0
                                                               : *value >= 0);
  }

  const SampleRequest &request;
  Context &context;
  std::optional<SymbolId> main;
  std::vector<SymbolId> others;
  std::vector<Sample> samples;
  size_t group = 0;
};

} // namespace

std::vector<Sample> chooseSamples(const SampleRequest &request) {
  return Chooser(request).run();
}

} // namespace jarana::raise::recognise
