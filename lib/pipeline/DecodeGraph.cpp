#include "lib/pipeline/DecodeGraph.h"

#include "dialects/hybrid/Hybrid.h"
#include "lib/bundle/WeightStream.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/xxhash.h"

#include <filesystem>

using namespace mlir;

namespace jarana::pipeline {
namespace {

std::string folderOf(ModuleOp module) {
  auto folder = module->getAttrOfType<StringAttr>(hybrid::kModelDirAttr);
  return folder && !folder.empty() ? folder.str() : ".";
}

/// Makes the file ranges of the weights relative to another folder.
void rebase(ModuleOp module, const std::filesystem::path &folder) {
  namespace fs = std::filesystem;
  fs::path old = fs::absolute(folderOf(module));
  auto rebased = [&](hybrid::FileRangeAttr range) {
    fs::path file = (old / range.getFile().str()).lexically_normal();
    return hybrid::FileRangeAttr::get(module.getContext(),
                                      file.lexically_relative(folder).string(),
                                      range.getOffset(), range.getBytes());
  };
  for (auto weight : module.getOps<hybrid::WeightOp>())
    if (auto range = dyn_cast<hybrid::FileRangeAttr>(weight.getValue()))
      weight.setValueAttr(rebased(range));
    else if (auto repacked = dyn_cast<hybrid::RepackedAttr>(weight.getValue()))
      weight.setValueAttr(hybrid::RepackedAttr::get(
          module.getContext(), rebased(repacked.getRange()),
          repacked.getStored(), repacked.getPacking(), repacked.getBlock()));
  module->setAttr(hybrid::kModelDirAttr,
                  StringAttr::get(module.getContext(), folder.string()));
}

/// The folder that holds the folders of both.
std::filesystem::path commonFolder(ModuleOp first, ModuleOp second) {
  namespace fs = std::filesystem;
  fs::path a = fs::absolute(folderOf(first)).lexically_normal(),
           b = fs::absolute(folderOf(second)).lexically_normal(), common;
  for (auto i = a.begin(), j = b.begin();
       i != a.end() && j != b.end() && *i == *j; ++i, ++j)
    common /= *i;
  return common;
}

/// Equal for equal bytes: 128 bits for each few MiB, and the type.
std::string fingerprint(bundle::WeightStream &stream, hybrid::WeightOp weight) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << weight.getTensorType();
  stream.write(weight, [&](const char *bytes, size_t count) {
    llvm::XXH128_hash_t hash = llvm::xxh3_128bits(
        ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(bytes), count));
    os << ' ' << hash.high64 << ' ' << hash.low64;
  });
  return text;
}

/// The argument that the first Gather of a function looks up: the token ids.
StringAttr nameOfIds(func::FuncOp function) {
  StringAttr name;
  function.walk([&](Operation *op) {
    if (op->getName().stripDialect() != "Gather")
      return WalkResult::advance();
    auto index = dyn_cast<BlockArgument>(op->getOperand(1));
    if (!index)
      return WalkResult::advance();
    name = function.getArgAttrOfType<StringAttr>(index.getArgNumber(),
                                                 "onnx.name");
    return WalkResult::interrupt();
  });
  return name;
}

/// Whether a value is what the model learned, and no constant that an exporter
/// may spell differently in another graph: a factor of a product, or the table
/// of the tokens.
bool isLearned(Value weight, func::FuncOp function, StringAttr ids) {
  auto isTokens = [&](Value index) {
    auto argument = dyn_cast<BlockArgument>(index);
    return argument && ids &&
           function.getArgAttr(argument.getArgNumber(), "onnx.name") == ids;
  };
  return llvm::any_of(weight.getUses(), [&](OpOperand &use) {
    StringRef op = use.getOwner()->getName().stripDialect();
    return op == "MatMul" || op == "Gemm" || op == "MatMulNBits" ||
           (op == "Gather" && use.getOperandNumber() == 0 &&
            isTokens(use.getOwner()->getOperand(1)));
  });
}

} // namespace

LogicalResult addDecodeGraph(ModuleOp prefill, ModuleOp decode) {
  auto step = decode.lookupSymbol<func::FuncOp>("main");
  if (!step)
    return decode.emitError("the decode graph has no function");
  auto main = prefill.lookupSymbol<func::FuncOp>("main");
  StringAttr ids = main ? nameOfIds(main) : StringAttr();
  std::filesystem::path folder = commonFolder(prefill, decode);
  rebase(prefill, folder);
  rebase(decode, folder);

  bundle::WeightStream ours(prefill), theirs(decode);
  llvm::DenseSet<Type> types;
  for (auto weight : decode.getOps<hybrid::WeightOp>())
    types.insert(weight.getTensorType());
  llvm::StringMap<StringRef> known;
  SymbolTable symbols(prefill);
  llvm::StringMap<SmallVector<hybrid::LoadWeightOp>> loads;
  step.walk([&](hybrid::LoadWeightOp load) {
    loads[load.getWeight()].push_back(load);
  });
  try {
    for (auto weight : prefill.getOps<hybrid::WeightOp>())
      if (types.contains(weight.getTensorType()))
        known.try_emplace(fingerprint(ours, weight), weight.getSymName());
    for (auto weight : decode.getOps<hybrid::WeightOp>()) {
      ArrayRef<hybrid::LoadWeightOp> uses = loads[weight.getSymName()];
      auto same = known.find(fingerprint(theirs, weight));
      std::string name;
      if (same != known.end())
        name = same->second.str();
      else if (llvm::any_of(uses, [&](hybrid::LoadWeightOp load) {
                 return isLearned(load.getResult(), step, ids);
               }))
        return step.emitError("--decode: its weight '")
               << weight.getSymName() << "' " << weight.getTensorType()
               << " is not in the prefill graph; both must be exported from "
                  "the same model";
      else
        name = symbols.insert(weight.clone()).str();
      for (hybrid::LoadWeightOp load : uses)
        load.setWeightAttr(FlatSymbolRefAttr::get(load.getContext(), name));
    }
  } catch (const Error &error) {
    return step.emitError("--decode: ") << error.what();
  }
  step->remove();
  step.setName(stepName);
  symbols.insert(step);
  return success();
}

} // namespace jarana::pipeline
