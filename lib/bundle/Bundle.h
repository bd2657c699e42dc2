// Writes a bundle: OUT.jarana/{manifest.json, model.so, weights.safetensors}
// (docs/architecture.md, "The bundle").
//
//   auto weights = layoutWeights(module);          // before load_weight is
//   lowered: offsets for the code generator
//   ... generate code that views [offset, offset + bytes) of the weights
//   argument ... writeBundle(module, {manifest, *weights}, objectCode,
//   "OUT.jarana");
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "runtime/Manifest.h"

#include <functional>

namespace jarana::bundle {

/// Where the value of the `hybrid.weight` symbol `name` lies in the data of
/// weights.safetensors, which is what the generated code gets as its weights
/// argument: `offset` is a multiple of 64; the value is row-major and dense.
struct WeightPlacement {
  std::string name;
  uint64_t offset = 0, bytes = 0;
  std::string dtype; // as in safetensors: "F32", "BF16", "I8", ...
  std::vector<int64_t> shape;
};

/// Gives every `hybrid.weight` of `module` that a `hybrid.load_weight` uses its
/// place, in the order of their symbols. Weights that only others derive from
/// get none. Fails, with a diagnostic, on a type that cannot be stored.
mlir::FailureOr<std::vector<WeightPlacement>>
layoutWeights(mlir::ModuleOp module);

struct BundleDescription {
  /// All of the manifest but `code` and `weights`, which writeBundle fills in.
  Manifest manifest;
  /// From layoutWeights.
  std::vector<WeightPlacement> weights;
  /// Called while weights are written, with the bytes done and all of them; may
  /// be empty.
  std::function<void(uint64_t done, uint64_t total)> progress;
  /// Called with each file that is made under a name of its own, and when it is
  /// whole or gone: for a program that removes them where it is interrupted.
  /// May be empty.
  std::function<void(const std::string &path, bool made)> temporary;
};

/// Counts into `manifest` the floating-point operations of products with
/// weights, and the bytes of weights that are read, per position. To be called
/// on the hybrid form (the same point as layoutWeights).
void estimateWork(mlir::ModuleOp module, Manifest &manifest);

/// Writes the bundle `path` (a folder; `code` are the bytes of model.so). It is
/// made beside `path` and renamed, so what is under the final name is whole; an
/// existing bundle is replaced, anything else there is an error. Weights are
/// streamed from the model's files: memory does not grow with the model. Fails
/// with a diagnostic that names the file (disk full, ...), leaving nothing
/// behind.
mlir::LogicalResult writeBundle(mlir::ModuleOp module,
                                const BundleDescription &description,
                                llvm::StringRef code, const std::string &path);

} // namespace jarana::bundle
