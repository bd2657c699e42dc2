// The values of hybrid.weight symbols as streams of bytes.
#pragma once

#include "dialects/hybrid/Hybrid.h"
#include "jarana/error.h"

#include <map>
#include <memory>

namespace jarana::bundle {

/// Gives the bytes of weights, row-major and little-endian, piece by piece:
/// memory does not grow with a weight. Types below 8 bits take a byte per
/// element (the value in its low bits), as memrefs of them do.
class WeightStream {
public:
  using Sink = llvm::function_ref<void(const char *bytes, size_t count)>;

  /// Weights are looked up in `module`; file ranges are relative to its
  /// `hybrid.model_dir`.
  explicit WeightStream(mlir::ModuleOp module);
  ~WeightStream();

  /// Calls sink for all of the weight's bytes. Throws Error naming the weight
  /// or the file.
  void write(mlir::hybrid::WeightOp weight, Sink sink);

private:
  class MappedFile;
  MappedFile &file(llvm::StringRef name);
  void writeRange(mlir::hybrid::WeightOp weight,
                  mlir::hybrid::FileRangeAttr range, Sink sink);
  void writePanels(mlir::hybrid::WeightOp weight,
                   mlir::hybrid::DerivedAttr derived, Sink sink);

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  std::string folder;
  std::map<std::string, std::unique_ptr<MappedFile>> files;
};

/// The bytes of an element of a weight as it is stored in a bundle; 0 for a
/// type that cannot be.
unsigned storedBytes(mlir::Type elementType);

} // namespace jarana::bundle
