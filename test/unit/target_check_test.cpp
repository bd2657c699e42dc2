// Which machines a bundle's target is refused on, whatever machine this is.
#include "runtime/Status.h"
#include "runtime/TargetCheck.h"

#include <gtest/gtest.h>
#include <set>

namespace jarana::runtime {
namespace {

std::string refusal(const bundle::Target &target, const Machine &machine) {
  try {
    checkTarget(target, machine);
  } catch (const StatusError &error) {
    return error.what();
  }
  return "";
}

Machine x86(std::set<std::string_view> features) {
  return {"x86_64",
          [=](std::string_view name) { return features.contains(name); }};
}

TEST(TargetCheck, FeaturesOfX86) {
  bundle::Target target{"x86_64-unknown-linux-gnu", "znver5",
                        "+avx,+avx2,-xop,+fma"};
  EXPECT_EQ(refusal(target, x86({"avx", "avx2", "fma"})), "");
  EXPECT_NE(refusal(target, x86({"avx"}))
                .find("compiled for znver5, and its code uses what this "
                      "processor lacks: avx2, fma"),
            std::string::npos);
  target.features = "";
  EXPECT_EQ(refusal(target, x86({})), "");
}

TEST(TargetCheck, FeaturesOfArm64) {
  constexpr uint64_t asimd = 1 << 1, dotProduct = 1 << 20, fphp = 1 << 9,
                     asimdhp = 1 << 10;
  bundle::Target target{"aarch64-unknown-linux-gnu", "neoverse-n1",
                        "+neon,+dotprod,+fullfp16"};
  EXPECT_EQ(
      refusal(target, arm64Machine(asimd | dotProduct | fphp | asimdhp, 0)),
      "");
  // Half of what fullfp16 takes is not enough.
  EXPECT_NE(refusal(target, arm64Machine(asimd | fphp, 0))
                .find("lacks: dotprod, fullfp16"),
            std::string::npos);
  target.features = "+i8mm";
  EXPECT_EQ(refusal(target, arm64Machine(0, 1 << 13)), "");
  EXPECT_NE(refusal(target, arm64Machine(~uint64_t(0), 0)), "");
}

TEST(TargetCheck, OtherArchitectures) {
  bundle::Target target{"aarch64-unknown-linux-gnu", "generic", ""};
  EXPECT_NE(refusal(target, x86({}))
                .find("compiled for aarch64-unknown-linux-gnu, this machine is "
                      "x86_64-linux"),
            std::string::npos);
  target.triple = "arm64-unknown-linux-gnu";
  EXPECT_EQ(refusal(target, arm64Machine(0, 0)), "");
}

TEST(TargetCheck, ThisMachine) {
  bundle::Target target;
#if defined(__aarch64__)
  target = {"aarch64-unknown-linux-gnu", "generic", "+neon,+fp-armv8"};
#else
  target = {"x86_64-unknown-linux-gnu", "x86-64", "+64bit,+sse2,+cmov"};
#endif
  EXPECT_EQ(refusal(target, thisMachine()), "");
}

} // namespace
} // namespace jarana::runtime
