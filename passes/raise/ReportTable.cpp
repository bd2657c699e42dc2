// What raising recognised, as a table for people.
#include "passes/raise/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace jarana::raise {
namespace {

constexpr size_t width = 120;
/// What the columns after the node's name take, with the spaces before them.
constexpr size_t operatorWidth = 33, resultWidth = 25, countWidth = 7;
constexpr size_t nodeWidth =
    width - operatorWidth - resultWidth - 3 * countWidth;

/// The facts that have a column or a sentence.
constexpr llvm::StringLiteral told[] = {
    "nodes", "first",  "last",  "verified",    "error",
    "seed",  "trials", "bound", "assumptions", "parts_at"};

StringRef factOf(const RaiseEntry &entry, StringRef name) {
  for (const auto &[known, value] : entry.facts)
    if (known == name)
      return value;
  return "";
}

/// The words of `text` in lines that end before `width` where words allow,
/// indented, the second and later ones further.
void printWrapped(llvm::raw_ostream &os, StringRef text) {
  SmallVector<StringRef> words;
  llvm::SplitString(text, words, " ");
  size_t column = 0;
  size_t indent = 4;
  for (StringRef word : words) {
    if (column && column + 1 + word.size() > width) {
      os << "\n";
      column = 0;
      indent = 8;
    }
    if (column)
      os << " ";
    else
      os.indent(indent);
    column += (column ? 1 : indent) + word.size();
    os << word;
  }
  os << "\n";
}

/// "heads 8, state 16", without what has a column or a sentence.
std::string parametersOf(const RaiseEntry &entry) {
  std::string text;
  for (const auto &[name, value] : entry.facts)
    if (!llvm::is_contained(told, name))
      text += (text.empty() ? "" : ", ") + name + " " + value;
  return text;
}

/// "checked at ..., error 1e-7, seed 2024": how it is known that the operator
/// says the same as the nodes. Empty where the graph names the operator.
std::string evidenceOf(const RaiseEntry &entry) {
  if (factOf(entry, "verified").empty())
    return "";
  std::string text = "checked at " + factOf(entry, "verified").str() +
                     "; error " + factOf(entry, "error").str() + ", seed " +
                     factOf(entry, "seed").str();
  StringRef assumptions = factOf(entry, "assumptions");
  if (!assumptions.empty() && assumptions != "none")
    text += "; assumed: " + assumptions.str();
  return text;
}

void printRow(llvm::raw_ostream &os, StringRef node, StringRef op,
              StringRef result, StringRef nodes, StringRef trials,
              StringRef bound) {
  if (node.size() > nodeWidth - 2) {
    os << node << "\n";
    node = "";
  }
  os << llvm::left_justify(node, nodeWidth)
     << llvm::left_justify(op, operatorWidth);
  if (nodes.empty() && trials.empty()) {
    os << result << "\n";
    return;
  }
  os << llvm::left_justify(result, resultWidth)
     << llvm::right_justify(nodes, countWidth)
     << llvm::right_justify(trials, countWidth)
     << llvm::right_justify(bound, countWidth) << "\n";
}

} // namespace

void RaiseReport::printTable(llvm::raw_ostream &os) const {
  size_t kept = llvm::count_if(
      entries, [](const RaiseEntry &entry) { return entry.result.empty(); });
  os << "raised " << entries.size() - kept << " of " << entries.size()
     << " operators with a name\n";
  if (entries.empty())
    return;
  printRow(os, "node", "operator", "became", "nodes", "trials", "bound");
  // Layers are alike: what was said of one is not said again.
  llvm::StringMap<std::string> firstWith;
  for (const RaiseEntry &entry : entries) {
    bool raised = !entry.result.empty();
    printRow(os, entry.node, entry.op, raised ? entry.result : "not raised",
             factOf(entry, "nodes"), factOf(entry, "trials"),
             factOf(entry, "bound"));
    if (!raised) {
      std::string facts = parametersOf(entry);
      printWrapped(os, (entry.position.empty() ? "" : entry.position + ": ") +
                           entry.reason + (facts.empty() ? "" : ", ") + facts);
      continue;
    }
    if (!factOf(entry, "first").empty())
      printWrapped(os, "from '" + factOf(entry, "first").str() + "' to '" +
                           factOf(entry, "last").str() + "'");
    std::string parameters = parametersOf(entry), evidence = evidenceOf(entry);
    if (parameters.empty() && evidence.empty())
      continue;
    auto [first, isNew] = firstWith.try_emplace(
        entry.result + "\n" + parameters + "\n" + evidence, entry.node);
    if (!isNew) {
      printWrapped(os, "as '" + first->second + "'");
      continue;
    }
    if (!parameters.empty())
      printWrapped(os, parameters);
    if (!evidence.empty())
      printWrapped(os, evidence);
  }
}

} // namespace jarana::raise
