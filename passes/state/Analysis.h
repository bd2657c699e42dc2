// Which positions each value of a prefill graph is needed for, from the logits
// of the last position backwards, and whether each op gives them from the same
// positions of its operands.
#pragma once

#include "passes/state/Sequence.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace jarana::state {

/// How an op acts on the sequence.
enum class Action : uint8_t {
  Local,    ///< each position by itself
  Position, ///< by itself, and by its absolute position
  Mixing,   ///< a mixer, which carries a state
  Opaque,   ///< in a way that is not known
};
llvm::StringRef toString(Action action);

/// How one demanded form of an op's results is computed.
struct Plan {
  Demand demand; ///< of result `result`; the other results follow
  unsigned result = 0;
  /// Per operand; none where its value is not needed as a tensor (sizes).
  llvm::SmallVector<std::optional<Demand>> operands;
  /// Tensors and scalars from outside that the op's regions use.
  llvm::SmallVector<std::pair<mlir::Value, Demand>> captured;
  /// Per loop of a linalg op.
  Axes loops;
  /// Reads of sequences in the op's region at the position that a loop is at.
  struct Read {
    mlir::OpOperand *index;      ///< of a tensor.extract
    unsigned loop;               ///< over the positions
    std::optional<unsigned> row; ///< over what they are folded with, outside
  };
  llvm::SmallVector<Read> reads;
  /// Loops over rows * length whose index is used, in a check.
  llvm::SmallVector<unsigned> flat;
  /// Operands that nothing in the region uses, given those reads.
  llvm::SmallVector<unsigned> unread;
};

/// What operands are for, where an op is computed for these axes.
Use useOfOperands(const Plan &plan, const Axes &axes);

class Analysis {
public:
  Analysis(mlir::func::FuncOp main, const Roles &roles);

  /// False where no functions can be derived; `refusal` says why.
  bool run();

  const Roles &roles() const { return inputs; }
  Sequence &sequence() { return sizes; }
  const Refusal &refusal() const { return reason; }
  /// The forms in which each op is needed.
  const std::vector<Plan> &plansOf(mlir::Operation *op) const;
  /// The forms in which a value is needed.
  llvm::ArrayRef<Demand> demandsOn(mlir::Value value) const;
  /// What was found of an op; absent: the logits do not depend on it.
  std::optional<Action> actionOf(mlir::Operation *op) const;
  /// The axis of an op's first result that holds the sequence, or -1.
  int sequenceAxis(mlir::Operation *op);
  Demand logitsDemand() const { return logits; }

private:
  bool refuse(mlir::Operation *op, const llvm::Twine &why);
  bool demand(mlir::Operation *user, mlir::Value value, const Demand &wanted);
  bool visit(mlir::Operation *op);
  bool addPlan(mlir::Operation *op, unsigned result, const Demand &wanted);
  bool visitCheck(mlir::Operation *check);
  bool checkCondition(mlir::Operation *check, mlir::Value condition);

  bool plan(mlir::Operation *op, Plan &plan);
  bool planLinalg(mlir::Operation *op, Plan &plan);
  bool planReductions(mlir::Operation *op, Plan &plan,
                      llvm::SmallVectorImpl<bool> &set);
  bool planRegions(mlir::Operation *op, Plan &plan);
  bool planReads(mlir::Operation *op, Plan &plan, mlir::Value tensor,
                 Demand &need);
  std::optional<Plan::Read> findRead(mlir::Operation *op, const Plan &plan,
                                     mlir::OpOperand &index, SizeRole role);
  bool planIndices(mlir::Operation *op, Plan &plan,
                   const llvm::DenseSet<mlir::Value> &used);
  SizeRole roleOfLoop(mlir::Operation *op, unsigned loop);
  bool isPosition(mlir::Operation *op, const Plan &plan, unsigned loop);
  bool planLoop(mlir::Operation *op, Plan &plan);
  bool planCompute(mlir::Operation *op, Plan &plan);
  bool planMixer(mlir::Operation *op, Plan &plan);
  bool planExpand(mlir::Operation *op, Plan &plan);
  bool planCollapse(mlir::Operation *op, Plan &plan);
  bool planExtractSlice(mlir::Operation *op, Plan &plan);
  bool planInsertSlice(mlir::Operation *op, Plan &plan);
  bool planWhole(mlir::Operation *op, Plan &plan);
  bool planElementwise(mlir::Operation *op, Plan &plan);

  mlir::func::FuncOp main;
  Roles inputs;
  Sequence sizes;
  Refusal reason;
  Demand logits;
  llvm::DenseMap<mlir::Operation *, std::vector<Plan>> plans;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Demand, 1>> demands;
  llvm::DenseMap<mlir::Operation *, Action> actions;
  std::vector<Plan> none;
};

/// A tensor that holds only zeros, whatever the inputs are.
bool isZeros(mlir::Value value);

} // namespace jarana::state
