// Plain tensors for the reference evaluator.
#pragma once

#include "jarana/error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace jarana::reference {

enum class DType {
  f32,
  f16,
  bf16,
  f64,
  i8,
  u8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  boolean
};

bool isFloat(DType);
int64_t byteSize(DType);
/// numpy's name ("float32", "bfloat16", "bool", ...), used in messages and
/// manifests.
std::string name(DType);
/// The nearest value of the type, ties to even (f16, bf16: through their bits;
/// overflow gives inf).
double roundTo(DType, double);
/// The type that `name` gives the name of; jarana::Error where there is none.
DType dtypeFromName(const std::string &name);
/// `value` modulo the width of an integer type, sign- or zero-extended (u64
/// keeps its bits); booleans become 0 or 1.
int64_t wrap(DType, int64_t value);

using Shape = std::vector<int64_t>;
/// Throws jarana::Error for a negative dimension and for counts beyond 64 bits.
int64_t elementCount(const Shape &);
/// "[2, 3]".
std::string toText(const Shape &);

/// A dense row-major tensor. Float types keep `reals` (each rounded to the
/// type), integers and booleans keep `ints`. `Real` is the scalar domain:
/// double today; the operators are templates over it.
template <class Real> struct TensorOf {
  DType dtype = DType::f32;
  Shape shape;
  std::vector<Real> reals;
  std::vector<int64_t> ints;

  TensorOf() = default;
  TensorOf(DType dtype, Shape shape); // zeros
  int64_t size() const { return elementCount(shape); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
};
using Tensor = TensorOf<double>;

} // namespace jarana::reference
