// A gated scan in chunks, step by step: Dao and Gu 2024, "Transformers are
// SSMs", section 6, in the spellings that models have of it.
#include "passes/raise/recognise/OwnValues.h"

#include "lib/reference/operators/Support.h"

#include <cstring>

using namespace jarana::reference;

namespace jarana::raise::recognise {
namespace {

/// Letters of the shapes: b batch, c chunk, i and j positions within a chunk,
/// h head, n state, p width.
class ChunkedScan {
public:
  ChunkedScan(OwnValues &own, int64_t chunk, int64_t length)
      : own(own), chunk(chunk), chunks((length + chunk - 1) / chunk) {}

  /// query, key, value: [b, s, h, n or p]; decay: [b, s, h]; state: [b, h, n,
  /// p].
  void run(const ExactTensor &query, const ExactTensor &key,
           const ExactTensor &value, const ExactTensor &decay,
           ExactTensor state) {
    const ExactTensor &a = add("the decays", cut(decay)),
                      &sums = add("the running sums of decays in a chunk",
                                  runningSums(a)),
                      &totals =
                          add("the sum of a chunk's decays", lastOfChunk(sums));
    ExactTensor c = cut(query), b = cut(key), v = cut(value);
    within(c, b, v, sums);
    const ExactTensor &toEnd =
        add("the logarithms of decays to the end of a chunk",
            differences(totals, sums));
    const ExactTensor &leaving =
        add("the decays to the end of a chunk", apply("Exp", {&toEnd}));
    const ExactTensor &kept = add("B times the decays to the end of a chunk",
                                  einsum("bcih,bcihn->bcihn", leaving, b));
    add("the values times the decays to the end of a chunk",
        einsum("bcih,bcihp->bcihp", leaving, v));
    const ExactTensor &added = add("what each chunk adds to the state",
                                   einsum("bcihn,bcihp->bchnp", kept, v));
    // In front of them, the state before the first chunk.
    ExactTensor before = reshaped(state, {state.shape[0], 1, state.shape[1],
                                          state.shape[2], state.shape[3]});
    add("the state at the begin and what each chunk adds to it",
        apply("Concat", {&before, &added}, {{"axis", int64_t(1)}}));
    between(totals);
    ExactTensor entering = states(totals, added, std::move(state));
    const ExactTensor &sinceBegin =
        add("the decays since the begin of a chunk", apply("Exp", {&sums}));
    add("C times the decays since the begin of a chunk",
        einsum("bcih,bcihn->bcihn", sinceBegin, c));
    const ExactTensor &read = add("C times the states that enter the chunks",
                                  einsum("bcihn,bchnp->bcihp", c, entering));
    const ExactTensor &far = add("what the states that enter the chunks give",
                                 einsum("bcih,bcihp->bcihp", sinceBegin, read));
    add("the result", apply("Add", {&near, &far}));
  }

private:
  /// Chunks of one position are called positions.
  ExactTensor add(std::string name, ExactTensor tensor) {
    for (size_t at; chunk == 1 && (at = name.find("chunk")) != name.npos;)
      name.replace(at, strlen("chunk"), "position");
    return own.add(std::move(name), std::move(tensor));
  }

  static ExactTensor einsum(const std::string &equation, const ExactTensor &a,
                            const ExactTensor &b) {
    return apply("Einsum", {&a, &b}, {{"equation", equation}});
  }

  /// [b, s, ...] as [b, c, i, ...]: zeros behind the end.
  ExactTensor cut(const ExactTensor &x) const {
    Shape shape = x.shape;
    int64_t row = product(shape, 1, x.rank());
    shape[1] = chunks * chunk;
    int64_t longer = product(shape, 1, x.rank());
    shape[1] = chunk;
    shape.insert(shape.begin() + 1, chunks);
    ExactTensor result(x.dtype, shape);
    for (int64_t b = 0; b < x.shape[0]; ++b)
      copyRun(x, b * row, result, b * longer, row);
    return result;
  }

  /// Calls f(element, before) for [b, c, i, h]: `before` is the element at i -
  /// 1, or -1.
  template <class F> static void forEachStep(const ExactTensor &x, F f) {
    int64_t heads = x.shape[3], steps = x.shape[2];
    for (int64_t at = 0; at < x.size(); ++at)
      f(at, at / heads % steps == 0 ? -1 : at - heads);
  }

  static ExactTensor runningSums(const ExactTensor &a) {
    ExactTensor sums = a;
    forEachStep(a, [&](int64_t at, int64_t before) {
      if (before >= 0)
        sums.reals[at] = sums.reals[before] + a.reals[at];
    });
    return sums;
  }

  ExactTensor lastOfChunk(const ExactTensor &sums) const {
    Shape steps = stridesOf(sums.shape);
    return strided(sums, {sums.shape[0], chunks, sums.shape[3]},
                   {steps[0], steps[1], steps[3]}, (chunk - 1) * steps[2]);
  }

  /// totals [b, c, h] - sums [b, c, i, h].
  ExactTensor differences(const ExactTensor &totals,
                          const ExactTensor &sums) const {
    ExactTensor wide =
        reshaped(totals, {totals.shape[0], chunks, 1, totals.shape[2]});
    return apply("Sub", {&wide, &sums});
  }

  /// [b, c, i, j, h] of f(element, i's, j's) and, for later j, `hidden`.
  template <class F>
  static ExactTensor lower(const ExactTensor &like, Exact hidden, F f) {
    Shape shape = like.shape;
    shape.insert(shape.begin() + 3, shape[2]);
    ExactTensor result(like.dtype, shape);
    int64_t heads = shape[4], steps = shape[2];
    for (int64_t at = 0; at < result.size(); ++at) {
      int64_t h = at % heads, j = at / heads % steps,
              i = at / heads / steps % steps,
              block = at / heads / steps / steps * steps;
      result.reals[at] =
          j > i ? hidden
                : f(at, (block + i) * heads + h, (block + j) * heads + h);
    }
    return result;
  }

  /// For [b, c, i, h] sums: their differences [b, c, i, j, h] with minus
  /// infinity for later j, and the exponentials. Sums over masked decays have
  /// zeros there first.
  ExactTensor decaysOf(const ExactTensor &sums, const std::string &where) {
    auto difference = [&](int64_t, int64_t i, int64_t j) {
      return sums.reals[i] - sums.reals[j];
    };
    const ExactTensor &logs =
        add("the logarithms of decays " + where,
            lower(sums, Exact(-std::numeric_limits<double>::infinity()),
                  difference));
    add("the sums of decays " + where + ", not hidden",
        lower(sums, Exact(0), difference));
    return add("the decays " + where, apply("Exp", {&logs}));
  }

  /// What positions of one chunk give each other.
  void within(const ExactTensor &c, const ExactTensor &b, const ExactTensor &v,
              const ExactTensor &sums) {
    const ExactTensor &decays = decaysOf(sums, "within a chunk");
    const ExactTensor &products =
        add("the products of C and B", einsum("bcihn,bcjhn->bcijh", c, b));
    add("the products of C and earlier B",
        lower(sums, Exact(0), [&](int64_t at, int64_t, int64_t) {
          return products.reals[at];
        }));
    const ExactTensor &scores =
        add("the products of C, B and the decays within a chunk",
            apply("Mul", {&products, &decays}));
    near = add("what positions of a chunk give each other",
               einsum("bcijh,bcjhp->bcihp", scores, v));
  }

  /// How states decay from chunk to chunk.
  void between(const ExactTensor &totals) {
    ExactTensor steps(totals.dtype,
                      {totals.shape[0], 1, chunks + 1, totals.shape[2]});
    int64_t heads = totals.shape[2];
    for (int64_t b = 0; b < totals.shape[0]; ++b)
      copyRun(totals, b * chunks * heads, steps, (b * (chunks + 1) + 1) * heads,
              chunks * heads);
    ExactTensor sums = runningSums(steps);
    add("the running sums of the chunks' decays", sums);
    decaysOf(sums, "between chunks");
    add("the decay of each chunk", apply("Exp", {&totals}));
  }

  /// The states that enter each chunk, [b, c, h, n, p].
  ExactTensor states(const ExactTensor &totals, const ExactTensor &added,
                     ExactTensor state) {
    Shape shape = added.shape;
    int64_t heads = shape[2], row = product(shape, 3, 5);
    shape[1] = chunks + 1;
    ExactTensor all(added.dtype, shape), entering(added.dtype, added.shape),
        decayed(added.dtype, added.shape);
    for (int64_t b = 0; b < shape[0]; ++b) {
      std::vector<Exact> now(state.reals.begin() + b * heads * row,
                             state.reals.begin() + (b + 1) * heads * row);
      for (int64_t c = 0; c <= chunks; ++c) {
        std::copy(now.begin(), now.end(),
                  all.reals.begin() + (b * (chunks + 1) + c) * heads * row);
        if (c == chunks)
          break;
        int64_t at = (b * chunks + c) * heads * row;
        for (int64_t h = 0; h < heads; ++h) {
          Exact decay = exp(totals.reals[(b * chunks + c) * heads + h]);
          for (int64_t k = h * row; k < (h + 1) * row; ++k) {
            entering.reals[at + k] = now[k];
            decayed.reals[at + k] = now[k] * decay;
            now[k] = decayed.reals[at + k] + added.reals[at + k];
          }
        }
      }
    }
    add("the states before and after all chunks", std::move(all));
    add("the decayed states that entered the chunks", std::move(decayed));
    return add("the states that enter the chunks", std::move(entering));
  }

  OwnValues &own;
  int64_t chunk, chunks;
  ExactTensor near; ///< [b, c, i, h, p]
};

} // namespace

void OwnValues::addScan(const Attributes &attributes, Operands operands,
                        int64_t chunk) {
  int64_t heads = std::get<int64_t>(attributes.at("kv_num_heads"));
  for (size_t i : {0, 1, 2, 4})
    if (i >= operands.size() || !operands[i] || operands[i]->rank() != 3)
      return;
  const ExactTensor &query = add("C", *operands[0]),
                    &key = add("B", *operands[1]),
                    &value = add("the values", *operands[2]),
                    &decay = add("the decays", *operands[4]);
  if (operands[3])
    add("the state at the begin", *operands[3]);
  int64_t batch = query.shape[0], length = query.shape[1],
          state = key.shape[2] / heads, width = value.shape[2] / heads;
  if (length < 1 || query.shape[2] != key.shape[2] || decay.shape[2] != heads)
    return;
  auto perHead = [&](const ExactTensor &x, int64_t size) {
    return reshaped(x, {batch, length, heads, size});
  };
  ExactTensor begin =
      operands[3] ? *operands[3]
                  : ExactTensor(value.dtype, {batch, heads, state, width});
  // Without a chunk: step by step, and as one chunk.
  std::vector<int64_t> sizes = {chunk};
  if (chunk <= 0)
    sizes = {1, length};
  for (int64_t size : sizes)
    ChunkedScan(*this, size, length)
        .run(perHead(query, state), perHead(key, state), perHead(value, width),
             decay, begin);
}

} // namespace jarana::raise::recognise
