// What the compute ops say about their dimensions, and what follows from it:
// memory effects, result shapes, loops.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"

using namespace mlir;
using namespace mlir::hybrid;

using Dims = SmallVector<NamedDims>;

static int64_t rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

/// Letters of leading dimensions of which there are as many as there are:
/// digits first, so that they do not meet the letters of the op.
static std::string leadingNames(int64_t count) {
  std::string names;
  for (int64_t i = 0; i < count; ++i)
    names.push_back(static_cast<char>('0' + i));
  return names;
}

Dims SsdScanOp::getNamedDims() {
  Dims dims{{"x", "blgrp"}};
  if (getDt())
    dims.push_back({"dt", "blgr"});
  dims.push_back({"a", rankOf(getA()) == 2 ? "gr" : "blgr"});
  dims.append(
      {{"b", "blgn"}, {"c", "blgn"}, {"y", "blgrp"}, {"state", "bgrpn"}});
  return dims;
}
std::string SsdScanOp::getLoopNames() { return "blgrp"; }
std::string SsdScanOp::getCarriedLoops() { return "l"; }

Dims StateUpdateOp::getNamedDims() {
  Dims dims{{"x", "bgrp"}};
  if (getDt())
    dims.push_back({"dt", "bgr"});
  dims.push_back({"a", rankOf(getA()) == 2 ? "gr" : "bgr"});
  dims.append({{"b", "bgn"}, {"c", "bgn"}, {"y", "bgrp"}, {"state", "bgrpn"}});
  return dims;
}
std::string StateUpdateOp::getLoopNames() { return "bgrp"; }

Dims CausalConv1dOp::getNamedDims() {
  Dims dims{{"input", "blc"}, {"weight", "ck"}};
  if (getBias())
    dims.push_back({"bias", "c"});
  dims.append({{"y", "blc"}, {"state", "b*c"}});
  return dims;
}
std::string CausalConv1dOp::getLoopNames() { return "blc"; }
std::string CausalConv1dOp::getCarriedLoops() { return "l"; }

template <class Op> static Dims attentionInputs(Op op) {
  Dims dims{{"query", "bhrmd"}, {"key", "bhsd"}, {"value", "bhse"}};
  if (op.getBias())
    dims.push_back({"bias", "BHRMs"});
  if (op.getQueryOffset())
    dims.push_back(
        {"query_offset", rankOf(op.getQueryOffset()) == 0 ? "" : "b"});
  return dims;
}

Dims AttentionOp::getNamedDims() {
  Dims dims = attentionInputs(*this);
  if (getSink())
    dims.push_back({"sink", "hr"});
  dims.push_back({"y", "bhrme"});
  return dims;
}
std::string AttentionOp::getLoopNames() { return "bhrm"; }

Dims OnlineAttentionOp::getNamedDims() {
  Dims dims = attentionInputs(*this);
  dims.append({{"acc", "bhrme"}, {"max", "bhrm"}, {"sum", "bhrm"}});
  return dims;
}
std::string OnlineAttentionOp::getLoopNames() { return "bhrms"; }
std::string OnlineAttentionOp::getCarriedLoops() { return "s"; }

Dims KvCacheUpdateOp::getNamedDims() {
  return {{"new_values", "bhld"},
          {"position", rankOf(getPosition()) == 0 ? "" : "b"},
          {"cache", "bh*d"}};
}
std::string KvCacheUpdateOp::getLoopNames() { return "bh"; }

Dims RotaryEmbeddingOp::getNamedDims() {
  return {{"input", "blhd"}, {"cos", "Bl*"}, {"sin", "Bl*"}, {"y", "blhd"}};
}
std::string RotaryEmbeddingOp::getLoopNames() { return "blh"; }

Dims RmsNormOp::getNamedDims() {
  std::string all = getLoopNames() + "n";
  Dims dims{{"input", all}};
  if (getWeight())
    dims.push_back({"weight", "n"});
  if (getGate())
    dims.push_back({"gate", all});
  dims.push_back({"y", all});
  return dims;
}
std::string RmsNormOp::getLoopNames() {
  return leadingNames(rankOf(getInput()) - 1);
}

Dims QuantizedMatmulOp::getNamedDims() {
  std::string rows = leadingNames(rankOf(getLhs()) - 1);
  Dims dims{{"lhs", rows + "k"}, {"codes", "nq*"}, {"scales", "nq"}};
  if (getZeroPoints())
    dims.push_back({"zero_points", "n*"});
  dims.push_back({"y", rows + "n"});
  return dims;
}
std::string QuantizedMatmulOp::getLoopNames() {
  return leadingNames(rankOf(getLhs()) - 1) + "n";
}

Dims PackedMatmulOp::getNamedDims() {
  return {{"lhs", "mk"}, {"panels", "qk*"}, {"y", "m*"}};
}
std::string PackedMatmulOp::getLoopNames() { return "mq"; }

LoopNest PackedMatmulOp::getLoopNest() {
  LoopNest nest = LoopNest::get(*this);
  // An iteration of the second loop is one panel: nr columns of y.
  nest.operands[2][1] = {1,
                         cast<ShapedType>(getPanels().getType()).getDimSize(2)};
  return nest;
}

Dims IndexedMatmulOp::getNamedDims() {
  return {{"lhs", "tk"},
          {"weights", getTransposed() ? "enk" : "ekn"},
          {"indices", "t"},
          {"y", "tn"}};
}
std::string IndexedMatmulOp::getLoopNames() { return "tn"; }

LoopNest LoopNest::get(ComputeOpInterface op) {
  Dims named = op.getNamedDims();
  std::string loops = op.getLoopNames(), carried = op.getCarriedLoops();
  LoopNest nest;
  for (char name : loops) {
    Loop loop{name,
              carried.find(name) == std::string::npos
                  ? utils::IteratorType::parallel
                  : utils::IteratorType::reduction,
              0, 0};
    for (auto [operand, entry] : llvm::enumerate(named))
      if (size_t dim = entry.dims.find(name); dim != std::string::npos) {
        loop.operand = operand;
        loop.dim = dim;
        break;
      }
    nest.loops.push_back(loop);
  }
  for (auto [operand, entry] : llvm::enumerate(named)) {
    auto type = cast<ShapedType>(op->getOperand(operand).getType());
    SmallVector<DimCut> cuts;
    for (auto [dim, letter] : llvm::enumerate(entry.dims)) {
      size_t loop = loops.find(llvm::toLower(letter));
      bool cut = loop != std::string::npos && letter != '*';
      if (cut && llvm::isUpper(letter) && type.getDimSize(dim) == 1) {
        const Loop &range = nest.loops[loop];
        cut = cast<ShapedType>(op->getOperand(range.operand).getType())
                  .getDimSize(range.dim) == 1;
      }
      cuts.push_back(cut ? DimCut{static_cast<int>(loop)} : DimCut{});
    }
    nest.operands.push_back(std::move(cuts));
  }
  return nest;
}

SmallVector<Type> hybrid::detail::tensorTypes(ArrayRef<Value> inits) {
  SmallVector<Type> types;
  for (Value init : inits)
    if (isa<RankedTensorType>(init.getType()))
      types.push_back(init.getType());
  return types;
}

Operation *hybrid::cloneOnOperands(OpBuilder &builder, Operation *op,
                                   ValueRange operands) {
  auto inits = operands.take_back(
      cast<DestinationStyleOpInterface>(op).getNumDpsInits());
  SmallVector<Type> types = hybrid::detail::tensorTypes(llvm::to_vector(inits));
  return mlir::clone(builder, op, types, operands);
}

void hybrid::detail::getEffects(
    ComputeOpInterface op,
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
  auto *resource = SideEffects::DefaultResource::get();
  for (OpOperand *input : destination.getDpsInputOperands())
    if (isa<MemRefType>(input->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), input, /*stage=*/0,
                           /*effectOnFullRegion=*/true, resource);
  for (auto [index, init] : llvm::enumerate(destination.getDpsInitsMutable())) {
    if (!isa<MemRefType>(init.get().getType()))
      continue;
    if (op.readsInit(index))
      effects.emplace_back(MemoryEffects::Read::get(), &init, /*stage=*/0,
                           /*effectOnFullRegion=*/true, resource);
    effects.emplace_back(MemoryEffects::Write::get(), &init, /*stage=*/0,
                         /*effectOnFullRegion=*/true, resource);
  }
}

Speculation::Speculatability
hybrid::detail::getSpeculatability(ComputeOpInterface op) {
  // A cache update outside of its bounds is undefined: it stays where it was
  // put.
  if (isa<KvCacheUpdateOp>(op) ||
      !cast<DestinationStyleOpInterface>(op.getOperation())
           .hasPureTensorSemantics())
    return Speculation::NotSpeculatable;
  return Speculation::Speculatable;
}

LogicalResult
hybrid::detail::reifyResultShapes(ComputeOpInterface op, OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &shapes) {
  auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
  for (Value init : destination.getDpsInits())
    if (isa<RankedTensorType>(init.getType()))
      shapes.push_back(tensor::getMixedSizes(builder, op.getLoc(), init));
  return success();
}
