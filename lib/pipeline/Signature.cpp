#include "lib/pipeline/Signature.h"
#include "dialects/hybrid/HybridDialect.h"
#include "passes/state/Passes.h"

using namespace mlir;

namespace jarana::pipeline {
namespace {

FailureOr<bundle::TensorSpec> specOf(func::FuncOp function, Type type,
                                     DictionaryAttr attributes,
                                     const char *what, unsigned index) {
  auto name =
      attributes ? attributes.getAs<StringAttr>(hybrid::kNameAttr) : nullptr;
  auto dtype =
      attributes ? attributes.getAs<StringAttr>(hybrid::kDTypeAttr) : nullptr;
  if (!name || !dtype)
    return function.emitError()
           << what << " " << index << " has no name or element type";
  bundle::TensorSpec spec;
  spec.name = name.str();
  spec.dtype = dtype.str();
  auto dims = attributes.getAs<ArrayAttr>("hybrid.dims");
  for (auto [axis, size] : llvm::enumerate(cast<ShapedType>(type).getShape())) {
    bundle::Dim dim;
    if (!ShapedType::isDynamic(size))
      dim.size = size;
    else if (auto text = dims && axis < dims.size()
                             ? dyn_cast<StringAttr>(dims[axis])
                             : nullptr)
      dim.symbol = text.str();
    else
      dim.symbol = "?";
    spec.shape.push_back(dim);
  }
  if (auto value = attributes.getAs<DenseElementsAttr>("hybrid.default")) {
    // A splat holds one element.
    ArrayRef<char> raw = value.getRawData();
    for (int64_t i = 0; i < (value.isSplat() ? value.getNumElements() : 1); ++i)
      spec.value.append(raw.data(), raw.size());
  }
  return spec;
}

} // namespace

FailureOr<bundle::EntrySpec> signatureOf(func::FuncOp function) {
  bundle::EntrySpec entry;
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto spec = specOf(function, type, function.getArgAttrDict(index),
                       "argument", index);
    if (failed(spec))
      return failure();
    entry.inputs.push_back(*spec);
  }
  for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
    auto spec = specOf(function, type, function.getResultAttrDict(index),
                       "result", index);
    if (failed(spec))
      return failure();
    entry.outputs.push_back(*spec);
  }
  return entry;
}

std::optional<bundle::StateSpec> derivedStates(ModuleOp module) {
  auto prefill = module.lookupSymbol<func::FuncOp>("prefill");
  auto plan = prefill ? prefill->getAttrOfType<DictionaryAttr>(state::stateAttr)
                      : DictionaryAttr();
  if (!plan)
    return std::nullopt;
  auto text = [](DictionaryAttr from, StringRef name) {
    auto value = from.getAs<StringAttr>(name);
    return value ? value.str() : std::string();
  };
  bundle::StateSpec spec;
  spec.entry = "prefill";
  spec.decode = "decode";
  spec.ids = text(plan, "ids");
  spec.mask = text(plan, "mask");
  spec.positions = text(plan, "positions");
  spec.logits = text(plan, "logits");
  for (auto tensor :
       plan.getAs<ArrayAttr>("tensors").getAsRange<DictionaryAttr>())
    spec.tensors.push_back(
        {text(tensor, "input"), text(tensor, "output"), text(tensor, "kind")});
  return spec;
}

} // namespace jarana::pipeline
