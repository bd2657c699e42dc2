#include "passes/raise/generalize/Regroup.h"

namespace jarana::raise {

using symbolic::Context;
using symbolic::Expr;
using symbolic::Shape;

namespace {

/// One group of dimensions with equal products: input[i, iEnd), output[o,
/// oEnd).
struct Group {
  size_t i, iEnd, o, oEnd;
};

/// Gives the output dimensions of a group; false where they are not determined.
bool assign(Context &context, const Group &group, const Shape &input,
            const Shape &now, const Shape &output, Shape &result) {
  std::vector<bool> done(output.size());
  Expr rest = 1;
  if (group.oEnd - group.o == 1) {
    for (size_t i = group.i; i < group.iEnd; ++i)
      rest = rest * now[i];
    result[group.o] = rest;
    return true;
  }
  for (size_t i = group.i; i < group.iEnd; ++i) {
    bool placed = false;
    bool changed = !context.proveEqual(input[i], now[i]);
    // A dimension that is kept keeps its place in the order.
    for (size_t o = group.o; o < group.oEnd && changed && !placed; ++o)
      if (!done[o] && context.proveEqual(output[o], input[i]) &&
          !(input[i].isConstant(1) && group.iEnd - group.i > 1)) {
        result[o] = now[i];
        done[o] = placed = true;
      }
    if (!placed)
      rest = rest * now[i];
  }
  // What is left over: all unchanged dimensions but one keep their sizes.
  std::optional<size_t> open;
  Expr kept = 1;
  for (size_t o = group.o; o < group.oEnd; ++o)
    if (!done[o])
      kept = kept * output[o];
  if (context.proveEqual(kept, rest))
    return true;
  for (size_t o = group.o; o < group.oEnd && !open; ++o) {
    if (done[o])
      continue;
    Expr others = 1;
    for (size_t other = group.o; other < group.oEnd; ++other)
      if (other != o && !done[other])
        others = others * output[other];
    if (auto quotient = context.divideExactly(rest, others)) {
      result[o] = *quotient;
      open = o;
    }
  }
  return open.has_value();
}

} // namespace

std::optional<Shape> regroup(Context &context, const Shape &input,
                             const Shape &now, const Shape &output) {
  Shape result = output;
  size_t i = 0, o = 0;
  while (i < input.size() || o < output.size()) {
    Group group{i, i, o, o};
    Expr left = 1, right = 1;
    do {
      bool moreInput = group.iEnd < input.size(),
           moreOutput = group.oEnd < output.size();
      if (!moreInput && !moreOutput)
        return std::nullopt;
      std::optional<int64_t> difference = context.valueOf(left - right);
      bool takeInput =
          group.iEnd == group.i ||
          (group.oEnd != group.o && (!difference || *difference < 0));
      if ((takeInput && moreInput) || !moreOutput)
        left = left * input[group.iEnd++];
      else
        right = right * output[group.oEnd++];
    } while (!context.proveEqual(left, right) || group.iEnd == group.i ||
             group.oEnd == group.o);
    // Dimensions of 1 at the end belong to nothing else.
    if (group.iEnd == input.size())
      while (group.oEnd < output.size())
        ++group.oEnd;
    if (group.oEnd == output.size())
      while (group.iEnd < input.size())
        ++group.iEnd;
    if (!assign(context, group, input, now, output, result))
      return std::nullopt;
    i = group.iEnd;
    o = group.oEnd;
  }
  return result;
}

} // namespace jarana::raise
