// What raising recognised: `--report=raise`.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <utility>
#include <vector>

namespace jarana::raise {

/// One operator with a name: what became of it.
struct RaiseEntry {
  std::string op;     ///< ONNX's operator
  std::string node;   ///< the node's name in the model
  std::string result; ///< the hybrid op; empty: not raised
  std::string reason; ///< why not, where it was not raised
  std::vector<std::pair<std::string, std::string>>
      facts;                 ///< what was found: heads, groups, state, ...
  std::string position = {}; ///< the node's (hybrid::nodePosition), or empty

  /// The facts of a dictionary of strings, those that are not there yet.
  void add(mlir::DictionaryAttr dictionary);
};

struct RaiseReport {
  std::vector<RaiseEntry> entries;

  void raised(std::string op, std::string node, std::string result,
              std::vector<std::pair<std::string, std::string>> facts = {});
  void kept(std::string op, std::string node, std::string reason);
  /// Stores it on the module: `hybrid.raise_report`, an array of dictionaries.
  void attach(mlir::ModuleOp module) const;
  /// Reads it back; empty where the module was not raised.
  static RaiseReport of(mlir::ModuleOp module);
  /// For people: a table of at most 120 columns, a line per operator with
  /// details indented below it. Names of nodes are never cut, so that they can
  /// be searched for: one that leaves no room for the columns gets a line of
  /// its own. Details that an earlier row has too are told once.
  void printTable(llvm::raw_ostream &os) const;
  /// For programs: one JSON object {"raise": [...]}.
  void printJson(llvm::raw_ostream &os) const;
};

} // namespace jarana::raise
