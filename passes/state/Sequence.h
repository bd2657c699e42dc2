// Where the sequence lies in a function in hybrid form: which arguments have
// it, and which sizes are its length.
#pragma once

#include "passes/state/Demand.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>
#include <string>
#include <utility>

namespace jarana::state {

/// What a size has to do with s, the length of the sequence.
enum class SizeRole : uint8_t {
  Plain,    ///< nothing
  Sequence, ///< it is s
  Folded,   ///< s times something that does not depend on it
  Other,    ///< it depends on s in another way, or on values of tensors
};

/// The arguments of a graph that only ever sees whole sequences.
struct Roles {
  unsigned ids = 0;                        ///< [batch, s], integers
  std::optional<unsigned> mask, positions; ///< [batch or 1, s]
  unsigned logits = 0; ///< the result: [batch, s or 1, vocabulary]
};

/// Their names, as far as they are stated.
struct RoleNames {
  std::string ids, mask, positions, logits;
};

/// Finds them: by the stated names, by those that a session knows, and where
/// there is but one integer argument, or one result, by that. What nothing
/// reads needs no role. None, and the reason, where an argument has no part
/// that a session could play.
std::optional<Roles> findRoles(mlir::func::FuncOp main, const RoleNames &stated,
                               Refusal &refusal);

/// Sizes of the values of `main`, whose body is one block in canonical form.
class Sequence {
public:
  Sequence(mlir::func::FuncOp main, const Roles &roles);

  /// The role of an index (or integer) value.
  SizeRole roleOf(mlir::Value size);
  SizeRole roleOf(mlir::OpFoldResult size);
  /// The role of a dimension of a tensor.
  SizeRole roleOf(mlir::Value tensor, unsigned axis);
  /// A computation on sizes of the arguments and constants alone.
  bool isShapeArithmetic(mlir::Value value);
  /// The elements that follow each position in an axis of the role Sequence or
  /// Folded, as far as it can be told from what the tensor is made of.
  std::optional<int64_t> innerOf(mlir::Value tensor, unsigned axis);
  /// The argument that is the mask; null where there is none.
  mlir::Value maskArgument();
  /// s - 1
  bool isLastPosition(mlir::OpFoldResult index);

private:
  SizeRole computeRole(mlir::Value size);
  SizeRole computeAxis(mlir::Value tensor, unsigned axis);
  std::optional<int64_t> computeInner(mlir::Value tensor, unsigned axis);
  SizeRole ofArgument(mlir::BlockArgument argument, unsigned axis);
  void readEqualities(mlir::func::FuncOp main);

  mlir::func::FuncOp main;
  Roles roles;
  std::string symbol; ///< the name of s
  llvm::DenseMap<mlir::Value, SizeRole> sizes;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, SizeRole> axes;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, std::optional<int64_t>>
      inners;
  llvm::DenseMap<mlir::Value, bool> arithmetic;
  llvm::DenseSet<std::pair<unsigned, unsigned>> equalToLength;
};

} // namespace jarana::state
