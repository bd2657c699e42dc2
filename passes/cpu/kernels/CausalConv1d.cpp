// hybrid.causal_conv1d: a window of inputs slides through registers, the lanes
// are channels. The window at the end is the new state.
#include "passes/cpu/kernels/Kernels.h"

using namespace mlir;

namespace jarana::cpu {

void emitCausalConv1d(Emitter &e, hybrid::CausalConv1dOp op) {
  using Values = Emitter::Values;
  Value input = op.getInput(), weight = op.getWeight(), bias = op.getBias(),
        y = op.getY(), state = op.getState();
  Value batch = e.dim(input, 0), length = e.dim(input, 1),
        channels = e.dim(input, 2);
  int64_t k = cast<MemRefType>(weight.getType()).getDimSize(1);
  int64_t lanes = e.target.lanes();
  bool silu = op.getActivation() == hybrid::Activation::Silu;

  auto channelsFrom = [&](Value b, Value channel, Lanes some, Value factors) {
    // The weights of neighbouring channels are k apart.
    Value count = some.mask ? e.min(e.index(lanes), e.sub(channels, channel))
                            : e.index(lanes);
    e.loop(e.index(0), count, 1, [&](Value lane) {
      for (int64_t j = 0; j < k; ++j)
        e.storeScalar(e.loadScalar(weight, {e.add(channel, lane), e.index(j)}),
                      factors, {e.index(j), lane});
    });
    Values taps, window;
    for (int64_t j = 0; j < k; ++j)
      taps.push_back(e.load(factors, {e.index(j), e.index(0)}));
    for (int64_t j = 0; j + 1 < k; ++j)
      window.push_back(e.load(state, {b, e.index(j), channel}, some));
    Value start = bias ? e.load(bias, {channel}, some) : e.splat(0.0);
    auto position = [&](Value t, ValueRange old) {
      Values full(old);
      full.push_back(e.load(input, {b, t, channel}, some));
      Value sum = start;
      for (int64_t j = 0; j < k; ++j)
        sum = e.mulAdd(taps[j], full[j], sum);
      e.store(silu ? e.silu(sum) : sum, y, {b, t, channel}, some);
      full.erase(full.begin());
      return full;
    };
    window = e.loop(e.index(0), length, 1, window, position);
    for (int64_t j = 0; j + 1 < k; ++j)
      e.store(window[j], state, {b, e.index(j), channel}, some);
  };

  Value blocks = e.div(e.add(channels, lanes - 1), e.index(lanes));
  // An exponential costs as much as a dozen multiply-adds.
  Value work =
      e.mul(e.mul(batch, e.mul(length, channels)), k + (silu ? 12 : 0));
  e.parallel(e.mul(batch, blocks), work, [&](Value first, Value last) {
    Value factors = e.scratch({k, lanes});
    e.loop(first, last, 1, [&](Value item) {
      Values at = e.delinearize(item, {batch, blocks});
      Value channel = e.mul(at[1], lanes);
      Value isWhole =
          e.compare(arith::CmpIPredicate::sle, e.add(channel, lanes), channels);
      int64_t known = cast<MemRefType>(input.getType()).getDimSize(2);
      if (!ShapedType::isDynamic(known) && known % lanes == 0)
        return channelsFrom(at[0], channel, {lanes}, factors);
      e.branch(
          isWhole, [&] { channelsFrom(at[0], channel, {lanes}, factors); },
          [&] {
            channelsFrom(at[0], channel, e.firstLanes(e.sub(channels, channel)),
                         factors);
          });
    });
  });
}

} // namespace jarana::cpu
