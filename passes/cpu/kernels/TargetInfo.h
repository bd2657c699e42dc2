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

  /// `vectorBits` is one of the above; `registers` 0 means what x86-64 has at
  /// that width.
  static TargetInfo get(int64_t vectorBits, int64_t registers = 0);

  /// f32 elements of a vector.
  int64_t lanes() const { return vectorBits / 32; }
  /// Vectors of a row of the block of products that stays in registers.
  int64_t blockVectors() const { return 2; }
  /// Columns of a panel (`nr` of hybrid.packed_matmul) that suits the target.
  int64_t panelWidth() const { return blockVectors() * lanes(); }
  /// Rows of that block: what is left beside a row of the panel and one
  /// element of the left side.
  int64_t blockRows() const {
    return (registers - blockVectors() - 1) / blockVectors();
  }
  /// Inner dimension of a block of products: a slice of a panel of this depth
  /// and the left rows it meets are used again from the second-level cache.
  int64_t blockDepth() const { return 512; }
  /// Rows of the left side copied at a time, a multiple of blockRows(). The
  /// copy is on the stack of each thread: about 256 KiB.
  int64_t copiedRows() const { return 128 / blockRows() * blockRows(); }
  /// Multiply-adds (or operations as dear) that pay for waking the threads.
  int64_t parallelWork() const { return 1 << 16; }
  /// Bytes ahead of a stream that a load is announced.
  int64_t prefetchDistance() const { return 2048; }
};

} // namespace jarana::cpu
