// What is checked of an object after code generation: what it calls, and which
// extensions of the processor it uses.
#include "lib/pipeline/Callable.h"
#include "lib/pipeline/Codegen.h"
#include "lib/pipeline/Dialects.h"
#include "lib/pipeline/UsedFeatures.h"
#include "lib/pipeline/X86Features.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace jarana::pipeline {
namespace {

struct Generated {
  std::string object, errors;
};

Generated generate(const std::string &text, CpuTarget &target) {
  MLIRContext context(dialects());
  context.printOpOnDiagnostic(false);
  Generated result;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    llvm::raw_string_ostream stream(result.errors);
    stream << diagnostic.getLocation() << " " << diagnostic.str() << "\n";
    return success();
  });
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return result;
  if (FailureOr<GeneratedCode> code = generateObject(*module, target);
      succeeded(code))
    result.object = code->object;
  return result;
}

std::string features(const std::string &text, const std::string &cpu,
                     const std::string &triple = "x86_64-unknown-linux-gnu",
                     const std::string &extra = "") {
  CpuTarget target = makeCpuTarget(triple, cpu, extra);
  Generated code = generate(text, target);
  EXPECT_EQ(code.errors, "");
  return usedFeatures(code.object, target);
}

constexpr const char *integers = R"mlir(
llvm.func @f(%x: i64, %y: i64) -> i64 {
  %s = llvm.add %x, %y : i64
  llvm.return %s : i64
}
)mlir";

/// y = a * x + y on vectors of so many f32.
std::string axpy(int lanes) {
  std::string type = "vector<" + std::to_string(lanes) + "xf32>";
  return "llvm.func @f(%a: !llvm.ptr, %x: !llvm.ptr, %y: !llvm.ptr) {\n"
         "  %0 = llvm.load %a : !llvm.ptr -> " +
         type +
         "\n"
         "  %1 = llvm.load %x : !llvm.ptr -> " +
         type +
         "\n"
         "  %2 = llvm.load %y : !llvm.ptr -> " +
         type +
         "\n"
         "  %3 = llvm.fmul %0, %1 : " +
         type +
         "\n"
         "  %4 = llvm.fadd %3, %2 : " +
         type +
         "\n"
         "  llvm.store %4, %y : " +
         type +
         ", !llvm.ptr\n"
         "  llvm.return\n}\n";
}

TEST(Calls, WhatLlvmMakesOfAnInstruction) {
  CpuTarget target = makeCpuTarget("x86_64-unknown-linux-gnu", "x86-64-v3", "");
  std::string errors = generate(R"mlir(
llvm.func @kernel_3(%p: !llvm.ptr, %q: !llvm.ptr) {
  %x = llvm.load %p : !llvm.ptr -> f32
  %h = llvm.fptrunc %x : f32 to bf16
  llvm.store %h, %q : bf16, !llvm.ptr
  llvm.return
} loc("layers.0/Cast")
)mlir",
                                target)
                           .errors;
  EXPECT_NE(errors.find("layers.0/Cast"), std::string::npos) << errors;
  EXPECT_NE(errors.find("x86-64-v3 calls '__truncsfbf2'"), std::string::npos)
      << errors;
}

TEST(Calls, WhatTheCodeSays) {
  CpuTarget target = makeCpuTarget("x86_64-unknown-linux-gnu", "x86-64", "");
  std::string errors = generate(R"mlir(
llvm.func @gammaf(f32) -> f32
llvm.func @f(%x: f32) -> f32 {
  %y = llvm.call @gammaf(%x) : (f32) -> f32 loc("Gamma_7")
  llvm.return %y : f32
}
)mlir",
                                target)
                           .errors;
  EXPECT_NE(errors.find("Gamma_7"), std::string::npos) << errors;
  EXPECT_NE(errors.find("calls 'gammaf'"), std::string::npos) << errors;
}

TEST(Calls, WhatTheRuntimeHas) {
  EXPECT_TRUE(isCallable("expf"));
  EXPECT_TRUE(isCallable("memset"));
  EXPECT_FALSE(isCallable("__extendhfsf2"));
  EXPECT_FALSE(isCallable("system"));
}

TEST(UsedFeatures, OnlyWhatInstructionsNeed) {
  for (const char *cpu : {"x86-64", "x86-64-v4", "znver5", "sapphirerapids"})
    EXPECT_EQ(features(integers, cpu), "") << cpu;
  EXPECT_EQ(features(axpy(4), "x86-64-v2"), "");
  EXPECT_EQ(features(axpy(8), "x86-64-v3"), "+avx,+avx2,+fma");
  EXPECT_EQ(features(axpy(8), "sandybridge"), "+avx");
  std::string wide = features(axpy(16), "znver5");
  EXPECT_NE(wide.find("+avx512f"), std::string::npos) << wide;
  EXPECT_EQ(wide.find("vnni"), std::string::npos) << wide;
  EXPECT_EQ(features(axpy(8), "znver5"), "+avx,+avx2,+fma");
}

TEST(UsedFeatures, WhatAnOptionAddsIsTakenToBeUsed) {
  EXPECT_EQ(features(integers, "x86-64", "x86_64-unknown-linux-gnu", "+xop"),
            "+xop");
}

TEST(UsedFeatures, Arm64) {
  EXPECT_EQ(features(integers, "neoverse-v2", "aarch64-unknown-linux-gnu"), "");
  EXPECT_EQ(features(axpy(4), "neoverse-v2", "aarch64-unknown-linux-gnu"), "");
}

std::set<std::string> needed(std::initializer_list<uint8_t> bytes,
                             llvm::StringRef name = "") {
  std::set<std::string> result;
  addX86Features(name, llvm::ArrayRef<uint8_t>(bytes.begin(), bytes.size()),
                 result);
  return result;
}

TEST(UsedFeatures, EncodingsOfX86) {
  using Set = std::set<std::string>;
  EXPECT_EQ(needed({0x0f, 0x58, 0xc1}), Set{});                    // addps
  EXPECT_EQ(needed({0xf2, 0x0f, 0x7c, 0xc1}), Set{"sse3"});        // haddps
  EXPECT_EQ(needed({0x66, 0x0f, 0x38, 0x00, 0xc1}), Set{"ssse3"}); // pshufb
  EXPECT_EQ(needed({0x66, 0x0f, 0x3a, 0x08, 0xc1, 0}),
            Set{"sse4.1"}); // roundps
  EXPECT_EQ(needed({0x66, 0x0f, 0x38, 0x37, 0xc1}),
            (Set{"sse4.1", "sse4.2"})); // pcmpgtq
  EXPECT_EQ(needed({0xf3, 0x48, 0x0f, 0xb8, 0xc1}), Set{"popcnt"});
  EXPECT_EQ(needed({0xf3, 0x48, 0x0f, 0xbd, 0xc1}), Set{"lzcnt"});
  EXPECT_EQ(needed({0xc5, 0xf4, 0x58, 0xc1}), (Set{"avx", "avx2"}));
  EXPECT_EQ(needed({0xc4, 0xe2, 0x7d, 0x13, 0xc1}),
            (Set{"avx", "avx2", "f16c"})); // vcvtph2ps
  EXPECT_EQ(needed({0xc4, 0xe2, 0x6d, 0xa8, 0xc1}),
            (Set{"avx", "avx2", "fma"})); // vfmadd213ps
  EXPECT_EQ(needed({0xc4, 0xe2, 0xf3, 0xf7, 0xc1}), (Set{"bmi", "bmi2"}));
  EXPECT_TRUE(needed({0xc5, 0xf8, 0x92, 0xc8}).contains("avx512f")); // kmovw
  EXPECT_TRUE(needed({0x62, 0xf2, 0x7e, 0x48, 0x52, 0xc1}, "VDPBF16PSZr")
                  .contains("avx512bf16"));
}

} // namespace
} // namespace jarana::pipeline
