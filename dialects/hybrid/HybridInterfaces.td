// Interfaces of the hybrid dialect: what passes ask instead of listing ops.
#ifndef JARANA_HYBRID_INTERFACES_TD
#define JARANA_HYBRID_INTERFACES_TD

include "mlir/IR/OpBase.td"

def Hybrid_ComputeOpInterface : OpInterface<"ComputeOpInterface"> {
  let cppNamespace = "::mlir::hybrid";
  let description = [{
    What a compute op says about its operands, once, for its verifier, its
    memory effects and its tiling.

    Dimensions are named by letters. Two dimensions of one op that have the same
    letter have the same size. An upper-case letter is the dimension of the
    lower-case letter, or 1. A `*` has a size that the op's own verifier checks.
  }];
  let methods = [
    InterfaceMethod<[{
      The name of each operand, inits included, in order, and the letters of its
      dimensions.
    }], "::llvm::SmallVector<::mlir::hybrid::NamedDims>", "getNamedDims">,
    InterfaceMethod<[{
      The letters of the loops of the op, outermost first. A dimension whose
      letter is not among them is never cut.
    }], "std::string", "getLoopNames">,
    InterfaceMethod<[{
      The letters of the loops that carry a value from one iteration to the
      next in an init; they are run in order (`reduction` iterators).
    }], "std::string", "getCarriedLoops", (ins), "", [{ return ""; }]>,
    InterfaceMethod<[{
      Whether the old contents of the init with this number are used.
    }], "bool", "readsInit", (ins "unsigned":$init)>,
    InterfaceMethod<[{
      The loops and how they cut each operand.
    }], "::mlir::hybrid::LoopNest", "getLoopNest", (ins), "", [{
      return ::mlir::hybrid::LoopNest::get($_op);
    }]>,
    InterfaceMethod<[{
      Creates the op on `operands`, the slices of its own operands that the tile
      at `offsets` (one per loop) uses.
    }], "::mlir::Operation *", "createTile",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands,
           "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets), "", [{
      return ::mlir::hybrid::cloneOnOperands(builder, $_op, operands);
    }]>
  ];
}

def Hybrid_SequenceMixerOpInterface : OpInterface<"SequenceMixerOpInterface"> {
  let cppNamespace = "::mlir::hybrid";
  let description = [{
    An op that mixes positions of a sequence. Every other op of a model is local
    to its position; so a prefill graph becomes a decode step by asking each
    mixer for its one-position form.
  }];
  let methods = [
    InterfaceMethod<[{
      The operands, inits included, with one entry per position that is being
      computed.
    }], "::llvm::SmallVector<::mlir::OpOperand *>", "getSequenceOperands">,
    InterfaceMethod<[{
      The dimension of a sequence or context operand that counts positions.
    }], "unsigned", "getSequenceDim", (ins "::mlir::OpOperand &":$operand)>,
    InterfaceMethod<[{
      The operands with one entry per position seen so far (keys and values):
      what a cache must hold.
    }], "::llvm::SmallVector<::mlir::OpOperand *>", "getContextOperands", (ins), "",
      [{ return {}; }]>,
    InterfaceMethod<[{
      The inits that carry a state of fixed size from one position to the next.
    }], "::llvm::SmallVector<::mlir::OpOperand *>", "getStateOperands", (ins), "",
      [{ return {}; }]>,
    InterfaceMethod<[{
      Builds the form for one position on `operands`, which are the operands of
      this op except that each sequence operand has size 1 along its sequence
      dimension. Gives one value per result; those of sequence inits have size 1
      along the sequence dimension too.
    }], "::llvm::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildStep",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>,
    InterfaceMethod<[{
      What a position sees of the context; absent where there is no context.
    }], "std::optional<::mlir::hybrid::ContextView>", "getContextView", (ins), "",
      [{ return std::nullopt; }]>,
    InterfaceMethod<[{
      Builds the form that goes on with a context, for ops that have a view of
      one: sequence operands hold the positions from `first` (an index) on,
      context operands all positions seen; the others are those of this op.
      Gives one value per result.
    }], "::llvm::SmallVector<::mlir::Value>", "buildContinuation",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands,
           "::mlir::Value":$first), "", [{ return {}; }]>
  ];
}

#endif // JARANA_HYBRID_INTERFACES_TD
