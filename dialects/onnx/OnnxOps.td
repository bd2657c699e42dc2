// All operations: those made from the schemas of the onnx package, those of com.microsoft, and those written here.
include "dialects/onnx/OnnxDialect.td"
include "dialects/onnx/OnnxOperators.td"
include "dialects/onnx/MicrosoftOps.td"

def Onnx_ConstantOp : Op<Onnx_Dialect, "Constant", [Pure, ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "a tensor written in the model";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyRankedTensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Onnx_NoneOp : Op<Onnx_Dialect, "None", [Pure, ConstantLike]> {
  let summary = "an optional input that is absent";
  let results = (outs NoneType:$value);
  let assemblyFormat = "attr-dict `:` type($value)";
  let hasFolder = 1;
}

def Onnx_ScanOp : OnnxOperator<"Scan", [SingleBlock]> {
  let summary = "runs a region for each slice of its scan inputs, carrying states";
  let description = [{
    ai.onnx Scan. The first operands are the initial states, the last `num_scan_inputs` ones are scanned along
    `scan_input_axes`. The region gets the states and one slice of each scan input, and yields the next states and one
    slice of each scan output. The results are the final states and the scan outputs, stacked along `scan_output_axes`.
    A direction of 1 runs backwards. The region may use values from outside.

    (C1) `num_scan_inputs` is at least 1 and at most the number of operands.
    (C2) The region has one argument per operand, and yields one value per result.
    (C3) The element types of the arguments are those of the operands, the element types of the results those yielded.
    (C4) A scan input's argument has one dimension less than the scan input.
    (C5) `scan_input_axes` and `scan_input_directions` have one entry per scan input, `scan_output_axes` and
         `scan_output_directions` one per scan output; axes are within the rank; directions are 0 or 1.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$initial_state_and_scan_inputs, I64Attr:$num_scan_inputs,
      DenseI64ArrayAttr:$scan_input_axes, DenseI64ArrayAttr:$scan_input_directions,
      DenseI64ArrayAttr:$scan_output_axes, DenseI64ArrayAttr:$scan_output_directions);
  let results = (outs Variadic<AnyRankedTensor>:$final_state_and_scan_outputs);
  let regions = (region SizedRegion<1>:$body);
  let typeVariables = ".*:.*";
  let resultLimits = "1, ~0u";
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results) $body";
  let extraClassDeclaration = [{
    static ::llvm::StringRef getTypeVariables() { return ".*:.*"; }
    static std::pair<unsigned, unsigned> getResultLimits() { return {1, ~0u}; }
    unsigned getNumScanInputCount() { return static_cast<unsigned>(getNumScanInputs()); }
    unsigned getNumStates() { return getNumOperands() - getNumScanInputCount(); }
  }];
  let hasRegionVerifier = 1;
}

def Onnx_YieldOp : Op<Onnx_Dialect, "yield", [Pure, Terminator, ReturnLike, HasParent<"ScanOp">]> {
  let summary = "the next states and the scan outputs' slices of a Scan's region";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}
