// `--report=state` and `--report=memory`.
#pragma once

#include "jarana/compiler.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/Manifest.h"
#include "llvm/Support/JSON.h"

namespace jarana::pipeline {

/// What a session keeps: the tensors of `manifest.state`, with their shapes and
/// the mixers that they belong to, or why there are none; and how each op acts
/// on the sequence. {"state": {"derived", "refusal"?, "tensors": [{"name",
/// "kind", "dtype", "shape", "node"?}], "dropped": [outputs that only main
/// gives], "ops": [{"node", "op", "axis",
/// "action"}]}}
llvm::json::Object stateReport(mlir::ModuleOp module,
                               const bundle::Manifest &manifest);
void printStateReport(const llvm::json::Object &report, llvm::raw_ostream &os);

/// Bytes of weights and states; see MemoryReport. Of the functions that a
/// session runs.
MemoryReport memoryReport(mlir::ModuleOp module,
                          const bundle::Manifest &manifest);

} // namespace jarana::pipeline
