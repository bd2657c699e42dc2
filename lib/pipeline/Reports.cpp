#include "lib/pipeline/Reports.h"
#include "dialects/hybrid/Hybrid.h"
#include "lib/bundle/WeightStream.h"
#include "lib/safetensors/Safetensors.h"
#include "passes/state/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace jarana::pipeline {
namespace {

const bundle::TensorSpec *find(const bundle::EntrySpec &entry,
                               const std::string &name) {
  for (const bundle::TensorSpec &input : entry.inputs)
    if (input.name == name)
      return &input;
  return nullptr;
}

std::string textOf(DictionaryAttr from, StringRef name) {
  auto value = from ? from.getAs<StringAttr>(name) : StringAttr();
  return value ? value.str() : std::string();
}

/// The mixers of derived states, by the names of the states.
llvm::StringMap<std::string> mixers(ModuleOp module) {
  llvm::StringMap<std::string> nodes;
  auto prefill = module.lookupSymbol<func::FuncOp>("prefill");
  auto plan = prefill ? prefill->getAttrOfType<DictionaryAttr>(state::stateAttr)
                      : DictionaryAttr();
  if (plan)
    for (auto tensor :
         plan.getAs<ArrayAttr>("tensors").getAsRange<DictionaryAttr>())
      nodes[textOf(tensor, "input")] = textOf(tensor, "node");
  return nodes;
}

} // namespace

llvm::json::Object stateReport(ModuleOp module,
                               const bundle::Manifest &manifest) {
  llvm::json::Object report{{"derived", false}};
  if (!manifest.stateRefusal.empty())
    report["refusal"] = manifest.stateRefusal;
  llvm::json::Array tensors, ops;
  auto entry = manifest.state ? manifest.entries.find(manifest.state->entry)
                              : manifest.entries.end();
  if (entry != manifest.entries.end()) {
    report["derived"] = !manifest.state->decode.empty();
    llvm::StringMap<std::string> nodes = mixers(module);
    for (const bundle::StateTensor &tensor : manifest.state->tensors) {
      const bundle::TensorSpec *spec = find(entry->second, tensor.input);
      if (!spec)
        continue;
      llvm::json::Array shape;
      for (const bundle::Dim &dim : spec->shape)
        shape.push_back(dim.symbol.empty() ? llvm::json::Value(dim.size)
                                           : llvm::json::Value(dim.symbol));
      llvm::json::Object row{{"name", tensor.input},
                             {"kind", tensor.kind},
                             {"dtype", spec->dtype},
                             {"shape", std::move(shape)}};
      if (auto node = nodes.find(tensor.input); node != nodes.end())
        row["node"] = node->second;
      tensors.push_back(std::move(row));
    }
  }
  llvm::json::Array dropped;
  if (auto main = manifest.entries.find("main");
      report.getBoolean("derived").value_or(false) &&
      main != manifest.entries.end())
    for (const bundle::TensorSpec &output : main->second.outputs)
      if (output.name != manifest.state->logits)
        dropped.push_back(output.name);
  report["dropped"] = std::move(dropped);
  if (auto rows = module->getAttrOfType<ArrayAttr>(state::reportAttr))
    for (auto row : rows.getAsRange<DictionaryAttr>())
      ops.push_back(
          llvm::json::Object{{"node", textOf(row, "node")},
                             {"op", textOf(row, "op")},
                             {"axis", row.getAs<IntegerAttr>("axis").getInt()},
                             {"action", textOf(row, "action")}});
  report["tensors"] = std::move(tensors);
  report["ops"] = std::move(ops);
  return report;
}

void printStateReport(const llvm::json::Object &report, llvm::raw_ostream &os) {
  const llvm::json::Array &tensors = *report.getArray("tensors");
  if (auto refusal = report.getString("refusal"))
    os << "state: none could be derived: " << *refusal << "\n";
  else
    os << "state: " << tensors.size() << " tensors"
       << (report.getBoolean("derived").value_or(false)
               ? ", derived from the graph's mixers\n"
               : ", the graph's own\n");
  auto text = [](const llvm::json::Object &row, StringRef name) {
    return row.getString(name).value_or("").str();
  };
  for (const llvm::json::Value &value : tensors) {
    const llvm::json::Object &row = *value.getAsObject();
    std::string shape;
    for (const llvm::json::Value &dim : *row.getArray("shape")) {
      auto number = dim.getAsInteger();
      shape += (shape.empty() ? "" : ", ") +
               (number ? std::to_string(*number) : dim.getAsString()->str());
    }
    std::string node = text(row, "node");
    os << "  " << text(row, "name") << ": " << text(row, "kind") << ", "
       << text(row, "dtype") << " [" << shape << "]"
       << (node.empty() ? "" : ", of node '" + node + "'") << "\n";
  }
  for (const llvm::json::Value &name : *report.getArray("dropped"))
    os << "  output '" << name.getAsString()->str()
       << "' is given by the whole graph alone\n";
  const llvm::json::Array &ops = *report.getArray("ops");
  if (!ops.empty())
    os << llvm::formatv("  {0,-9} {1,4}  {2,-26} {3}\n", "acts", "axis", "op",
                        "node");
  for (const llvm::json::Value &value : ops) {
    const llvm::json::Object &row = *value.getAsObject();
    int64_t axis = row.getInteger("axis").value_or(-1);
    os << llvm::formatv("  {0,-9} {1,4}  {2,-26} {3}\n", text(row, "action"),
                        axis < 0 ? "-" : std::to_string(axis), text(row, "op"),
                        text(row, "node"));
  }
}

MemoryReport memoryReport(ModuleOp module, const bundle::Manifest &manifest) {
  MemoryReport report;
  SymbolTable symbols(module);
  llvm::DenseSet<StringRef> loaded;
  module.walk([&](hybrid::LoadWeightOp load) {
    auto weight = symbols.lookup<hybrid::WeightOp>(load.getWeight());
    if (!weight || !loaded.insert(load.getWeight()).second)
      return;
    RankedTensorType type = weight.getTensorType();
    report.weightBytes +=
        type.getNumElements() * bundle::storedBytes(type.getElementType());
  });
  auto entry = manifest.state ? manifest.entries.find(manifest.state->entry)
                              : manifest.entries.end();
  if (entry == manifest.entries.end())
    return report;
  for (const bundle::StateTensor &tensor : manifest.state->tensors) {
    const bundle::TensorSpec *spec = find(entry->second, tensor.input);
    if (!spec)
      continue;
    uint64_t bytes =
        safetensors::byteSize(bundle::safetensorsDtype(spec->dtype));
    // The batch and the past count once.
    for (const bundle::Dim &dim : spec->shape)
      bytes *= dim.symbol.empty() ? dim.size : 1;
    bool holdsBoth = tensor.kind == "key_value",
         holdsPositions =
             tensor.kind == "key" || tensor.kind == "value" || holdsBoth;
    bool grows = holdsPositions && (tensor.places < 0 ||
                                    !spec->shape[tensor.places].symbol.empty());
    (grows ? report.contextBytes : report.stateBytes) += bytes;
    report.scans += tensor.kind == "ssm";
    report.attentions += tensor.kind == "value" || holdsBoth;
  }
  if (report.attentions)
    report.transformerBytes = report.contextBytes / report.attentions *
                              (report.attentions + report.scans);
  return report;
}

} // namespace jarana::pipeline
