// A region of scalar ops, compiled once to a list of instructions that runs per
// element.
#pragma once

#include "lib/reference/tensor/Handlers.h"
#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace jarana::reference {

/// The value of a scalar: its type says which member counts.
template <class Real> struct Cell {
  Real real{};
  int64_t integer = 0;
};

template <class Real> struct InstructionOf {
  void (*run)(const InstructionOf &, Cell<Real> *cells) = nullptr;
  int result = 0;
  llvm::SmallVector<int, 3> operands; ///< cells
  DType from = DType::f32, to = DType::f32;
  int64_t immediate = 0;    ///< a predicate, or instructions to skip
  TensorPtrOf<Real> tensor; ///< what tensor.extract reads
  mlir::AffineMap map;      ///< of affine ops
  bool branches = false;    ///< skips `immediate` where operand 0 is false
};

/// How a scalar op of arith or math runs, nullptr where there is none of that
/// name. Floats are rounded to the result's type.
template <class Real>
decltype(InstructionOf<Real>::run) findScalar(llvm::StringRef name);
template <class Real> std::vector<llvm::StringRef> scalarNames();
/// The instruction of a scalar op, with cells still to be set.
template <class Real> InstructionOf<Real> scalarInstruction(mlir::Operation &);

/// `value` as the float type holds it; a domain without rounding keeps it.
template <class Real> Real roundedTo(DType type, Real value) {
  if constexpr (std::is_same_v<Real, double>)
    return type == DType::f32 ? static_cast<float>(value)
                              : roundTo(type, value);
  else
    return value;
}

template <class Real> Cell<Real> cellOf(const TensorOf<Real> &x, int64_t i) {
  if (isFloat(x.dtype))
    return {x.reals[i], 0};
  return {Real{}, x.ints[i]};
}
template <class Real>
void setCell(TensorOf<Real> &x, int64_t i, const Cell<Real> &cell) {
  if (isFloat(x.dtype))
    x.reals[i] = cell.real;
  else
    x.ints[i] = cell.integer;
}

/// A block whose arguments and ops are scalars; it may read scalars and (with
/// tensor.extract and tensor.dim) tensors from outside, branch with scf.if, and
/// ask for linalg.index.
template <class Real> class ScalarProgram {
public:
  /// `valueOf` gives what a value from outside is.
  ScalarProgram(mlir::Block &block,
                llvm::function_ref<TensorPtrOf<Real>(mlir::Value)> valueOf);

  void run() {
    for (const InstructionOf<Real> *i = instructions.data(),
                                   *end = i + instructions.size();
         i < end; ++i)
      if (!i->branches)
        i->run(*i, cells.data());
      else if (!cells[i->operands[0]].integer)
        i += i->immediate;
  }

  std::vector<Cell<Real>> cells; ///< the block's arguments come first
  std::vector<int> results;      ///< cells of what the terminator yields
  /// (loop, cell) of each linalg.index.
  std::vector<std::pair<int64_t, int>> indices;

private:
  void compile(mlir::Block &);
  void compile(mlir::Operation &);
  void compileIf(mlir::Operation &);
  int cellFor(mlir::Value);
  int newCell(mlir::Value);

  llvm::function_ref<TensorPtrOf<Real>(mlir::Value)> valueOf;
  llvm::DenseMap<mlir::Value, int> cellOfValue;
  std::vector<InstructionOf<Real>> instructions;
};

/// Each element by a block whose arguments are its indices and which yields it.
template <class Real>
void fillByIndices(TensorOf<Real> &, mlir::Block &, FrameOf<Real> &);

} // namespace jarana::reference
