// A walk over the protobuf wire format (protobuf.dev, "Encoding") that follows
// the messages of onnx-ml.proto down to the tensors.
#include "lib/onnx/Skeleton.h"

#include "jarana/error.h"
#include "lib/onnx/SourcePosition.h"
#include "llvm/Support/ConvertUTF.h"

namespace jarana::onnx {
namespace {

enum class Kind {
  Model,
  Graph,
  Node,
  Attribute,
  Tensor,
  Function,
  ValueInfo,
  Text,
  Opaque,
  Dropped
};

constexpr uint64_t nodeDocField = 6;

/// What the length-delimited field `number` of a message of this kind holds.
Kind childKind(Kind kind, uint64_t number) {
  switch (kind) {
  case Kind::Model:
    switch (number) {
    case 7:
      return Kind::Graph;
    case 25:
      return Kind::Function;
    case 6:  // doc_string
    case 14: // metadata_props
    case 20: // training_info
      return Kind::Dropped;
    }
    break;
  case Kind::Graph:
    switch (number) {
    case 1:
      return Kind::Node;
    case 2: // name
      return Kind::Text;
    case 5:
      return Kind::Tensor;
    case 11: // input
    case 12: // output
      return Kind::ValueInfo;
    case 10: // doc_string
    case 13: // value_info
    case 14: // quantization_annotation
    case 16: // metadata_props
      return Kind::Dropped;
    }
    break;
  case Kind::Node:
    if (number == 5)
      return Kind::Attribute;
    if (number == nodeDocField || number == 9) // doc_string, metadata_props
      return Kind::Dropped;
    if (number <= 8) // input, output, name, op_type, domain, overload
      return Kind::Text;
    break;
  case Kind::Attribute:
    if (number == 5 || number == 10)
      return Kind::Tensor;
    if (number == 6 || number == 11)
      return Kind::Graph;
    if (number == 13) // doc_string
      return Kind::Dropped;
    if (number == 1 || number == 21) // name, ref_attr_name
      return Kind::Text;
    break;
  case Kind::ValueInfo:
    if (number == 1) // name
      return Kind::Text;
    if (number == 3 || number == 4) // doc_string, metadata_props
      return Kind::Dropped;
    break;
  case Kind::Function:
    if (number == 7)
      return Kind::Node;
    if (number == 11)
      return Kind::Attribute;
    if (number == 8 || number == 12 ||
        number == 14) // doc_string, value_info, metadata_props
      return Kind::Dropped;
    if (number != 9) // all but opset_import: names
      return Kind::Text;
    break;
  case Kind::Tensor:
    if (number == 8) // name
      return Kind::Text;
    if (number == 12 || number == 16) // doc_string, metadata_props
      return Kind::Dropped;
    break;
  default:
    break;
  }
  return Kind::Opaque;
}

bool isUtf8(std::string_view text) {
  const auto *at = reinterpret_cast<const llvm::UTF8 *>(text.data());
  return llvm::isLegalUTF8String(&at, at + text.size());
}

/// What a small file may unfold to in memory is bounded by these: a message of
/// no bytes still takes some 150.
constexpr uint64_t mostFields = 8'000'000;
constexpr uint64_t mostStructureBytes = uint64_t(64) << 20;
constexpr uint64_t mostValueBytes =
    uint64_t(512) << 20; ///< of typed fields, such as float_data

class Walk {
public:
  explicit Walk(std::string_view file) : file(file) {}

  /// Appends the skeleton of the message in [begin, end) to `out`.
  void message(Kind kind, size_t begin, size_t end, std::string &out,
               int depth) {
    // Graphs nest in attributes; a model nests a handful deep.
    if (depth > 60)
      throw Error("graphs are nested too deeply (more than 15 levels)");
    position = begin;
    std::string source; // of a node
    while (position < end) {
      size_t start = position;
      if (++fields > mostFields)
        throw Error("the model is too large: more than the limit of " +
                    std::to_string(mostFields) + " fields in its structure");
      uint64_t tag = varint(end);
      uint64_t number = tag >> 3;
      if (number == 0)
        damaged(start, "a field number of 0");
      bool reserved = kind == Kind::Tensor &&
                      (number == rawOffsetField || number == rawBytesField);
      switch (tag & 7) {
      case 0:
        varint(end);
        break;
      case 1:
        skip(8, end, start);
        break;
      case 5:
        skip(4, end, start);
        break;
      case 2: {
        uint64_t length = varint(end);
        size_t payload = position;
        skip(length, end, start);
        Kind child = childKind(kind, number);
        if (kind == Kind::Node && child == Kind::Dropped && source.empty()) {
          std::string_view text = file.substr(payload, length);
          source = sourcePosition(
              number == nodeDocField ? text : stackTraceOf(text).value_or(""));
        }
        if (child == Kind::Dropped || reserved)
          continue;
        if (kind == Kind::Tensor && number == 9 && length >= leastRawBytes) {
          appendVarint(out, rawOffsetField << 3);
          appendVarint(out, payload);
          appendVarint(out, rawBytesField << 3);
          appendVarint(out, length);
          continue;
        }
        // Names end up in messages and in the compiled form.
        if (child == Kind::Text && !isUtf8(file.substr(payload, length)))
          damaged(start, "a name that is not UTF-8");
        if (child == Kind::Opaque || child == Kind::Text) {
          count(kind, number, length);
          break;
        }
        std::string inner;
        message(child, payload, payload + length, inner, depth + 1);
        appendVarint(out, tag);
        appendVarint(out, inner.size());
        out += inner;
        position = payload + length;
        continue;
      }
      default:
        damaged(start, "a field of unknown wire type");
      }
      if (!reserved)
        out.append(file.substr(start, position - start));
    }
    if (!source.empty()) {
      appendVarint(out, nodeDocField << 3 | 2);
      appendVarint(out, source.size());
      out += source;
    }
  }

private:
  /// Adds to the bytes that are parsed. Tensors' typed fields are as large as
  /// their values (integers: up to 8 times).
  void count(Kind kind, uint64_t number, uint64_t length) {
    bool floats = number == 4 || number == 10,
         integers = number == 5 || number == 7 || number == 11;
    if (kind == Kind::Tensor && (floats || integers))
      valueBytes += floats ? length : 8 * length;
    else
      structureBytes += length;
    if (valueBytes > mostValueBytes)
      throw Error("the model is too large: more than the limit of 512 MiB in "
                  "typed fields of tensors; raw_data and external "
                  "data have no limit");
    if (structureBytes > mostStructureBytes)
      throw Error("the model is too large: more than the limit of 64 MiB of "
                  "names, types and attributes");
  }

  [[noreturn]] void damaged(size_t where, const std::string &what) const {
    throw Error("not an ONNX model, or corrupt: cannot parse it as protobuf (" +
                what + " at byte " + std::to_string(where) + " of " +
                std::to_string(file.size()) + ")");
  }

  uint64_t varint(size_t end) {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (position >= end)
        truncated(position);
      auto byte = static_cast<unsigned char>(file[position++]);
      if (shift < 64)
        value |= uint64_t(byte & 127) << shift;
      if (byte < 128)
        return value;
    }
    damaged(position, "a number of more than 10 bytes");
  }

  void skip(uint64_t bytes, size_t end, size_t start) {
    if (bytes > end - position)
      truncated(start);
    position += bytes;
  }

  [[noreturn]] void truncated(size_t where) const {
    damaged(
        where,
        "truncated: a field runs past the end of its message or of the file,");
  }

  static void appendVarint(std::string &out, uint64_t value) {
    for (; value >= 128; value >>= 7)
      out.push_back(static_cast<char>(value | 128));
    out.push_back(static_cast<char>(value));
  }

  std::string_view file;
  size_t position = 0;
  uint64_t fields = 0, structureBytes = 0, valueBytes = 0;
};

} // namespace

std::string makeSkeleton(std::string_view file) {
  std::string out;
  Walk(file).message(Kind::Model, 0, file.size(), out, 0);
  return out;
}

} // namespace jarana::onnx
