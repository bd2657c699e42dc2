#include "dialects/hybrid/Repack.h"

#include "mlir/IR/Builders.h"

#include <array>

using namespace mlir;
using namespace mlir::hybrid;

std::optional<int64_t> hybrid::bytesInFile(RankedTensorType type) {
  int64_t count = 1;
  for (int64_t size : type.getShape())
    if (__builtin_mul_overflow(count, size, &count))
      return std::nullopt;
  int64_t bits = type.getElementTypeBitWidth();
  if (bits == 1)
    return count;
  if (__builtin_mul_overflow(count, bits, &bits) ||
      __builtin_add_overflow(bits, 7, &bits))
    return std::nullopt;
  return bits / 8;
}

Type hybrid::widenedType(Type element) {
  Builder b(element.getContext());
  if (isa<Float8E8M0FNUType>(element))
    return b.getF32Type();
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() <= 8)
    return b.getF16Type();
  if (auto integer = dyn_cast<IntegerType>(element))
    if (integer.getWidth() == 2 || integer.getWidth() == 4)
      return IntegerType::get(element.getContext(), 8, integer.getSignedness());
  return {};
}

RankedTensorType hybrid::repackedType(RankedTensorType stored,
                                      Repacking packing, int64_t block,
                                      int64_t bits) {
  Type element = stored.getElementType();
  if (packing == Repacking::Widened) {
    Type wide = widenedType(element);
    return wide ? stored.clone(wide) : RankedTensorType();
  }
  if (stored.getRank() != 2 || !element.isIntOrFloat())
    return {};
  int64_t rows = stored.getDimSize(0), columns = stored.getDimSize(1);
  if (packing == Repacking::Transposed)
    return element.getIntOrFloatBitWidth() % 8 == 0
               ? RankedTensorType::get({columns, rows}, element)
               : RankedTensorType();
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer || (integer.getWidth() != 4 && integer.getWidth() != 8) ||
      (bits != 4 && bits != 8) || block <= 0 || block > INT32_MAX ||
      block * bits % 8 != 0)
    return {};
  if (packing == Repacking::CodesTransposed)
    std::swap(rows, columns);
  return RankedTensorType::get(
      {columns, llvm::divideCeilSigned(rows, block), block * bits / 8},
      IntegerType::get(element.getContext(), 8, IntegerType::Unsigned));
}

namespace {

/// The value of each pattern of bits of a narrow type, in the bytes of its
/// wider one.
std::array<uint32_t, 256> wideValues(Type narrow) {
  std::array<uint32_t, 256> values{};
  unsigned width = narrow.getIntOrFloatBitWidth();
  for (unsigned pattern = 0; pattern < (1U << width); ++pattern) {
    APInt bits(width, pattern);
    if (auto type = dyn_cast<FloatType>(narrow)) {
      APFloat value(type.getFloatSemantics(), bits);
      bool losesInfo = false;
      value.convert(cast<FloatType>(widenedType(narrow)).getFloatSemantics(),
                    APFloat::rmNearestTiesToEven, &losesInfo);
      bits = value.bitcastToAPInt();
    } else {
      bits = narrow.isUnsignedInteger() ? bits.zext(8) : bits.sext(8);
    }
    values[pattern] = static_cast<uint32_t>(bits.getZExtValue());
  }
  return values;
}

/// Element `index` of a tensor of `width` bits per element, as its pattern of
/// bits: low bits first.
uint8_t patternAt(const char *bytes, int64_t index, int64_t width) {
  int64_t perByte = 8 / width;
  auto byte = static_cast<uint8_t>(bytes[index / perByte]);
  return width == 8 ? byte
                    : byte >> (index % perByte * width) & ((1 << width) - 1);
}

constexpr int64_t pieceElements = int64_t(1) << 20;

void widen(RankedTensorType stored, const char *bytes,
           function_ref<void(const char *, size_t)> sink) {
  Type narrow = stored.getElementType();
  std::array<uint32_t, 256> values = wideValues(narrow);
  size_t size = widenedType(narrow).getIntOrFloatBitWidth() / 8;
  std::vector<char> piece;
  int64_t count = stored.getNumElements(),
          width = narrow.getIntOrFloatBitWidth();
  for (int64_t first = 0; first < count; first += pieceElements) {
    int64_t here = std::min(pieceElements, count - first);
    piece.resize(here * size);
    for (int64_t i = 0; i < here; ++i)
      std::memcpy(piece.data() + i * size,
                  &values[patternAt(bytes, first + i, width)], size);
    sink(piece.data(), piece.size());
  }
}

/// How the matrix of a product's right side is stored.
struct Matrix {
  const char *bytes;
  int64_t rows, columns; ///< of the product: [k, n]
  int64_t width;         ///< bits of an element
  bool transposed;       ///< stored as [n, k]
  int64_t index(int64_t row, int64_t column) const {
    return transposed ? column * rows + row : row * columns + column;
  }
};

/// Columns that are made together, so that a row of the source is read in runs.
constexpr int64_t together = 64;

void transpose(const Matrix &matrix,
               function_ref<void(const char *, size_t)> sink) {
  int64_t size = matrix.width / 8;
  std::vector<char> piece;
  for (int64_t first = 0; first < matrix.columns; first += together) {
    int64_t here = std::min(together, matrix.columns - first);
    piece.resize(here * matrix.rows * size);
    for (int64_t row = 0; row < matrix.rows; ++row)
      for (int64_t j = 0; j < here; ++j)
        std::memcpy(piece.data() + (j * matrix.rows + row) * size,
                    matrix.bytes + matrix.index(row, first + j) * size, size);
    sink(piece.data(), piece.size());
  }
}

/// Codes without sign: those with one are moved up by 2^(bits - 1).
void encode(const Matrix &matrix, int64_t block, int64_t bits, bool isSigned,
            function_ref<void(const char *, size_t)> sink) {
  int64_t blocks = llvm::divideCeilSigned(matrix.rows, block),
          rowBytes = blocks * (block * bits / 8), perByte = 8 / bits;
  unsigned flipped = isSigned ? 1U << (bits - 1) : 0,
           mask = (1U << bits) - 1; // moved up modulo 2^bits
  std::vector<char> piece;
  for (int64_t first = 0; first < matrix.columns; first += together) {
    int64_t here = std::min(together, matrix.columns - first);
    piece.assign(here * rowBytes, 0);
    for (int64_t row = 0; row < matrix.rows; ++row)
      for (int64_t j = 0; j < here; ++j) {
        unsigned code = (patternAt(matrix.bytes, matrix.index(row, first + j),
                                   matrix.width) ^
                         flipped) &
                        mask;
        piece[j * rowBytes + row / perByte] |=
            static_cast<char>(code << (row % perByte * bits));
      }
    sink(piece.data(), piece.size());
  }
}

} // namespace

void hybrid::repack(RankedTensorType stored, Repacking packing, int64_t block,
                    RankedTensorType result, const char *bytes,
                    function_ref<void(const char *, size_t)> sink) {
  if (packing == Repacking::Widened)
    return widen(stored, bytes, sink);
  Type element = stored.getElementType();
  Matrix matrix{bytes, stored.getDimSize(0), stored.getDimSize(1),
                element.getIntOrFloatBitWidth(),
                packing == Repacking::CodesTransposed};
  if (matrix.transposed)
    std::swap(matrix.rows, matrix.columns);
  if (packing == Repacking::Transposed)
    return transpose(matrix, sink);
  encode(matrix, block, result.getDimSize(2) * 8 / block,
         !element.isUnsignedInteger(), sink);
}
