// What a kernel needs to know of the CPU that it is made for: the only place
// where block sizes come from.
#pragma once

#include <cstdint>

namespace jarana::cpu {

struct TargetInfo {
  /// Of a vector register: 512 (AVX-512), 256 (AVX2) or 128 (SSE, NEON).
  int64_t vectorBits;
  /// Vector registers: 32 with AVX-512 and NEON, 16 with SSE and AVX2.
  int64_t registers;
  /// AVX512_BF16's vdpbf16ps does more multiply-adds per cycle than f32 has.
  bool dotBf16 = false;

  /// `vectorBits` is one of the above; `registers` 0 means what x86-64 has at
  /// that width.
  static TargetInfo get(int64_t vectorBits, int64_t registers = 0,
                        bool dotBf16 = false);

  /// f32 elements of a vector.
  int64_t lanes() const { return vectorBits / 32; }
  /// Vectors of a row of the block of products that stays in registers.
  int64_t blockVectors() const { return 2; }
  /// Columns of a panel (`nr` of hybrid.packed_matmul) that suits the target.
  int64_t panelWidth() const { return blockVectors() * lanes(); }
  /// Rows of that block when a row of it is `vectors` long: three quarters of
  /// the registers hold sums, the others elements of both sides.
  int64_t blockRows(int64_t vectors) const {
    int64_t rows = registers * 3 / 4 / vectors;
    return rows > 1 ? rows : 1;
  }
  /// Inner dimension of a block of products: a slice of a panel of this depth
  /// and the left rows it meets are used again from the second-level cache.
  int64_t blockDepth() const { return 512; }
  /// Rows of the left side copied at a time, at most: on the stack of each
  /// thread, 4 * blockDepth() bytes each.
  int64_t copiedRows() const { return 128; }
  /// Rows of the left side that meet a vector of quantised weights while it is
  /// in registers, for rows of `depth` elements, at most longestCodeRow: a
  /// power of two.
  int64_t codeRows(int64_t depth) const;
  /// f32 elements of such rows, together, on the stack of each thread.
  static constexpr int64_t longestCodeRow = 1 << 16;
  /// Columns whose weights, of `bytes` each, stay in the second-level cache
  /// while rows go by.
  int64_t codeColumns(int64_t bytes) const;
  /// Rows with the same matrix that meet a vector of it while it is in
  /// registers, where each row chooses its matrix: a power of two.
  int64_t chosenRows() const { return registers / 4; }
  /// Rows of a matrix that are announced before they are read, where a kernel
  /// takes some columns of each: too short a piece for the hardware to see.
  int64_t announcedRows() const { return 8; }
  /// Multiply-adds (or operations as dear) that pay for waking the threads.
  int64_t parallelWork() const { return 1 << 16; }
};

} // namespace jarana::cpu
