// Separates an ONNX file into its structure and its bulk data, so that the
// data of a model is never copied into memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jarana::onnx {

/// Fields that the skeleton has in place of a TensorProto's raw_data: where the
/// bytes are in the file. A file's own fields of these numbers are dropped.
inline constexpr int rawOffsetField = 50001;
inline constexpr int rawBytesField = 50002;
/// raw_data of at least this many bytes is left in the file.
inline constexpr size_t leastRawBytes = 1024;

/// The serialised ModelProto `file` without its bulk data, and without what
/// Jarana never reads (value_info, documentation, metadata, training
/// information). A node's doc_string is its place in the exporter's source
/// (SourcePosition.h), where one is known. Throws jarana::Error where the bytes
/// are no protobuf message, with the position.
std::string makeSkeleton(std::string_view file);

} // namespace jarana::onnx
