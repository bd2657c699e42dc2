// Builds a function that continues from states, as an analysis has found it.
#pragma once

#include "passes/state/Analysis.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace jarana::state {

/// A state of a derived function, by the names of its argument and result.
struct StateTensor {
  std::string input, output, kind; ///< kind: conv, ssm, key, value
  std::string node;                ///< the mixer's, as the exporter spells it
  mlir::Type type;                 ///< of the argument
};

class Build {
public:
  /// `step`: for one new position, instead of any number.
  Build(mlir::func::FuncOp main, Analysis &analysis, llvm::StringRef name,
        bool step);

  /// The function, behind main: ids, mask and positions where they matter, the
  /// states -> logits of the last position, the next states.
  mlir::func::FuncOp run();
  const std::vector<StateTensor> &states() const { return tensors; }

private:
  Axes normal(Axes axes) const;
  mlir::Value get(mlir::Value value, const Axes &axes);
  mlir::Value argument(mlir::BlockArgument argument, const Axes &axes);
  void set(mlir::Value value, const Axes &axes, mlir::Value built);
  mlir::RankedTensorType typeOf(mlir::Value value, const Axes &axes);
  mlir::Value as(mlir::Value value, mlir::Type type);

  mlir::OpFoldResult length(Kind kind);
  mlir::Value lengthValue(Kind kind);
  /// The position of index 0; null where it is 0.
  mlir::Value offset(Kind kind);
  mlir::Value scalar(mlir::Value value, Kind kind);
  mlir::OpFoldResult size(mlir::OpFoldResult size, Kind kind);
  mlir::Value constant(int64_t value);

  void addArguments();
  mlir::Value addArgument(mlir::Type type, const std::string &name,
                          llvm::ArrayRef<std::string> dims, mlir::Type element);
  mlir::Value addState(mlir::Operation *op, mlir::RankedTensorType type,
                       llvm::StringRef kind, int pastAxis);
  void emit(mlir::Operation *op, const Plan &plan);
  void emitClone(mlir::Operation *op, const Plan &plan);
  void placeLoops(mlir::Operation *copy, const Plan &plan,
                  const mlir::IRMapping &mapping);
  void emitLoop(mlir::Operation *op, const Plan &plan);
  mlir::IRMapping mapCaptured(mlir::Operation *op, const Plan &plan);
  void emitScan(mlir::Operation *op, const Plan &plan);
  void emitContinuation(mlir::Operation *op, const Plan &plan);
  mlir::Value context(mlir::Operation *op, mlir::OpOperand &operand,
                      const Plan &plan, llvm::StringRef kind);
  void emitShape(mlir::Operation *op, const Plan &plan);
  void emitSlice(mlir::Operation *op, const Plan &plan);
  void emitInsert(mlir::Operation *op, const Plan &plan);
  void emitCheck(mlir::Operation *op);
  void finish();
  void require(mlir::Value condition, const llvm::Twine &message);

  mlir::func::FuncOp main, function;
  Analysis &analysis;
  Sequence &sizes;
  bool step;
  mlir::OpBuilder b;
  mlir::Location loc;
  std::string batchName, lengthName, pastName;
  std::map<std::pair<void *, std::string>, mlir::Value> values;
  std::map<std::pair<void *, Kind>, mlir::Value> scalars;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value>> scans,
      loops;
  llvm::DenseMap<mlir::Value, mlir::Value> contexts;
  llvm::DenseMap<mlir::Operation *, unsigned> numbers;
  llvm::SmallVector<mlir::Attribute> argAttrs, resultAttrs;
  llvm::SmallVector<mlir::Value> results;
  std::vector<StateTensor> tensors;
  mlir::Value ids, mask, positions, past, total, firstContext;
};

} // namespace jarana::state
