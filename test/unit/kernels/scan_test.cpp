#include "KernelTest.h"

#include <gtest/gtest.h>

using namespace jarana::test;
using jarana::reference::Shape;

namespace {
struct Sizes {
  int64_t g, r, p, n;
};

std::string dims(const Shape &shape) {
  std::string result;
  for (int64_t size : shape)
    result += std::to_string(size) + "x";
  return result;
}

/// Runs scans of batch b and length l for each pair.
void runScan(Sizes s, bool withStep, bool ratePerPosition,
             std::vector<std::pair<int64_t, int64_t>> runs,
             int64_t bits = testVectorBits()) {
  std::string head = "?x?x" + dims({s.g, s.r}),
              group = "?x?x" + dims({s.g}) + dims({s.n});
  std::vector<std::string> types = {head + dims({s.p}) + "f32",
                                    withStep ? head + "f32" : "",
                                    ratePerPosition ? head + "f32"
                                                    : dims({s.g, s.r}) + "f32",
                                    group + "f32",
                                    group + "f32",
                                    head + dims({s.p}) + "f32",
                                    "?x" + dims({s.g, s.r, s.p, s.n}) + "f32"};
  KernelTest test(std::string("hybrid.ssd_scan ins($0, $2, $3, $4 : #0, #2, "
                              "#3, #4) ") +
                      (withStep ? "dt($1 : #1) " : "") +
                      "outs($5, $6 : #5, #6)",
                  types, 2, {}, bits);
  test.ranges[1] = {0.3, 0.4};
  test.ranges[2] = {0.5, -0.6};
  test.tolerance = 5e-6;
  for (auto [b, l] : runs)
    test.run({{b, l, s.g, s.r, s.p},
              {b, l, s.g, s.r},
              ratePerPosition ? Shape{b, l, s.g, s.r} : Shape{s.g, s.r},
              {b, l, s.g, s.n},
              {b, l, s.g, s.n},
              {b, l, s.g, s.r, s.p},
              {b, s.g, s.r, s.p, s.n}});
}

void runUpdate(Sizes s, bool withStep, bool ratePerPosition, int64_t batch) {
  std::string head = "?x" + dims({s.g, s.r});
  std::string group = "?x" + dims({s.g, s.n}) + "f32";
  std::vector<std::string> types = {head + dims({s.p}) + "f32",
                                    withStep ? head + "f32" : "",
                                    ratePerPosition ? head + "f32"
                                                    : dims({s.g, s.r}) + "f32",
                                    group,
                                    group,
                                    head + dims({s.p}) + "f32",
                                    head + dims({s.p, s.n}) + "f32"};
  KernelTest test(std::string("hybrid.state_update ins($0, $2, $3, $4 : #0, "
                              "#2, #3, #4) ") +
                      (withStep ? "dt($1 : #1) " : "") +
                      "outs($5, $6 : #5, #6)",
                  types, 2);
  test.ranges[2] = {0.5, -0.6};
  test.run({{batch, s.g, s.r, s.p},
            {batch, s.g, s.r},
            ratePerPosition ? Shape{batch, s.g, s.r} : Shape{s.g, s.r},
            {batch, s.g, s.n},
            {batch, s.g, s.n},
            {batch, s.g, s.r, s.p},
            {batch, s.g, s.r, s.p, s.n}});
}
} // namespace

TEST(SsdScan, AnyLength) {
  runScan({1, 4, 16, 16}, true, false,
          {{1, 1}, {1, 2}, {2, 15}, {1, 64}, {2, 65}, {1, 128}, {1, 300}});
}
TEST(SsdScan, SizesThatAreNoPowersOfTwo) {
  runScan({2, 3, 24, 40}, true, false, {{2, 3}, {2, 70}});
  runScan({3, 1, 5, 7}, true, false, {{2, 3}, {1, 70}});
}
TEST(SsdScan, LogDecayPerPosition) {
  runScan({2, 2, 24, 16}, false, true, {{2, 3}, {2, 70}});
}
TEST(SsdScan, StepAndRatePerPosition) {
  runScan({1, 2, 8, 24}, true, true, {{1, 5}, {1, 80}});
}
TEST(SsdScan, RateOnly) {
  runScan({1, 2, 8, 24}, false, false, {{1, 5}, {1, 80}});
}
TEST(SsdScan, NarrowVectors) {
  runScan({2, 2, 10, 19}, true, false, {{2, 3}, {2, 80}}, 128);
}
TEST(StateUpdate, Sizes) {
  runUpdate({1, 4, 16, 16}, true, false, 1);
  runUpdate({2, 3, 24, 40}, true, true, 2);
  runUpdate({2, 2, 5, 7}, false, true, 2);
}
