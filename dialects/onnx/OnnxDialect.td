// The dialect of imported ONNX operators, and what all of its operations share.
#ifndef JARANA_ONNX_DIALECT_TD
#define JARANA_ONNX_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::mlir::onnx";
  let summary = "the operators of ONNX, each in its newest version";
  let description = [{
    What an ONNX model says, as it was imported: one operation per operator, named as in ONNX, with ONNX's attribute
    names. Older spellings have been upgraded and every attribute that has a default is set. An absent optional input is
    the value of `onnx.None`; absent outputs at the end are dropped.

    All tensors are ranked. Signed integers are signless (`i64`), unsigned ones `ui8`, ..., booleans `i1`. An operation's
    verifier runs the operator's shape rule, the one that the importer uses.
  }];
  let hasConstantMaterializer = 1;
}

class OnnxTensorOf<list<Type> elements> : RankedTensorOf<elements>;
class OnnxOptional<Type tensor> : AnyTypeOf<[tensor, NoneType]>;

/// Checks the element types against the operator's type variables, and the shapes against its shape rule.
def OnnxOperatorTrait : NativeOpTrait<"OnnxOperator"> {
  let cppNamespace = "::mlir::onnx";
}

class OnnxOperator<string mnemonic, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, traits # [Pure, OnnxOperatorTrait]> {
  /// One letter per operand and result, "aa*:a": equal letters are equal element types, '.' is free, '*' repeats.
  string typeVariables = ?;
  /// The least and the greatest number of results.
  string resultLimits = ?;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "static ::llvm::StringRef getTypeVariables() { return \"" # typeVariables # "\"; }\n"
      # "static std::pair<unsigned, unsigned> getResultLimits() { return {" # resultLimits # "}; }\n";
}

#endif
