// Internal to lib/onnx: dimensions and inputs that the caller fixes.
#pragma once

#include "lib/onnx/Importer.h"

namespace jarana::onnx {

/// Throws where a name is neither a dimension nor an input.
void checkBindings(const pb::GraphProto &graph, const ImportOptions &options);

/// The number that a dimension is bound to.
int64_t boundDimension(const std::string &name, const std::string &text);

/// What the input is bound to, or nullptr.
const std::string *boundInput(const pb::GraphProto &graph,
                              const std::string &name,
                              const ImportOptions &options);

/// The value of a bound input.
mlir::ElementsAttr parseElements(const std::string &name,
                                 mlir::RankedTensorType type,
                                 const std::string &text);

} // namespace jarana::onnx
