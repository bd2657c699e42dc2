// What the interfaces of the hybrid dialect make computes the same over
// residues (docs/exact.md): steps and continuations of sequence mixers,
// decompositions, consumers that follow their producer into its loops.
#include "dialects/hybrid/Hybrid.h"
#include "lib/reference/Interpreter.h"
#include "lib/verify/Compare.h"
#include "lib/verify/Samples.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/Transforms/TilingInterfaceImpl.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::hybrid;
using jarana::reference::Exact;
using jarana::verify::Sizes;

namespace {

struct HybridEqualTest : testing::Test {
  MLIRContext context;
  OwningOpRef<ModuleOp> before, module;

  HybridEqualTest() {
    DialectRegistry registry;
    registerHybridExtensions(registry);
    registry.insert<func::FuncDialect>();
    linalg::registerTilingInterfaceExternalModels(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Parses `text`, twice, and gives the only op of the type in `module`.
  template <class Op> Op parse(StringRef text) {
    before = parseSourceString<ModuleOp>(text, &context);
    module = parseSourceString<ModuleOp>(text, &context);
    Op found;
    if (module)
      module->walk([&](Op op) { found = op; });
    return found;
  }

  jarana::verify::TensorsOf<Exact> outputsOf(ModuleOp of, const Sizes &sizes) {
    auto function = *of.getOps<func::FuncOp>().begin();
    auto inputs =
        jarana::verify::drawInputs<Exact>(function, sizes, /*seed=*/1);
    jarana::reference::InterpreterOf<Exact> interpreter(of);
    auto outputs = interpreter.run(function, std::move(*inputs));
    return succeeded(outputs) ? std::move(*outputs)
                              : jarana::verify::TensorsOf<Exact>();
  }

  /// `module` computes what it did when it was parsed, at lengths 1, 3, 16 and
  /// 17 where they are not known.
  void expectEqual() {
    ASSERT_TRUE(succeeded(verify(*module)));
    for (const Sizes &sizes :
         jarana::verify::smallSizes(*before->getOps<func::FuncOp>().begin())) {
      auto expected = outputsOf(*before, sizes),
           found = outputsOf(*module, sizes);
      ASSERT_FALSE(expected.empty());
      ASSERT_EQ(expected.size(), found.size());
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT_EQ(jarana::verify::difference(expected[i], found[i]), "")
            << "result " << i;
    }
  }
};

/// A slice with the sizes of `value` that begins at `begin` of dimension `dim`.
struct Slice {
  Slice(OpBuilder &builder, Value value, int64_t dim, int64_t begin)
      : sizes(tensor::getMixedSizes(builder, value.getLoc(), value)),
        offsets(sizes.size(), builder.getIndexAttr(0)),
        strides(sizes.size(), builder.getIndexAttr(1)) {
    offsets[dim] = builder.getIndexAttr(begin);
  }
  SmallVector<OpFoldResult> sizes, offsets, strides;
};

/// Part [begin, begin + size) of dimension `dim` of `value`.
Value partOf(OpBuilder &builder, Value value, int64_t dim, int64_t begin,
             int64_t size) {
  Slice slice(builder, value, dim, begin);
  slice.sizes[dim] = builder.getIndexAttr(size);
  return tensor::ExtractSliceOp::create(builder, value.getLoc(), value,
                                        slice.offsets, slice.sizes,
                                        slice.strides);
}

Value withPart(OpBuilder &builder, Value whole, Value part, int64_t dim,
               int64_t begin) {
  Slice slice(builder, part, dim, begin);
  return tensor::InsertSliceOp::create(builder, whole.getLoc(), part, whole,
                                       slice.offsets, slice.sizes,
                                       slice.strides);
}

/// Replaces a mixer of `length` positions by pieces of `piece` positions: by
/// steps (of one), or by continuations, which see the context so far.
LogicalResult feedPieces(SequenceMixerOpInterface mixer, int64_t length,
                         int64_t piece, bool continues) {
  OpBuilder builder(mixer);
  auto destination = cast<DestinationStyleOpInterface>(mixer.getOperation());
  SmallVector<OpOperand *> sequence = mixer.getSequenceOperands(),
                           context = mixer.getContextOperands();
  SmallVector<Value> operands(mixer->getOperands()), results;
  for (OpOperand &init : destination.getDpsInitsMutable())
    results.push_back(init.get());
  for (int64_t begin = 0; begin < length; begin += piece) {
    int64_t size = std::min(piece, length - begin);
    for (OpOperand *operand : sequence)
      operands[operand->getOperandNumber()] = partOf(
          builder, operand->get(), mixer.getSequenceDim(*operand), begin, size);
    if (continues)
      for (OpOperand *operand : context)
        operands[operand->getOperandNumber()] =
            partOf(builder, operand->get(), mixer.getSequenceDim(*operand), 0,
                   begin + size);
    SmallVector<Value> made;
    if (continues) {
      Value first =
          arith::ConstantIndexOp::create(builder, mixer.getLoc(), begin);
      made = mixer.buildContinuation(builder, operands, first);
    } else {
      FailureOr<SmallVector<Value>> step = mixer.buildStep(builder, operands);
      if (failed(step))
        return failure();
      made = *step;
    }
    for (auto [i, init] : llvm::enumerate(destination.getDpsInitsMutable())) {
      bool isSequence = llvm::is_contained(sequence, &init);
      results[i] = isSequence ? withPart(builder, results[i], made[i],
                                         mixer.getSequenceDim(init), begin)
                              : made[i];
      if (!isSequence)
        operands[init.getOperandNumber()] = made[i];
    }
  }
  mixer->replaceAllUsesWith(results);
  mixer->erase();
  return success();
}

constexpr const char *kScan = R"(
func.func @f(%x: tensor<2x5x2x3x2xf32>, %dt: tensor<2x5x2x3xf32>, %a: tensor<2x3xf32>, %b: tensor<2x5x2x4xf32>, %c: tensor<2x5x2x4xf32>,
             %y: tensor<2x5x2x3x2xf32>, %s: tensor<2x2x3x2x4xf32>) -> (tensor<2x5x2x3x2xf32>, tensor<2x2x3x2x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x5x2x3x2xf32>, tensor<2x3xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>)
      dt(%dt : tensor<2x5x2x3xf32>) outs(%y, %s : tensor<2x5x2x3x2xf32>, tensor<2x2x3x2x4xf32>) {chunk = 3}
      -> tensor<2x5x2x3x2xf32>, tensor<2x2x3x2x4xf32>
  return %0#0, %0#1 : tensor<2x5x2x3x2xf32>, tensor<2x2x3x2x4xf32>
})";

constexpr const char *kScanOfAnyLength = R"(
func.func @f(%x: tensor<?x?x2x3x2xf32>, %a: tensor<?x?x2x3xf32>, %b: tensor<?x?x2x4xf32>, %c: tensor<?x?x2x4xf32>,
             %y: tensor<?x?x2x3x2xf32>, %s: tensor<?x2x3x2x4xf32>) -> (tensor<?x?x2x3x2xf32>, tensor<?x2x3x2x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<?x?x2x3x2xf32>, tensor<?x?x2x3xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>)
      outs(%y, %s : tensor<?x?x2x3x2xf32>, tensor<?x2x3x2x4xf32>) -> tensor<?x?x2x3x2xf32>, tensor<?x2x3x2x4xf32>
  return %0#0, %0#1 : tensor<?x?x2x3x2xf32>, tensor<?x2x3x2x4xf32>
})";

constexpr const char *kConv = R"(
func.func @f(%x: tensor<2x5x3xf32>, %w: tensor<3x4xf32>, %b: tensor<3xf32>, %y: tensor<2x5x3xf32>, %s: tensor<2x3x3xf32>)
    -> (tensor<2x5x3xf32>, tensor<2x3x3xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<2x5x3xf32>, tensor<3x4xf32>) bias(%b : tensor<3xf32>)
      outs(%y, %s : tensor<2x5x3xf32>, tensor<2x3x3xf32>) {activation = #hybrid.activation<silu>} -> tensor<2x5x3xf32>, tensor<2x3x3xf32>
  return %0#0, %0#1 : tensor<2x5x3xf32>, tensor<2x3x3xf32>
})";

constexpr const char *kAttention = R"(
func.func @f(%q: tensor<2x2x3x5x2xf32>, %k: tensor<2x2x5x2xf32>, %v: tensor<2x2x5x4xf32>, %bias: tensor<2x1x3x5x5xf32>, %y: tensor<2x2x3x5x4xf32>)
    -> tensor<2x2x3x5x4xf32> {
  %0 = hybrid.attention ins(%q, %k, %v : tensor<2x2x3x5x2xf32>, tensor<2x2x5x2xf32>, tensor<2x2x5x4xf32>)
      bias(%bias : tensor<2x1x3x5x5xf32>) outs(%y : tensor<2x2x3x5x4xf32>) {scale = 0.25 : f32} -> tensor<2x2x3x5x4xf32>
  return %0 : tensor<2x2x3x5x4xf32>
})";

constexpr const char *kCausalAttention = R"(
func.func @f(%q: tensor<2x2x3x5x2xf32>, %k: tensor<2x2x5x2xf32>, %v: tensor<2x2x5x4xf32>, %y: tensor<2x2x3x5x4xf32>)
    -> tensor<2x2x3x5x4xf32> {
  %0 = hybrid.attention ins(%q, %k, %v : tensor<2x2x3x5x2xf32>, tensor<2x2x5x2xf32>, tensor<2x2x5x4xf32>)
      outs(%y : tensor<2x2x3x5x4xf32>) {scale = 0.25 : f32, mask = #hybrid.mask<causal>, softcap = 9.0 : f32} -> tensor<2x2x3x5x4xf32>
  return %0 : tensor<2x2x3x5x4xf32>
})";

/// A frontier that lies behind: the first position sees nothing.
constexpr const char *kLateAttention = R"(
func.func @f(%q: tensor<2x1x1x5x2xf32>, %k: tensor<2x1x5x2xf32>, %y: tensor<2x1x1x5x2xf32>) -> tensor<2x1x1x5x2xf32> {
  %late = arith.constant dense<-1> : tensor<i64>
  %0 = hybrid.attention ins(%q, %k, %k : tensor<2x1x1x5x2xf32>, tensor<2x1x5x2xf32>, tensor<2x1x5x2xf32>)
      query_offset(%late : tensor<i64>) outs(%y : tensor<2x1x1x5x2xf32>) {scale = 0.25 : f32, mask = #hybrid.mask<causal>} -> tensor<2x1x1x5x2xf32>
  return %0 : tensor<2x1x1x5x2xf32>
})";

constexpr int64_t kLength = 5;

TEST_F(HybridEqualTest, StepsOfAScanAreTheScan) {
  auto scan = parse<SsdScanOp>(kScan);
  ASSERT_TRUE(scan);
  EXPECT_TRUE(succeeded(feedPieces(scan, kLength, 1, /*continues=*/false)));
  expectEqual();
}

TEST_F(HybridEqualTest, StepsOfAConvolutionAreTheConvolution) {
  auto conv = parse<CausalConv1dOp>(kConv);
  ASSERT_TRUE(conv);
  EXPECT_TRUE(succeeded(feedPieces(conv, kLength, 1, /*continues=*/false)));
  expectEqual();
}

TEST_F(HybridEqualTest, StepsOfAttentionSeeTheWholeContext) {
  auto attention = parse<AttentionOp>(kAttention);
  ASSERT_TRUE(attention);
  EXPECT_TRUE(
      succeeded(feedPieces(attention, kLength, 1, /*continues=*/false)));
  expectEqual();
}

TEST_F(HybridEqualTest, AttentionGoesOnWithWhatItSawSoFar) {
  for (const char *text : {kCausalAttention, kLateAttention})
    for (int64_t piece : {1, 2, 3, 5}) {
      auto attention = parse<AttentionOp>(text);
      ASSERT_TRUE(attention);
      EXPECT_TRUE(
          succeeded(feedPieces(attention, kLength, piece, /*continues=*/true)));
      expectEqual();
    }
}

TEST_F(HybridEqualTest, BothViewsAreTheScan) {
  // 0: one step after another.
  for (int64_t chunk : {0, 1, 2, 3, 4, 5, 16, 17, 18}) {
    auto scan = parse<SsdScanOp>(kScanOfAnyLength);
    ASSERT_TRUE(scan);
    OpBuilder builder(scan);
    FailureOr<SmallVector<Value>> values =
        chunk ? decomposeChunked(builder, scan, chunk)
              : decomposeRecurrent(builder, scan);
    ASSERT_TRUE(succeeded(values));
    scan->replaceAllUsesWith(*values);
    scan.erase();
    expectEqual();
  }
}

/// Tiles the linalg.add of the module by threads and fuses `consumer` into the
/// loop.
static LogicalResult fuseInto(ModuleOp module, Operation *consumer,
                              ArrayRef<int64_t> sizes, bool threads) {
  IRRewriter rewriter(module.getContext());
  Operation *producer = nullptr;
  module.walk([&](linalg::AddOp op) { producer = op; });
  rewriter.setInsertionPoint(producer);
  scf::SCFTilingOptions options;
  SmallVector<OpFoldResult> tiles;
  for (int64_t size : sizes)
    tiles.push_back(rewriter.getIndexAttr(size));
  options.setTileSizes(tiles);
  options.setLoopType(threads ? scf::SCFTilingOptions::LoopType::ForallOp
                              : scf::SCFTilingOptions::LoopType::ForOp);
  FailureOr<scf::SCFTilingResult> tiled =
      scf::tileUsingSCF(rewriter, cast<TilingInterface>(producer), options);
  if (failed(tiled))
    return failure();
  rewriter.replaceOp(producer, tiled->replacements);
  return scf::tileAndFuseConsumer(rewriter, consumer, tiled->loops);
}

constexpr const char *kAddThenScan = R"(
func.func @f(%v: tensor<2x9x1x7x4xf32>, %a: tensor<1x7xf32>, %b: tensor<2x9x1x4xf32>,
             %y: tensor<2x9x1x7x4xf32>, %s: tensor<2x1x7x4x4xf32>) -> (tensor<2x9x1x7x4xf32>, tensor<2x1x7x4x4xf32>) {
  %x = linalg.add ins(%v, %v : tensor<2x9x1x7x4xf32>, tensor<2x9x1x7x4xf32>) outs(%v : tensor<2x9x1x7x4xf32>) -> tensor<2x9x1x7x4xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x9x1x7x4xf32>, tensor<1x7xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      outs(%y, %s : tensor<2x9x1x7x4xf32>, tensor<2x1x7x4x4xf32>) -> tensor<2x9x1x7x4xf32>, tensor<2x1x7x4x4xf32>
  return %0#0, %0#1 : tensor<2x9x1x7x4xf32>, tensor<2x1x7x4x4xf32>
})";

constexpr const char *kAddThenNorm = R"(
func.func @f(%v: tensor<2x9x6xf32>, %g: tensor<2x9x6xf32>, %y: tensor<2x9x6xf32>) -> tensor<2x9x6xf32> {
  %x = linalg.add ins(%v, %v : tensor<2x9x6xf32>, tensor<2x9x6xf32>) outs(%v : tensor<2x9x6xf32>) -> tensor<2x9x6xf32>
  %0 = hybrid.rms_norm ins(%x : tensor<2x9x6xf32>) gate(%g : tensor<2x9x6xf32>) outs(%y : tensor<2x9x6xf32>) {epsilon = 1.0e-5 : f32} -> tensor<2x9x6xf32>
  return %0 : tensor<2x9x6xf32>
})";

constexpr const char *kAddThenConv = R"(
func.func @f(%v: tensor<2x9x5xf32>, %w: tensor<5x4xf32>, %y: tensor<2x9x5xf32>, %s: tensor<2x3x5xf32>) -> (tensor<2x9x5xf32>, tensor<2x3x5xf32>) {
  %x = linalg.add ins(%v, %v : tensor<2x9x5xf32>, tensor<2x9x5xf32>) outs(%v : tensor<2x9x5xf32>) -> tensor<2x9x5xf32>
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<2x9x5xf32>, tensor<5x4xf32>) outs(%y, %s : tensor<2x9x5xf32>, tensor<2x3x5xf32>)
      -> tensor<2x9x5xf32>, tensor<2x3x5xf32>
  return %0#0, %0#1 : tensor<2x9x5xf32>, tensor<2x3x5xf32>
})";

constexpr const char *kAddThenAttention = R"(
func.func @f(%v: tensor<2x3x1x7x2xf32>, %k: tensor<2x3x9x2xf32>, %offset: tensor<2xi64>, %y: tensor<2x3x1x7x2xf32>) -> tensor<2x3x1x7x2xf32> {
  %q = linalg.add ins(%v, %v : tensor<2x3x1x7x2xf32>, tensor<2x3x1x7x2xf32>) outs(%v : tensor<2x3x1x7x2xf32>) -> tensor<2x3x1x7x2xf32>
  %0 = hybrid.attention ins(%q, %k, %k : tensor<2x3x1x7x2xf32>, tensor<2x3x9x2xf32>, tensor<2x3x9x2xf32>) query_offset(%offset : tensor<2xi64>)
      outs(%y : tensor<2x3x1x7x2xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<2x3x1x7x2xf32>
  return %0 : tensor<2x3x1x7x2xf32>
})";

constexpr const char *kAddThenRotary = R"(
func.func @f(%v: tensor<2x7x3x6xf32>, %cos: tensor<1x7x2xf32>, %sin: tensor<1x7x2xf32>, %y: tensor<2x7x3x6xf32>) -> tensor<2x7x3x6xf32> {
  %x = linalg.add ins(%v, %v : tensor<2x7x3x6xf32>, tensor<2x7x3x6xf32>) outs(%v : tensor<2x7x3x6xf32>) -> tensor<2x7x3x6xf32>
  %0 = hybrid.rotary_embedding ins(%x, %cos, %sin : tensor<2x7x3x6xf32>, tensor<1x7x2xf32>, tensor<1x7x2xf32>) outs(%y : tensor<2x7x3x6xf32>)
      {rotary_dim = 4} -> tensor<2x7x3x6xf32>
  return %0 : tensor<2x7x3x6xf32>
})";

constexpr const char *kAddThenProduct = R"(
func.func @f(%v: tensor<7x5xf32>, %w: tensor<8x5x4xf32>, %chosen: tensor<7xi64>, %y: tensor<7x4xf32>) -> tensor<7x4xf32> {
  %x = linalg.add ins(%v, %v : tensor<7x5xf32>, tensor<7x5xf32>) outs(%v : tensor<7x5xf32>) -> tensor<7x5xf32>
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<7x5xf32>, tensor<8x5x4xf32>, tensor<7xi64>) outs(%y : tensor<7x4xf32>) -> tensor<7x4xf32>
  return %0 : tensor<7x4xf32>
})";

TEST_F(HybridEqualTest, ConsumersFollowTheirProducerAndGiveTheSame) {
  struct Case {
    const char *text;
    SmallVector<int64_t> tiles;
  };
  const Case cases[] = {{kAddThenScan, {1, 0, 0, 2}}, // heads
                        {kAddThenNorm, {1, 4}},
                        {kAddThenConv, {1, 0, 2}}, // channels
                        {kAddThenAttention, {1, 2, 0, 3}},
                        {kAddThenRotary, {1, 3, 2}},
                        {kAddThenProduct, {3}}};
  for (const Case &each : cases)
    for (bool threads : {false, true}) {
      SCOPED_TRACE(each.text);
      auto consumer = parse<ComputeOpInterface>(each.text);
      ASSERT_TRUE(consumer);
      EXPECT_TRUE(succeeded(fuseInto(*module, consumer, each.tiles, threads)));
      bool inside = false;
      module->walk([&](ComputeOpInterface op) {
        inside |= op->getParentOfType<LoopLikeOpInterface>() != nullptr;
      });
      EXPECT_TRUE(inside);
      expectEqual();
    }
}

TEST_F(HybridEqualTest, MixersDoNotFollowTheirProducerAlongTheSequence) {
  for (const char *text : {kAddThenScan, kAddThenConv}) {
    auto mixer = parse<ComputeOpInterface>(text);
    ASSERT_TRUE(mixer);
    EXPECT_TRUE(failed(fuseInto(*module, mixer, {0, 3}, /*threads=*/true)));
  }
}

/// There is no slice of the window, which has no positions.
TEST_F(HybridEqualTest, AConvolutionByOnePositionIsNotTiled) {
  auto conv = parse<CausalConv1dOp>(R"(
func.func @f(%v: tensor<2x9x5xf32>, %w: tensor<5x1xf32>, %y: tensor<2x9x5xf32>, %s: tensor<2x0x5xf32>) -> tensor<2x9x5xf32> {
  %x = linalg.add ins(%v, %v : tensor<2x9x5xf32>, tensor<2x9x5xf32>) outs(%v : tensor<2x9x5xf32>) -> tensor<2x9x5xf32>
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<2x9x5xf32>, tensor<5x1xf32>) outs(%y, %s : tensor<2x9x5xf32>, tensor<2x0x5xf32>)
      -> tensor<2x9x5xf32>, tensor<2x0x5xf32>
  return %0#0 : tensor<2x9x5xf32>
})");
  ASSERT_TRUE(conv);
  EXPECT_TRUE(failed(fuseInto(*module, conv, {1}, /*threads=*/false)));
}

TEST_F(HybridEqualTest, ANormDoesNotFollowAProducerThatCutsItsRows) {
  auto norm = parse<RmsNormOp>(kAddThenNorm);
  ASSERT_TRUE(norm);
  EXPECT_TRUE(failed(fuseInto(*module, norm, {0, 0, 4}, /*threads=*/false)));
}

} // namespace
