#include "lib/reference/MlirTensors.h"

#include "dialects/hybrid/Repack.h"
#include "lib/reference/Exact.h"
#include "lib/reference/TensorIO.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Operation.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

using namespace jarana;
using namespace jarana::reference;

DType reference::dtypeOf(mlir::Type type) {
  if (type.isIndex())
    return DType::i64;
  if (type.isF32())
    return DType::f32;
  if (type.isF16())
    return DType::f16;
  if (type.isBF16())
    return DType::bf16;
  if (type.isF64())
    return DType::f64;
  if (auto integer = mlir::dyn_cast<mlir::IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return DType::boolean;
    case 8:
      return isUnsigned ? DType::u8 : DType::i8;
    case 16:
      return isUnsigned ? DType::u16 : DType::i16;
    case 32:
      return isUnsigned ? DType::u32 : DType::i32;
    case 64:
      return isUnsigned ? DType::u64 : DType::i64;
    }
  }
  std::string text;
  llvm::raw_string_ostream(text) << type;
  throw Error("the reference evaluator has no element type " + text);
}

Tensor reference::tensorOf(mlir::ElementsAttr elements) {
  auto type = mlir::cast<mlir::ShapedType>(elements.getType());
  DType dtype = dtypeOf(type.getElementType());
  Shape shape(type.getShape());
  if (auto resource =
          mlir::dyn_cast<mlir::DenseResourceElementsAttr>(elements)) {
    mlir::AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      throw Error("the resource of a constant is not there");
    return fromBytes(
        dtype, shape,
        {reinterpret_cast<const std::byte *>(blob->getData().data()),
         blob->getData().size()});
  }
  auto dense = mlir::dyn_cast<mlir::DenseElementsAttr>(elements);
  if (!dense)
    throw Error("a constant has an unknown kind of value");
  Tensor tensor(dtype, shape);
  int64_t i = 0;
  if (isFloat(dtype))
    for (llvm::APFloat value : dense.getValues<llvm::APFloat>()) {
      bool losesInfo; // nothing is lost: f64 holds every value of the float
                      // types
      value.convert(llvm::APFloat::IEEEdouble(),
                    llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      tensor.reals[i++] = value.convertToDouble();
    }
  else
    for (const llvm::APInt &value : dense.getValues<llvm::APInt>())
      tensor.ints[i++] =
          wrap(dtype, value.getBitWidth() == 1 ? value.getZExtValue()
                                               : value.getSExtValue());
  return tensor;
}

namespace {
/// "#hybrid.mask<causal>" is "causal".
std::string enumerator(mlir::Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  size_t begin = text.find('<'), end = text.rfind('>');
  return begin == std::string::npos || end == std::string::npos
             ? text
             : text.substr(begin + 1, end - begin - 1);
}

void add(Attributes &attributes, const std::string &name,
         mlir::Attribute attribute) {
  if (auto integer = mlir::dyn_cast<mlir::IntegerAttr>(attribute)) {
    attributes[name] = integer.getType().isInteger(1)
                           ? int64_t(integer.getValue().getBoolValue())
                           : integer.getValue().getSExtValue();
  } else if (auto number = mlir::dyn_cast<mlir::FloatAttr>(attribute)) {
    attributes[name] = number.getValueAsDouble();
  } else if (auto text = mlir::dyn_cast<mlir::StringAttr>(attribute)) {
    attributes[name] = text.str();
  } else if (auto type = mlir::dyn_cast<mlir::TypeAttr>(attribute)) {
    attributes[name] =
        reference::name(dtypeOf(mlir::getElementTypeOrSelf(type.getValue())));
  } else if (auto integers =
                 mlir::dyn_cast<mlir::DenseI64ArrayAttr>(attribute)) {
    attributes[name] = std::vector<int64_t>(integers.asArrayRef());
  } else if (auto numbers =
                 mlir::dyn_cast<mlir::DenseF32ArrayAttr>(attribute)) {
    attributes[name] = std::vector<double>(numbers.asArrayRef().begin(),
                                           numbers.asArrayRef().end());
  } else if (auto elements = mlir::dyn_cast<mlir::ElementsAttr>(attribute)) {
    Tensor value = tensorOf(elements);
    if (value.size() != 1)
      throw Error("attribute '" + name + "' must have one element");
    attributes[name] = isFloat(value.dtype) ? Attribute(value.reals[0])
                                            : Attribute(value.ints[0]);
    attributes[name + ".dtype"] = reference::name(value.dtype);
  } else {
    attributes[name] = enumerator(attribute);
  }
}
} // namespace

Attributes reference::attributesOf(mlir::Operation *op) {
  Attributes attributes;
  for (mlir::NamedAttribute entry : op->getAttrs())
    if (entry.getName() != mlir::OpTrait::AttrSizedOperandSegments<
                               void>::getOperandSegmentSizeAttr() &&
        entry.getName() != kUnroundedScale && entry.getName() != kRowsLeftOpen)
      add(attributes, entry.getName().str(), entry.getValue());
  // ONNX lets Split take the number of its parts from the number of its
  // results.
  if (op->getName().getStringRef() == "onnx.Split")
    attributes.emplace("num_outputs",
                       static_cast<int64_t>(op->getNumResults()));
  return attributes;
}

template <class Real>
InputsOf<Real> reference::inputsOf(
    mlir::Operation *op,
    llvm::function_ref<const TensorOf<Real> *(mlir::Value)> valueOf) {
  InputsOf<Real> inputs;
  auto segments = op->getAttrOfType<mlir::DenseI32ArrayAttr>(
      mlir::OpTrait::AttrSizedOperandSegments<
          void>::getOperandSegmentSizeAttr());
  if (segments) {
    unsigned next = 0;
    for (int32_t size : segments.asArrayRef()) {
      if (size == 0)
        inputs.push_back(nullptr);
      for (int32_t i = 0; i < size; ++i)
        inputs.push_back(valueOf(op->getOperand(next++)));
    }
    return inputs;
  }
  for (mlir::Value operand : op->getOperands())
    inputs.push_back(valueOf(operand));
  // Ops with a single optional operand need no segments: it is absent where
  // there is one operand less.
  struct OneOptional {
    llvm::StringLiteral name;
    unsigned position, operands;
  };
  static constexpr OneOptional ops[] = {{"hybrid.ssd_scan", 1, 7},
                                        {"hybrid.state_update", 1, 7},
                                        {"hybrid.causal_conv1d", 2, 5},
                                        {"hybrid.quantized_matmul", 3, 5}};
  for (const OneOptional &known : ops)
    if (op->getName().getStringRef() == known.name &&
        inputs.size() + 1 == known.operands)
      inputs.insert(inputs.begin() + known.position, nullptr);
  return inputs;
}

template InputsOf<double>
reference::inputsOf(mlir::Operation *,
                    llvm::function_ref<const Tensor *(mlir::Value)>);
template InputsOf<Exact>
reference::inputsOf(mlir::Operation *,
                    llvm::function_ref<const TensorOf<Exact> *(mlir::Value)>);

template <class Real>
void reference::checkType(const std::string &what, const TensorOf<Real> &tensor,
                          mlir::Type type) {
  auto shaped = mlir::dyn_cast<mlir::RankedTensorType>(type);
  if (!shaped) { // a scalar
    if (!type.isIntOrIndexOrFloat())
      throw Error(what + " is no tensor");
    shaped = mlir::RankedTensorType::get({}, type);
  }
  DType dtype = dtypeOf(shaped.getElementType());
  bool fits = tensor.dtype == dtype && tensor.rank() == shaped.getRank();
  for (int64_t d = 0; fits && d < tensor.rank(); ++d)
    fits = shaped.isDynamicDim(d) || shaped.getDimSize(d) == tensor.shape[d];
  if (fits)
    return;
  std::string expected = "[";
  for (auto [i, dim] : llvm::enumerate(shaped.getShape()))
    expected += (i ? ", " : "") +
                (mlir::ShapedType::isDynamic(dim) ? "?" : std::to_string(dim));
  throw Error(what + " is " + name(tensor.dtype) + " " + toText(tensor.shape) +
              ", but " + name(dtype) + " " + expected + "] is expected");
}

template void reference::checkType(const std::string &, const Tensor &,
                                   mlir::Type);
template void reference::checkType(const std::string &, const TensorOf<Exact> &,
                                   mlir::Type);

Weights::Weights(mlir::ModuleOp module) : symbols(module) {
  if (auto attribute =
          module->getAttrOfType<mlir::StringAttr>(mlir::hybrid::kModelDirAttr))
    folder = attribute.str();
}

std::shared_ptr<const Tensor> Weights::get(mlir::StringRef symbol) {
  auto found = known.find(symbol.str());
  if (found != known.end())
    return found->second;
  mlir::Operation *weight = symbols.lookup(symbol);
  if (!weight || !mlir::isa<mlir::hybrid::WeightOp>(weight))
    throw Error("there is no weight @" + symbol.str());
  auto tensor = std::make_shared<const Tensor>(read(weight));
  known[symbol.str()] = tensor;
  return tensor;
}

WeightSource Weights::sourceOf(mlir::StringRef symbol) {
  auto weight = symbols.lookup<mlir::hybrid::WeightOp>(symbol);
  if (!weight)
    throw Error("there is no weight @" + symbol.str());
  mlir::Attribute value = weight.getValue(), origin = value;
  if (auto derived = mlir::dyn_cast<mlir::hybrid::DerivedAttr>(value))
    if (auto source = symbols.lookup<mlir::hybrid::WeightOp>(
            derived.getSource().getValue()))
      origin = source.getValue();
  return {value, origin, weight.getType()};
}

std::span<const std::byte> Weights::fileRange(const std::string &file,
                                              int64_t offset, int64_t bytes) {
  auto &buffer = files[file];
  if (!buffer) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, file);
    // File ranges name files without links: one has been put there since.
    int descriptor =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (descriptor < 0)
      throw Error("cannot read " + path.str().str() + ": " +
                  std::strerror(errno));
    auto opened = llvm::MemoryBuffer::getOpenFile(
        descriptor, path, /*FileSize=*/-1, /*RequiresNullTerminator=*/false);
    ::close(descriptor);
    if (!opened)
      throw Error("cannot read " + path.str().str() + ": " +
                  opened.getError().message());
    buffer = std::move(*opened);
  }
  uint64_t size = buffer->getBufferSize();
  if (offset < 0 || bytes < 0 || static_cast<uint64_t>(offset) > size ||
      static_cast<uint64_t>(bytes) > size - offset)
    throw Error("bytes " + std::to_string(offset) + " to " +
                std::to_string(offset + bytes) + " are not in " + file +
                ", which has " + std::to_string(size));
  return {reinterpret_cast<const std::byte *>(buffer->getBufferStart()) +
              offset,
          static_cast<size_t>(bytes)};
}

Tensor Weights::read(mlir::Operation *op) {
  auto weight = mlir::cast<mlir::hybrid::WeightOp>(op);
  auto type = mlir::cast<mlir::RankedTensorType>(weight.getType());
  if (auto elements = mlir::dyn_cast<mlir::ElementsAttr>(weight.getValue()))
    return tensorOf(elements);
  DType dtype = dtypeOf(type.getElementType());
  if (auto range =
          mlir::dyn_cast<mlir::hybrid::FileRangeAttr>(weight.getValue()))
    return fromBytes(
        dtype, Shape(type.getShape()),
        fileRange(range.getFile().str(), range.getOffset(), range.getBytes()));
  if (auto repacked =
          mlir::dyn_cast<mlir::hybrid::RepackedAttr>(weight.getValue())) {
    mlir::hybrid::FileRangeAttr range = repacked.getRange();
    std::span<const std::byte> stored =
        fileRange(range.getFile().str(), range.getOffset(), range.getBytes());
    std::vector<std::byte> bytes;
    mlir::hybrid::repack(
        repacked.getStored(), repacked.getPacking(), repacked.getBlock(), type,
        reinterpret_cast<const char *>(stored.data()),
        [&](const char *piece, size_t count) {
          const auto *begin = reinterpret_cast<const std::byte *>(piece);
          bytes.insert(bytes.end(), begin, begin + count);
        });
    return fromBytes(dtype, Shape(type.getShape()), bytes);
  }
  auto derived = mlir::dyn_cast<mlir::hybrid::DerivedAttr>(weight.getValue());
  if (!derived)
    throw Error("weight @" + weight.getSymName().str() +
                " has an unknown kind of value");
  // A derived weight's source may not be derived itself, so this ends.
  auto source = get(derived.getSource().getValue());
  bool stored = derived.getPacking() == mlir::hybrid::Packing::PanelsTransposed;
  Tensor packed(dtype, Shape(type.getShape()));
  int64_t k = packed.shape.at(1), width = packed.shape.at(2),
          n = source->shape.at(stored ? 0 : 1);
  auto pack = [&](auto &panels, const auto &elements) {
    for (int64_t row = 0; row < k; ++row)
      for (int64_t column = 0; column < n; ++column)
        panels.at((column / width * k + row) * width + column % width) =
            elements.at(stored ? column * k + row : row * n + column);
  };
  if (isFloat(dtype))
    pack(packed.reals, source->reals);
  else
    pack(packed.ints, source->ints);
  return packed;
}
