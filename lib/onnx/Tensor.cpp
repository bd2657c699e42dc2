// Tensors of the model: checked against what the file really holds, read only
// where they are small.
#include "lib/onnx/Importer.h"
#include "lib/onnx/Skeleton.h"

#include "dialects/hybrid/Repack.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <bit>

namespace jarana::onnx {

using namespace mlir;

static_assert(std::endian::native == std::endian::little,
              "ONNX files and bundles are little-endian");

Type elementType(MLIRContext *context, int dataType) {
  Builder builder(context);
  auto unsignedType = [&](unsigned width) {
    return builder.getIntegerType(width, /*isSigned=*/false);
  };
  switch (dataType) {
  case pb::TensorProto::FLOAT:
    return builder.getF32Type();
  case pb::TensorProto::FLOAT16:
    return builder.getF16Type();
  case pb::TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case pb::TensorProto::DOUBLE:
    return builder.getF64Type();
  case pb::TensorProto::BOOL:
    return builder.getI1Type();
  case pb::TensorProto::INT8:
    return builder.getI8Type();
  case pb::TensorProto::INT16:
    return builder.getI16Type();
  case pb::TensorProto::INT32:
    return builder.getI32Type();
  case pb::TensorProto::INT64:
    return builder.getI64Type();
  case pb::TensorProto::UINT8:
    return unsignedType(8);
  case pb::TensorProto::UINT16:
    return unsignedType(16);
  case pb::TensorProto::UINT32:
    return unsignedType(32);
  case pb::TensorProto::UINT64:
    return unsignedType(64);
  default:
    return {};
  }
}

Type narrowType(MLIRContext *context, int dataType) {
  Builder builder(context);
  switch (dataType) {
  case pb::TensorProto::INT4:
    return builder.getIntegerType(4);
  case pb::TensorProto::UINT4:
    return builder.getIntegerType(4, /*isSigned=*/false);
  case pb::TensorProto::INT2:
    return builder.getIntegerType(2);
  case pb::TensorProto::UINT2:
    return builder.getIntegerType(2, /*isSigned=*/false);
  case pb::TensorProto::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case pb::TensorProto::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case pb::TensorProto::FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case pb::TensorProto::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case pb::TensorProto::FLOAT8E8M0:
    return Float8E8M0FNUType::get(context);
  case pb::TensorProto::FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  default:
    return {};
  }
}

std::string dataTypeName(int dataType) {
  return pb::TensorProto::DataType_IsValid(dataType)
             ? pb::TensorProto::DataType_Name(
                   static_cast<pb::TensorProto::DataType>(dataType))
             : std::to_string(dataType);
}

/// A field of a TensorProto that the bulk walk put there, or nothing. (The
/// messages are of the lite runtime, which keeps unknown fields serialised.)
static std::optional<uint64_t> skeletonField(const pb::TensorProto &tensor,
                                             int number) {
  const std::string &fields = tensor.unknown_fields();
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>(fields.data()),
      static_cast<int>(fields.size()));
  while (uint32_t tag = stream.ReadTag()) {
    uint64_t value = 0;
    if (tag == static_cast<uint32_t>(number) << 3 &&
        stream.ReadVarint64(&value))
      return value;
    if (!google::protobuf::internal::WireFormatLite::SkipField(&stream, tag))
      break;
  }
  return std::nullopt;
}

static uint64_t parseNumber(const std::string &text, const char *key,
                            const std::string &what) {
  uint64_t value = 0;
  if (!llvm::to_integer(text, value, 10) ||
      value > static_cast<uint64_t>(INT64_MAX))
    throw Error(what + ": the " + key + " '" + text +
                "' of its external data is not a number from 0 to 2^63 - 1");
  return value;
}

/// Finds the bytes of external data, and checks that the file has them.
static void findExternal(ModelFile &file, TensorSource &source,
                         const std::string &what) {
  std::string location;
  uint64_t offset = 0, length = static_cast<uint64_t>(source.bytes);
  for (const pb::StringStringEntryProto &entry :
       source.proto->external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset")
      offset = parseNumber(entry.value(), "offset", what);
    else if (entry.key() == "length")
      length = parseNumber(entry.value(), "length", what);
  }
  const ModelFile::External *found = nullptr;
  try {
    found = &file.external(location);
  } catch (const Error &error) {
    throw Error(what + ": " + error.what());
  }
  // Some tools write a length of 0 for one that they do not say.
  if (length == 0)
    length = static_cast<uint64_t>(source.bytes);
  uint64_t size = found->size;
  if (length != static_cast<uint64_t>(source.bytes))
    throw Error(what + ": its external data has a length of " +
                std::to_string(length) + " bytes; dims and data type make it " +
                std::to_string(source.bytes));
  if (offset > size || length > size - offset)
    throw Error(what + ": offset " + std::to_string(offset) + " and length " +
                std::to_string(length) +
                " of its external data reach beyond the end of '" + location +
                "', whose size is " + std::to_string(size) + " bytes");
  source.file = found->file;
  source.offset = offset;
}

/// The number of values in the field that a data type keeps them in, and that
/// field's name.
static std::pair<int, const char *> typedField(const pb::TensorProto &tensor) {
  switch (tensor.data_type()) {
  case pb::TensorProto::FLOAT:
    return {tensor.float_data_size(), "float_data"};
  case pb::TensorProto::DOUBLE:
    return {tensor.double_data_size(), "double_data"};
  case pb::TensorProto::INT64:
    return {tensor.int64_data_size(), "int64_data"};
  case pb::TensorProto::UINT32:
  case pb::TensorProto::UINT64:
    return {tensor.uint64_data_size(), "uint64_data"};
  default:
    return {tensor.int32_data_size(), "int32_data"};
  }
}

TensorSource Session::checkTensor(const pb::TensorProto &tensor,
                                  const std::string &what) {
  TensorSource source;
  source.proto = &tensor;
  Type element = elementType(&context, tensor.data_type()), stored = element;
  if (!element) {
    stored = narrowType(&context, tensor.data_type());
    element = stored ? hybrid::widenedType(stored) : Type();
  }
  if (!element)
    throw Error(what + " has data type " + dataTypeName(tensor.data_type()) +
                ", which is not supported (supported: floats of 4 to 64 bits, "
                "integers of 2 to 64 bits, booleans)");
  source.elements = 1;
  bool overflow = false;
  for (int64_t dim : tensor.dims()) {
    if (dim < 0)
      throw Error(what + " has the negative dimension " + std::to_string(dim) +
                  " in its dims");
    overflow |= __builtin_mul_overflow(source.elements, dim, &source.elements);
  }
  SmallVector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> bytes;
  if (!overflow && dims.size() <= 64)
    bytes = hybrid::bytesInFile(RankedTensorType::get(dims, stored));
  // What is made of it must be countable too.
  int64_t bits = std::max<int64_t>(8, element.getIntOrFloatBitWidth());
  overflow |= __builtin_mul_overflow(source.elements, bits, &bits);
  if (overflow)
    throw Error(what +
                " is too large: the size that its dims give overflows 64 bits");
  if (tensor.dims_size() > 64)
    throw Error(what + " has " + std::to_string(tensor.dims_size()) +
                " dims; at most 64 are supported");
  if (!bytes)
    throw Error(what + " is too large: its size in bits overflows 64 bits");
  source.bytes = *bytes;
  source.type = RankedTensorType::get(dims, element);
  source.stored = source.type.clone(stored);
  if (tensor.has_segment())
    throw Error(what + " is stored in segments, which is not supported");

  if (tensor.data_location() == pb::TensorProto::EXTERNAL) {
    findExternal(file, source, what);
    return source;
  }
  std::optional<uint64_t> rawBytes = skeletonField(tensor, rawBytesField);
  if (tensor.has_raw_data() && !rawBytes)
    rawBytes = tensor.raw_data().size();
  auto [values, field] = typedField(tensor);
  if (rawBytes && *rawBytes != static_cast<uint64_t>(source.bytes) &&
      !(*rawBytes == 0 && values > 0))
    throw Error(what + " has " + std::to_string(*rawBytes) +
                " bytes of raw_data; its dims and data type make it " +
                std::to_string(source.bytes) + " bytes");
  if (rawBytes && *rawBytes > 0) {
    if (std::optional<uint64_t> offset =
            skeletonField(tensor, rawOffsetField)) {
      source.file = file.realName();
      source.offset = *offset;
    }
    return source;
  }
  // An entry holds what a byte of raw_data holds where elements are narrow.
  int64_t expected =
      source.stored == source.type ? source.elements : source.bytes;
  if (values != expected)
    throw Error(what + " has " + std::to_string(values) + " values in " +
                field + " and no raw_data; its dims make it " +
                std::to_string(expected) +
                (expected == source.elements ? " elements" : " bytes"));
  return source;
}

/// The bytes of a tensor that keeps its values in a typed field.
static std::string typedBytes(const TensorSource &source) {
  const pb::TensorProto &tensor = *source.proto;
  std::string bytes(source.bytes, '\0');
  auto count = static_cast<size_t>(
      source.stored == source.type ? source.elements : source.bytes);
  size_t width = count ? static_cast<size_t>(source.bytes) / count : 0;
  // Little-endian: the low bytes of a wider integer are the narrower one.
  auto copy = [&](const auto &values) {
    for (size_t i = 0; i < count; ++i)
      std::memcpy(bytes.data() + i * width, &values[static_cast<int>(i)],
                  width);
  };
  switch (tensor.data_type()) {
  case pb::TensorProto::FLOAT:
    copy(tensor.float_data());
    break;
  case pb::TensorProto::DOUBLE:
    copy(tensor.double_data());
    break;
  case pb::TensorProto::INT64:
    copy(tensor.int64_data());
    break;
  case pb::TensorProto::UINT32:
  case pb::TensorProto::UINT64:
    copy(tensor.uint64_data());
    break;
  default:
    copy(tensor.int32_data());
  }
  return bytes;
}

ElementsAttr Session::readTensor(const TensorSource &source) {
  std::string bytes;
  if (!source.file.empty())
    bytes = file.read(source.file, source.offset, source.bytes);
  else if (source.proto->has_raw_data() && !source.proto->raw_data().empty())
    bytes = source.proto->raw_data();
  else
    bytes = typedBytes(source);
  if (source.stored != source.type) {
    std::string wide;
    hybrid::repack(
        source.stored, hybrid::Repacking::Widened, 1, source.type, bytes.data(),
        [&](const char *piece, size_t count) { wide.append(piece, count); });
    bytes = std::move(wide);
  }
  if (source.type.getElementType().isInteger(1)) {
    SmallVector<bool> values;
    for (char byte : bytes)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(source.type, values);
  }
  if (source.elements == 0)
    return DenseElementsAttr::get(source.type, ArrayRef<Attribute>());
  return DenseElementsAttr::getFromRawBuffer(
      source.type, ArrayRef<char>(bytes.data(), bytes.size()));
}

} // namespace jarana::onnx
