// The probes give figures for any size and thread count, also on a machine that
// emulates this one: what is slow is no failure.
#include "lib/probe/Probe.h"

#include <gtest/gtest.h>

using namespace jarana::probe;

TEST(Probe, ReadsBuffersOfAnySize) {
  for (size_t bytes :
       {size_t(0), size_t(1), size_t(100'000), size_t(8) << 20}) {
    double rate = readBandwidth(bytes, 2);
    EXPECT_GT(rate, 0) << bytes;
    EXPECT_LT(rate, 1e14) << bytes;
  }
}

TEST(Probe, FmaPeakIsPlausible) {
  double peak = fmaPeak(1);
  EXPECT_GT(peak, 0);
  EXPECT_LT(peak, 1e13);
}

TEST(Probe, TakesAtLeastOneThread) {
  EXPECT_GT(fmaPeak(0), 0);
  EXPECT_GT(readBandwidth(1 << 16, -1), 0);
}
