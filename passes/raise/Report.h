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
  /// Lines of text for people, or one JSON object {"raise": [...]}.
  void print(llvm::raw_ostream &os, bool json) const;
};

} // namespace jarana::raise
