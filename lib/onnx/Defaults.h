// Inputs that an initializer gives a default value.
#pragma once

#include "lib/onnx/Importer.h"

namespace jarana::onnx {

/// Throws where an input and the initializer of its name differ in type or
/// shape.
void checkDefault(mlir::MLIRContext *context, const pb::ValueInfoProto &input,
                  const TensorSource &initializer);

/// Whether a caller may give the input of this name in place of its
/// initializer: small floating-point numbers that operators compute with. What
/// is packed, or decides shapes, is fixed when the model is compiled; so is
/// everything that IR versions before 4 made an input, and that an exporter
/// makes one which lists all of many initializers.
bool isOptionalInput(const pb::ModelProto &model,
                     const TensorSource &initializer, llvm::StringRef name);

} // namespace jarana::onnx
