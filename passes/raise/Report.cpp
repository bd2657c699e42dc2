// What raising recognised, as an attribute of the module and as JSON.
#include "passes/raise/Report.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace jarana::raise {

static constexpr llvm::StringLiteral attributeName = "hybrid.raise_report";

void RaiseEntry::add(DictionaryAttr dictionary) {
  for (NamedAttribute fact : dictionary)
    if (auto value = dyn_cast<StringAttr>(fact.getValue());
        value && llvm::none_of(facts, [&](const auto &known) {
          return known.first == fact.getName();
        }))
      facts.emplace_back(fact.getName().str(), value.getValue().str());
}

void RaiseReport::raised(
    std::string op, std::string node, std::string result,
    std::vector<std::pair<std::string, std::string>> facts) {
  entries.push_back({std::move(op), std::move(node), std::move(result), "",
                     std::move(facts)});
}

void RaiseReport::kept(std::string op, std::string node, std::string reason) {
  entries.push_back(
      {std::move(op), std::move(node), "", std::move(reason), {}});
}

void RaiseReport::attach(ModuleOp module) const {
  Builder b(module.getContext());
  SmallVector<Attribute> list;
  for (const RaiseEntry &entry : entries) {
    SmallVector<NamedAttribute> facts;
    for (const auto &[name, value] : entry.facts)
      facts.push_back(b.getNamedAttr(name, b.getStringAttr(value)));
    SmallVector<NamedAttribute> fields = {
        b.getNamedAttr("op", b.getStringAttr(entry.op)),
        b.getNamedAttr("node", b.getStringAttr(entry.node))};
    if (entry.result.empty())
      fields.push_back(b.getNamedAttr("reason", b.getStringAttr(entry.reason)));
    else
      fields.push_back(b.getNamedAttr("result", b.getStringAttr(entry.result)));
    if (!entry.position.empty())
      fields.push_back(
          b.getNamedAttr("position", b.getStringAttr(entry.position)));
    if (!facts.empty())
      fields.push_back(b.getNamedAttr("facts", b.getDictionaryAttr(facts)));
    list.push_back(b.getDictionaryAttr(fields));
  }
  module->setAttr(attributeName, b.getArrayAttr(list));
}

RaiseReport RaiseReport::of(ModuleOp module) {
  RaiseReport report;
  auto list = module->getAttrOfType<ArrayAttr>(attributeName);
  if (!list)
    return report;
  for (auto fields : list.getAsRange<DictionaryAttr>()) {
    auto text = [&](StringRef name) {
      auto attr = fields.getAs<StringAttr>(name);
      return attr ? attr.getValue().str() : std::string();
    };
    RaiseEntry entry{text("op"),     text("node"), text("result"),
                     text("reason"), {},           text("position")};
    if (auto facts = fields.getAs<DictionaryAttr>("facts"))
      entry.add(facts);
    report.entries.push_back(std::move(entry));
  }
  return report;
}

void RaiseReport::printJson(llvm::raw_ostream &os) const {
  llvm::json::OStream out(os, 2);
  out.object([&] {
    out.attributeArray("raise", [&] {
      for (const RaiseEntry &entry : entries)
        out.object([&] {
          out.attribute("op", entry.op);
          out.attribute("node", entry.node);
          if (!entry.position.empty())
            out.attribute("position", entry.position);
          out.attribute(entry.result.empty() ? "reason" : "result",
                        entry.result.empty() ? entry.reason : entry.result);
          for (const auto &[name, value] : entry.facts)
            out.attribute(name, value);
        });
    });
  });
  os << "\n";
}

} // namespace jarana::raise
