// Weights that are stored in another form than a bundle has them in: types of a
// few bits in wider ones, codes in the layout of a product.
#pragma once

#include "dialects/hybrid/Hybrid.h"

namespace mlir::hybrid {

/// The type that has the values of a type of fewer than 8 bits or of an 8-bit
/// float: i8, ui8, f16, or f32 for powers of two. Null for any other type.
Type widenedType(Type element);

/// The bytes that a tensor has in a file: booleans take a byte each, other
/// types of fewer than 8 bits are packed. Nothing where that overflows.
std::optional<int64_t> bytesInFile(RankedTensorType type);

/// The type that a packing makes of a stored tensor, signedness as for codes
/// without sign; null where it does not take such a tensor. Codes have `bits`
/// bits.
RankedTensorType repackedType(RankedTensorType stored, Repacking packing,
                              int64_t block, int64_t bits);

/// Gives the bytes of the result, row by row, for those that are stored.
/// `result` is what repackedType() says, of any signedness.
void repack(RankedTensorType stored, Repacking packing, int64_t block,
            RankedTensorType result, const char *bytes,
            function_ref<void(const char *bytes, size_t count)> sink);

} // namespace mlir::hybrid
