// Tensors as bytes, and as the tensors of a safetensors file.
#pragma once

#include "lib/reference/Tensor.h"
#include "lib/safetensors/Safetensors.h"

#include <span>

namespace jarana::reference {

/// The tensor that row-major little-endian `bytes` hold: one byte per boolean
/// (any value but 0 is true), no gaps. Throws where their number is not the
/// shape's.
Tensor fromBytes(DType, const Shape &, std::span<const std::byte> bytes);
/// The same the other way.
std::vector<std::byte> toBytes(const Tensor &);

/// The name that a safetensors file uses ("F32", "BF16", "I64", "BOOL").
std::string safetensorsName(DType);
/// Throws for a name of a type that the evaluator does not have.
DType fromSafetensorsName(const std::string &);
Tensor fromEntry(const safetensors::Entry &);

/// All tensors of the file at `path`, by name.
std::map<std::string, Tensor> readTensors(const std::string &path);
/// Writes them to a new file at `path`.
void writeTensors(const std::string &path,
                  const std::map<std::string, Tensor> &);

} // namespace jarana::reference
