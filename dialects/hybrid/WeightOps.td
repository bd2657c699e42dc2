// Weights of a model, and checks made when it runs.
#ifndef JARANA_HYBRID_WEIGHT_OPS_TD
#define JARANA_HYBRID_WEIGHT_OPS_TD

include "dialects/hybrid/HybridAttributes.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Hybrid_WeightDocs : OpDocGroup {
  let summary = "Weights and checks";
  let description = "The constants of a model, and what must hold for it to run.";
}

let opDocGroup = Hybrid_WeightDocs in {

def Hybrid_WeightOp : Op<Hybrid_Dialect, "weight",
    [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a weight of the model, as a symbol";
  let description = [{
    Names a constant tensor of the model. Its value stays where it is: a range
    of one of the model's files, such a range in another form, an elements
    attribute, or a packed form of another weight.

    ```mlir
    hybrid.weight @"in_proj" : tensor<64x296xf32> = #hybrid.file_range<"model.onnx.data", 4096, 75776>
    hybrid.weight @"in_proj.panels" : tensor<19x64x16xf32> = #hybrid.derived<@"in_proj", panels, 16>
    hybrid.weight @"codes" : tensor<64x40xi8> = #hybrid.repacked<<"model.onnx", 4096, 1280>, tensor<64x40xui4>, widened, 1>
    hybrid.weight @"scale" : tensor<f32> = dense<0.5> : tensor<f32>
    ```

    1. (`weight_c1`) the type has static dimensions.
    2. (`weight_c2`) a file range has as many bytes as the type (booleans take
       a byte each, types below 8 bits are packed).
    3. (`weight_c3`) an elements attribute has the weight's type.
    4. (`weight_c4`) the value is one of those four kinds.
    5. (`weight_c5`) the source of a derived weight is a weight of the same
       module, a matrix, and the type is what the packing makes of it.
    6. (`weight_c6`) a repacked weight has the type that the packing makes of
       what is stored, with integers of any sign.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       AnyAttr:$value);
  let assemblyFormat = "$sym_name `:` $type `=` $value attr-dict";
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
                                 "::mlir::RankedTensorType":$type,
                                 "::mlir::Attribute":$value)>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
  }];
}

def Hybrid_LoadWeightOp : Op<Hybrid_Dialect, "load_weight",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a weight";
  let description = [{
    ```mlir
    %0 = hybrid.load_weight @"in_proj" : tensor<64x296xf32>
    ```

    1. (`load_weight_c1`) the symbol is a `hybrid.weight`.
    2. (`load_weight_c2`) the result has the weight's type.
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
  let builders = [OpBuilder<(ins "::mlir::hybrid::WeightOp":$weight)>];
}

def Hybrid_CheckOp : Op<Hybrid_Dialect, "check", [MemoryEffects<[MemWrite]>]> {
  let summary = "a condition that must hold for the model to run";
  let description = [{
    Stands at the entry of a function. Where the condition is false the model
    is not run, and the message, which names the input and the dimension, is
    what its user sees. Counts as a write so that it is never removed.

    ```mlir
    hybrid.check %same, "input 'attention_mask' dimension 1: expected past_len + seq_len"
    ```

    1. (`check_c1`) the message is not empty.
  }];
  let arguments = (ins I1:$condition, StrAttr:$message);
  let assemblyFormat = "$condition `,` $message attr-dict";
  let hasVerifier = 1;
}

} // opDocGroup

#endif // JARANA_HYBRID_WEIGHT_OPS_TD
