// The hybrid dialect and its registration.
#pragma once

#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Operation.h"

#include <string>

#include "dialects/hybrid/HybridDialect.h.inc"

namespace mlir::hybrid {

/// The module's attribute that names the folder which file ranges are relative
/// to.
inline constexpr StringLiteral kModelDirAttr = "hybrid.model_dir";
/// Attributes of the arguments and results of the entry functions: their names
/// in the model, and their element types in it (numpy's names).
inline constexpr StringLiteral kNameAttr = "hybrid.name";
inline constexpr StringLiteral kDTypeAttr = "hybrid.dtype";

/// The name of the ONNX node that an op comes from, as the exporter spells it;
/// empty where there is none.
inline std::string nodeName(Operation *op) {
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  return name ? name.getName().str() : std::string();
}

/// Where that node is: "model.onnx: node 113", after the line of the exporter's
/// source where it is known; empty where there is none.
inline std::string nodePosition(Location location) {
  auto name = location->findInstanceOf<NameLoc>();
  auto position = name ? dyn_cast<NameLoc>(name.getChildLoc()) : NameLoc();
  return position ? position.getName().str() : std::string();
}

/// Registers the dialect and everything that it lends to others
/// (bufferization).
void registerHybridExtensions(DialectRegistry &registry);

} // namespace mlir::hybrid
