// The probes give figures that a machine can have, for any size and thread
// count.
#include "lib/probe/Probe.h"

#include <gtest/gtest.h>

using namespace jarana::probe;

TEST(Probe, ReadsBuffersOfAnySize) {
  for (size_t bytes :
       {size_t(0), size_t(1), size_t(100'000), size_t(8) << 20}) {
    double rate = readBandwidth(bytes, 2);
    EXPECT_GT(rate, 1e8) << bytes;
    EXPECT_LT(rate, 1e14) << bytes;
  }
}

TEST(Probe, FmaPeakIsPlausible) {
  double peak = fmaPeak(1);
  EXPECT_GT(peak, 1e8);
  EXPECT_LT(peak, 1e13);
}

TEST(Probe, TakesAtLeastOneThread) {
  EXPECT_GT(fmaPeak(0), 1e8);
  EXPECT_GT(readBandwidth(1 << 16, -1), 1e8);
}
