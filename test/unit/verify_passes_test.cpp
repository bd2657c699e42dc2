// --verify-passes against deliberately wrong variants of the passes: each runs
// the real pass and then spoils what it made, under the pass's name.
#include "dialects/hybrid/HybridDialect.h"
#include "dialects/onnx/OnnxDialect.h"
#include "lib/verify/VerifyPasses.h"
#include "passes/cpu/Pipelines.h"
#include "passes/raise/Passes.h"
#include "passes/state/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassRegistry.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace {

const char *const scan = R"mlir(
func.func @main(%x: tensor<2x?x2x2x4xf32>, %a: tensor<2x2xf32>, %b: tensor<2x?x2x3xf32>, %c: tensor<2x?x2x3xf32>,
    %y: tensor<2x?x2x2x4xf32>, %s: tensor<2x2x2x4x3xf32>) -> (tensor<2x?x2x2x4xf32>, tensor<2x2x2x4x3xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x?x2x2x4xf32>, tensor<2x2xf32>, tensor<2x?x2x3xf32>, tensor<2x?x2x3xf32>)
      outs(%y, %s : tensor<2x?x2x2x4xf32>, tensor<2x2x2x4x3xf32>) -> tensor<2x?x2x2x4xf32>, tensor<2x2x2x4x3xf32>
  return %0#0, %0#1 : tensor<2x?x2x2x4xf32>, tensor<2x2x2x4x3xf32>
})mlir";

const char *const attention = R"mlir(
func.func @main(%q: tensor<1x2x2x?x4xf32>, %k: tensor<1x2x?x4xf32>, %offset: tensor<1xi64>, %y: tensor<1x2x2x?x4xf32>)
    -> tensor<1x2x2x?x4xf32> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x2x?x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>)
      query_offset(%offset : tensor<1xi64>) outs(%y : tensor<1x2x2x?x4xf32>)
      {scale = 0.25 : f32, mask = #hybrid.mask<causal>} -> tensor<1x2x2x?x4xf32>
  return %0 : tensor<1x2x2x?x4xf32>
})mlir";

const char *const norm = R"mlir(
func.func @main(%x: tensor<?x8xf32>, %w: tensor<8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<?x8xf32>) weight(%w : tensor<8xf32>) outs(%y : tensor<?x8xf32>)
      {epsilon = 1.0e-5 : f32} -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
})mlir";

const char *const convolution = R"mlir(
func.func @main(%x: tensor<2x?x8xf32>, %w: tensor<8x4xf32>, %e: tensor<2x?x8xf32>, %window: tensor<2x3x8xf32>)
    -> (tensor<2x?x8xf32>, tensor<2x3x8xf32>) {
  %y, %next = hybrid.causal_conv1d ins(%x, %w : tensor<2x?x8xf32>, tensor<8x4xf32>)
      outs(%e, %window : tensor<2x?x8xf32>, tensor<2x3x8xf32>) -> tensor<2x?x8xf32>, tensor<2x3x8xf32>
  return %y, %next : tensor<2x?x8xf32>, tensor<2x3x8xf32>
})mlir";

const char *const residual = R"mlir(
func.func @main(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f : tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = linalg.exp ins(%p : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.add ins(%x, %n : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
})mlir";

const char *const tiles = R"mlir(
func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32>, %e: tensor<4xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %r = scf.for %i = %c0 to %n step %c4 iter_args(%a = %y) -> (tensor<?xf32>) {
    %size = affine.min affine_map<(d0)[s0] -> (4, -d0 + s0)>(%i)[%n]
    %t = tensor.extract_slice %x[%i] [%size] [1] : tensor<?xf32> to tensor<?xf32>
    %o = tensor.extract_slice %a[%i] [%size] [1] : tensor<?xf32> to tensor<?xf32>
    %p = linalg.exp ins(%t : tensor<?xf32>) outs(%o : tensor<?xf32>) -> tensor<?xf32>
    %b = tensor.insert_slice %p into %a[%i] [%size] [1] : tensor<?xf32> into tensor<?xf32>
    scf.yield %b : tensor<?xf32>
  }
  %z = tensor.concat dim(0) %r, %e : (tensor<?xf32>, tensor<4xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
})mlir";

const char *const language = R"mlir(
func.func @main(%ids: tensor<1x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["1", "s"], hybrid.dtype = "int64"})
    -> (tensor<1x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["1", "s", "4"], hybrid.dtype = "float32"}) {
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<1x3x4xf32>
  %weight = arith.constant dense<0.5> : tensor<4x4xf32>
  %s = tensor.dim %ids, %c1 : tensor<1x?xi64>
  %e = tensor.empty(%s) : tensor<1x?x4xf32>
  %x = linalg.generic {indexing_maps = [affine_map<(b, s, c) -> (b, s)>, affine_map<(b, s, c) -> (b, s, c)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<1x?xi64>) outs(%e : tensor<1x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<1x?x4xf32>
  %y, %window = hybrid.causal_conv1d ins(%x, %weight : tensor<1x?x4xf32>, tensor<4x4xf32>)
      outs(%e, %zero : tensor<1x?x4xf32>, tensor<1x3x4xf32>) -> tensor<1x?x4xf32>, tensor<1x3x4xf32>
  return %y : tensor<1x?x4xf32>
})mlir";

const char *const takenApart = R"mlir(
func.func @main(%q: tensor<?x2x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "2", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %factor = onnx.Constant dense<0.594603539> : tensor<f32>
  %qs = onnx.Mul %q, %factor : (tensor<?x2x?x8xf32>, tensor<f32>) -> tensor<?x2x?x8xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x8xf32>) -> tensor<?x2x8x?xf32>
  %ks = onnx.Mul %kt, %factor : (tensor<?x2x8x?xf32>, tensor<f32>) -> tensor<?x2x8x?xf32>
  %scores = onnx.MatMul %qs, %ks : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
})mlir";

const char *const greatest = R"mlir(
func.func @main(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["rows", "8"]})
    -> (tensor<?x2xf32> {onnx.name = "y"}, tensor<?x2xi64> {onnx.name = "places"}) {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %0:2 = onnx.TopK %x, %k {axis = -1 : i64, largest = 1 : i64, sorted = 1 : i64}
      : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %0#0, %0#1 : tensor<?x2xf32>, tensor<?x2xi64>
})mlir";

const char *const quantised = R"mlir(
func.func @main(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["rows", "8"]})
    -> (tensor<?x8xui8> {onnx.name = "y"}, tensor<f32> {onnx.name = "scale"}, tensor<ui8> {onnx.name = "zero"}) {
  %0:3 = onnx.DynamicQuantizeLinear %x : (tensor<?x8xf32>) -> (tensor<?x8xui8>, tensor<f32>, tensor<ui8>)
  return %0#0, %0#1, %0#2 : tensor<?x8xui8>, tensor<f32>, tensor<ui8>
})mlir";

/// A wrong variant: `from`, of the text of what the pass makes, becomes `to`.
struct Variant {
  const char *name;
  const char *source;
  const char *pass;     ///< its argument
  const char *pipeline; ///< how it is run on a module
  const char *from, *to;
  const char *output; ///< what the message says differs, beside the pass
};

void PrintTo(const Variant &variant, std::ostream *stream) {
  *stream << variant.name;
}

class WrongPass : public PassWrapper<WrongPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WrongPass)
  explicit WrongPass(const Variant &variant) : variant(variant) {}
  StringRef getArgument() const override { return variant.pass; }

  void runOnOperation() override {
    // On a copy, by a manager of its own: only what this pass makes of the
    // module is checked.
    OwningOpRef<ModuleOp> made(getOperation().clone());
    PassManager real(&getContext());
    if (failed(parsePassPipeline(variant.pipeline, real)) ||
        failed(real.run(*made)))
      return signalPassFailure();
    std::string text;
    llvm::raw_string_ostream(text) << *made;
    size_t at = text.find(variant.from);
    if (at == std::string::npos) {
      getOperation().emitError("there is no ") << variant.from << " in\n"
                                               << text;
      return signalPassFailure();
    }
    text.replace(at, std::string(variant.from).size(), variant.to);
    auto spoilt = parseSourceString<ModuleOp>(text, &getContext());
    if (!spoilt)
      return signalPassFailure();
    getOperation().getBodyRegion().takeBody(spoilt->getBodyRegion());
  }

private:
  const Variant &variant;
};

struct Outcome {
  jarana::verify::VerifyLog log;
  std::string messages;
  bool ran = false;
};

/// Runs the pass, spoilt or as it is, under --verify-passes.
Outcome run(const Variant &variant, bool spoil) {
  Outcome outcome;
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  hybrid::registerHybridExtensions(registry);
  registry.insert<mlir::onnx::OnnxDialect>();
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    outcome.messages += diagnostic.str() + "\n";
  });
  auto module = parseSourceString<ModuleOp>(variant.source, &context);
  if (!module)
    return outcome;
  PassManager manager(&context);
  jarana::verify::verifyPasses(manager, outcome.log);
  if (spoil)
    manager.addPass(std::make_unique<WrongPass>(variant));
  else if (failed(parsePassPipeline(variant.pipeline, manager)))
    return outcome;
  outcome.ran = succeeded(manager.run(*module));
  return outcome;
}

class VerifyPassesTest : public testing::TestWithParam<Variant> {
protected:
  static void SetUpTestSuite() {
    static const bool registered = [] {
      jarana::cpu::registerCpuPassesAndPipelines();
      jarana::raise::registerRaisePasses();
      jarana::state::registerStatePasses();
      return true;
    }();
    (void)registered;
  }
};

TEST_P(VerifyPassesTest, TheWrongVariantIsCaughtAndTheRightOneIsNot) {
  Outcome right = run(GetParam(), false);
  EXPECT_TRUE(right.ran) << right.messages;
  EXPECT_EQ(right.log.wrongPass, "") << right.messages;
  EXPECT_GT(right.log.checks, 0);

  Outcome wrong = run(GetParam(), true);
  EXPECT_TRUE(wrong.ran) << wrong.messages;
  EXPECT_EQ(wrong.log.wrongPass, GetParam().pass) << wrong.messages;
  EXPECT_NE(wrong.messages.find("'" + std::string(GetParam().pass) + "'"),
            std::string::npos)
      << wrong.messages;
  EXPECT_NE(wrong.messages.find(GetParam().output), std::string::npos)
      << wrong.messages;
}

const char *const decompose = "func.func(cpu-decompose{all})";

const Variant variants[] = {
    {"StateNotCarried", scan, "cpu-decompose", decompose,
     "scf.yield %inserted_slice, %4#0", "scf.yield %inserted_slice, %arg8",
     "'result 1' differs"},
    {"DecayTwice", scan, "cpu-decompose", decompose, "linalg.yield %5 : f32",
     "%twice = arith.mulf %5, %5 : f32\nlinalg.yield %twice : f32",
     "'result 0' differs at [0, 0, 0, 0, 0]; the first op whose value nothing "
     "before explains is 'scf.for'"},
    {"LastStepDropped", scan, "cpu-decompose", decompose,
     "%0:2 = scf.for %arg6 = %c0 to %dim step",
     "%last = arith.subi %dim, %c1 : index\n"
     "%0:2 = scf.for %arg6 = %c0 to %last step",
     "'result 0' differs"},
    {"WrongGroupIndex", scan, "cpu-decompose", decompose,
     "(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d5)",
     "(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d5)", "'result 0' differs"},
    {"MaskBeforeTheOffset", attention, "cpu-decompose", decompose,
     "arith.addi %19, %in_4 : i64", "arith.addi %19, %19 : i64",
     "'result 0' differs"},
    {"MaskLeavesOutThePosition", attention, "cpu-decompose", decompose,
     "arith.cmpi sle", "arith.cmpi slt", "'result 0' differs"},
    {"EpsilonDropped", norm, "cpu-decompose", decompose, "9.99999974E-6",
     "0.000000e+00", "'result 0' differs"},
    {"SliceOffByOne", convolution, "cpu-decompose", decompose,
     "into %inserted_slice[0, 3, 0]", "into %inserted_slice[0, 2, 0]",
     "'result 0' differs"},
    {"OperandTransposed", residual, "cpu-fuse-elementwise",
     "func.func(cpu-fuse-elementwise)", "linalg.matmul ins",
     "linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
     "affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] ins",
     "is 'linalg.matmul'"},
    {"ResidualSkipped", residual, "cpu-fuse-elementwise",
     "func.func(cpu-fuse-elementwise)", "arith.addf %in, %",
     "arith.maximumf %4, %", "something was left out"},
    {"TileOffByOneAtTheEnd", tiles, "cpu-decompose", decompose,
     "-> (4, -d0 + s0)", "-> (4, -d0 + s0 - 1)", "'result 0' differs"},
    {"DerivedStateNotCarried", language, "derive-state", "derive-state",
     "return %extracted_slice, %5#1", "return %extracted_slice, %arg1",
     "the logits differ"},
    {"DerivedStateOfALastTokenNotCarried", language, "derive-state",
     "derive-state", "return %extracted_slice, %5#1",
     "%one = arith.constant 1 : index\n"
     "%length = tensor.dim %arg0, %one : tensor<1x?xi64>\n"
     "%last = arith.cmpi eq, %length, %one : index\n"
     "%window = arith.select %last, %arg1, %5#1 : tensor<1x3x4xf32>\n"
     "return %extracted_slice, %window",
     "from what @prefill leaves of it at once"},
    // As if the product of both factors, 0.353553368..., had been rounded.
    {"ScaleOfAttentionInItsLastBit", takenApart, "recognise-operators",
     "recognise-operators", "onnx.unrounded_scale = array<f64: 0.353553368",
     "onnx.unrounded_scale = array<f64: 0.353553378", "'y' differs"},
    {"NextElementForTheGreatest", greatest, "raise-onnx", "raise-onnx",
     "arith.cmpi eq", "arith.cmpi ne", "'y' differs"},
    {"LeastForGreatest", greatest, "raise-onnx", "raise-onnx",
     "arith.cmpf olt, %in, %", "arith.cmpf ogt, %in, %", "'y' differs"},
    {"ZeroPointNotRounded", quantised, "raise-onnx", "raise-onnx",
     "math.roundeven", "math.floor", "differs"},
    {"RangeNotCut", quantised, "raise-onnx", "raise-onnx",
     "arith.minimumf %out", "arith.maximumf %out", "differs"},
};

INSTANTIATE_TEST_SUITE_P(Wrong, VerifyPassesTest, testing::ValuesIn(variants),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

} // namespace
