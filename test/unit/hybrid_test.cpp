// The interfaces of the hybrid dialect that no textual test drives: what
// sequence mixers say about themselves, and their one-position forms. That
// these compute the same is hybrid_equal_test.cpp's.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::hybrid;

namespace {

struct HybridTest : testing::Test {
  MLIRContext context;
  OwningOpRef<ModuleOp> module;

  HybridTest() {
    DialectRegistry registry;
    registerHybridExtensions(registry);
    registry.insert<func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Parses `text` and gives its only op of the type.
  template <class Op> Op parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    Op found;
    if (module)
      module->walk([&](Op op) { found = op; });
    return found;
  }

  std::vector<unsigned> numbers(ArrayRef<OpOperand *> operands) {
    std::vector<unsigned> numbers;
    for (OpOperand *operand : operands)
      numbers.push_back(operand->getOperandNumber());
    return numbers;
  }
};

constexpr const char *kScan = R"(
func.func @f(%x: tensor<2x?x1x8x16xf32>, %dt: tensor<2x?x1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
             %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      dt(%dt : tensor<2x?x1x8xf32>) outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
})";

constexpr const char *kConv = R"(
func.func @f(%x: tensor<2x?x6xf32>, %w: tensor<6x4xf32>, %y: tensor<2x?x6xf32>, %s: tensor<2x3x6xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<2x?x6xf32>, tensor<6x4xf32>)
      outs(%y, %s : tensor<2x?x6xf32>, tensor<2x3x6xf32>) -> tensor<2x?x6xf32>, tensor<2x3x6xf32>
  return
})";

constexpr const char *kAttention = R"(
func.func @f(%q: tensor<1x2x4x?x16xf32>, %k: tensor<1x2x?x16xf32>, %bias: tensor<1x1x1x?x?xf32>, %y: tensor<1x2x4x?x16xf32>) {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
      bias(%bias : tensor<1x1x1x?x?xf32>) outs(%y : tensor<1x2x4x?x16xf32>) {scale = 0.25 : f32} -> tensor<1x2x4x?x16xf32>
  return
})";

TEST_F(HybridTest, ScanIsAMixerWithAState) {
  auto scan = parse<SsdScanOp>(kScan);
  ASSERT_TRUE(scan);
  auto mixer = cast<SequenceMixerOpInterface>(scan.getOperation());
  // x, dt, b, c, y; a is per head.
  EXPECT_EQ(numbers(mixer.getSequenceOperands()),
            (std::vector<unsigned>{0, 1, 3, 4, 5}));
  EXPECT_EQ(numbers(mixer.getStateOperands()), (std::vector<unsigned>{6}));
  EXPECT_TRUE(mixer.getContextOperands().empty());
  EXPECT_EQ(mixer.getSequenceDim(scan.getXMutable()), 1u);
}

TEST_F(HybridTest, ConvolutionIsAMixerWithAWindow) {
  auto conv = parse<CausalConv1dOp>(kConv);
  ASSERT_TRUE(conv);
  auto mixer = cast<SequenceMixerOpInterface>(conv.getOperation());
  EXPECT_EQ(numbers(mixer.getSequenceOperands()),
            (std::vector<unsigned>{0, 2}));
  EXPECT_EQ(numbers(mixer.getStateOperands()), (std::vector<unsigned>{3}));
}

TEST_F(HybridTest, AttentionIsAMixerWithAContext) {
  auto attention = parse<AttentionOp>(kAttention);
  ASSERT_TRUE(attention);
  auto mixer = cast<SequenceMixerOpInterface>(attention.getOperation());
  EXPECT_EQ(numbers(mixer.getSequenceOperands()),
            (std::vector<unsigned>{0, 3, 4}));
  EXPECT_EQ(numbers(mixer.getContextOperands()), (std::vector<unsigned>{1, 2}));
  EXPECT_TRUE(mixer.getStateOperands().empty());
  EXPECT_EQ(mixer.getSequenceDim(attention.getQueryMutable()), 3u);
  EXPECT_EQ(mixer.getSequenceDim(attention.getKeyMutable()), 2u);
}

/// Operands of `op` with size 1 along the sequence, and the step on them.
static SmallVector<Value> stepOf(SequenceMixerOpInterface mixer,
                                 OpBuilder &builder) {
  builder.setInsertionPoint(mixer);
  SmallVector<Value> operands(mixer->getOperands());
  for (OpOperand *operand : mixer.getSequenceOperands()) {
    auto type = cast<RankedTensorType>(operand->get().getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[mixer.getSequenceDim(*operand)] = 1;
    operands[operand->getOperandNumber()] = tensor::CastOp::create(
        builder, mixer.getLoc(), type.clone(shape), operand->get());
  }
  FailureOr<SmallVector<Value>> values = mixer.buildStep(builder, operands);
  return succeeded(values) ? *values : SmallVector<Value>();
}

TEST_F(HybridTest, TheStepOfAScanIsAStateUpdate) {
  auto scan = parse<SsdScanOp>(kScan);
  ASSERT_TRUE(scan);
  OpBuilder builder(&context);
  SmallVector<Value> values =
      stepOf(cast<SequenceMixerOpInterface>(scan.getOperation()), builder);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(cast<ShapedType>(values[0].getType()).getShape(),
            (ArrayRef<int64_t>{2, 1, 1, 8, 16}));
  EXPECT_EQ(values[1].getType(), scan.getState().getType());
  EXPECT_TRUE(values[1].getDefiningOp<StateUpdateOp>());
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(HybridTest, TheStepOfAConvolutionTakesOnePosition) {
  auto conv = parse<CausalConv1dOp>(kConv);
  ASSERT_TRUE(conv);
  OpBuilder builder(&context);
  SmallVector<Value> values =
      stepOf(cast<SequenceMixerOpInterface>(conv.getOperation()), builder);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(cast<ShapedType>(values[0].getType()).getShape(),
            (ArrayRef<int64_t>{2, 1, 6}));
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(HybridTest, TheStepOfAttentionIsOneQueryOverTheWholeContext) {
  auto attention = parse<AttentionOp>(kAttention);
  ASSERT_TRUE(attention);
  OpBuilder builder(&context);
  SmallVector<Value> values =
      stepOf(cast<SequenceMixerOpInterface>(attention.getOperation()), builder);
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(cast<ShapedType>(values[0].getType()).getShape(),
            (ArrayRef<int64_t>{1, 2, 4, 1, 16}));
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(HybridTest, AStepNeedsEveryOperand) {
  auto conv = parse<CausalConv1dOp>(kConv);
  ASSERT_TRUE(conv);
  OpBuilder builder(&context);
  builder.setInsertionPoint(conv);
  EXPECT_TRUE(failed(conv.buildStep(builder, conv->getOperands().drop_back())));
}

TEST_F(HybridTest, ChunksArePositive) {
  auto scan = parse<SsdScanOp>(kScan);
  ASSERT_TRUE(scan);
  OpBuilder builder(&context);
  builder.setInsertionPoint(scan);
  EXPECT_TRUE(failed(decomposeChunked(builder, scan, 0)));
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(HybridTest, EffectsOnBuffers) {
  auto scan = parse<SsdScanOp>(R"(
func.func @f(%x: memref<2x9x1x8x16xf32>, %a: memref<1x8xf32>, %b: memref<2x9x1x4xf32>, %y: memref<2x9x1x8x16xf32>, %s: memref<2x1x8x16x4xf32>) {
  hybrid.ssd_scan ins(%x, %a, %b, %b : memref<2x9x1x8x16xf32>, memref<1x8xf32>, memref<2x9x1x4xf32>, memref<2x9x1x4xf32>)
      outs(%y, %s : memref<2x9x1x8x16xf32>, memref<2x1x8x16x4xf32>)
  return
})");
  ASSERT_TRUE(scan);
  auto count = [&](Value value, auto effect) {
    SmallVector<MemoryEffects::EffectInstance> effects;
    scan.getEffects(effects);
    return llvm::count_if(effects,
                          [&](const MemoryEffects::EffectInstance &each) {
                            return each.getValue() == value &&
                                   isa<decltype(effect)>(each.getEffect());
                          });
  };
  EXPECT_EQ(count(scan.getX(), MemoryEffects::Read()), 1);
  EXPECT_EQ(count(scan.getX(), MemoryEffects::Write()), 0);
  EXPECT_EQ(count(scan.getY(), MemoryEffects::Read()), 0);
  EXPECT_EQ(count(scan.getY(), MemoryEffects::Write()), 1);
  EXPECT_EQ(count(scan.getState(), MemoryEffects::Read()), 1);
  EXPECT_EQ(count(scan.getState(), MemoryEffects::Write()), 1);
}

} // namespace
