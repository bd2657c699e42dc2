// What jarana-bench measures.
#pragma once

#include "jarana/session.hpp"

#include <string>

namespace jarana::tools {

struct BenchOptions {
  size_t prompt = 512, generate = 64, context = 128, rounds = 5;
  uint32_t batch = 1, threads = 0; // 0: all processors
};

/// Medians over the rounds. Shares are of what the probes reached in the same
/// round; 0 where the bundle does not say how much work a token is.
struct Times {
  double readBandwidth = 0, fmaPeak = 0; // bytes and operations per second
  double prefillTokensPerSecond = 0, fmaShare = 0;
  double decodeMsPerToken = 0, bandwidthShare = 0;
  double peakMib = 0; // of the process after a prefill and some steps, before
                      // any probe allocates
};

/// Rounds of probe, prefill, probe and decode, interleaved, after one that does
/// not count.
Times measure(const Bundle &bundle, const BenchOptions &options);

struct Perplexity {
  double perplexity = 0, nllPerToken = 0;
  size_t predictions = 0;
};

/// Over non-overlapping windows of 512 predictions (513 tokens; the last of one
/// is the first of the next), each from an empty state; the last partial window
/// is left out. Throws Error for a text that is shorter than a window.
Perplexity perplexity(const Bundle &bundle, const std::string &textPath,
                      const std::string &tokenizerPath, uint32_t threads);

} // namespace jarana::tools
