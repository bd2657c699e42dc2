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

def Onnx_IfOp : OnnxOperator<"If", [SingleBlock, NoRegionArguments]> {
  let summary = "the values of one of two regions, by a condition";
  let description = [{
    ai.onnx If whose condition is not known when the model is read. The regions may use values from outside; only the one
    that is taken is run. Where dimensions of the two differ, the condition must follow from the sizes of the inputs: a
    dimension of the result is then one or the other by that condition.

    (C1) The condition is an `i1` tensor of one element.
    (C2) Each region yields one value per result.
    (C3) The element types and ranks of the results are those of the values that both regions yield.
  }];
  let arguments = (ins AnyRankedTensor:$condition);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$then_branch, SizedRegion<1>:$else_branch);
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results) $then_branch `else` $else_branch
  }];
  let typeVariables = ".:.*";
  let resultLimits = "1, ~0u";
  let hasRegionVerifier = 1;
}

def Onnx_LoopOp : OnnxOperator<"Loop", [SingleBlock]> {
  let summary = "runs a region as long as a condition holds, at most so many times, carrying values";
  let description = [{
    ai.onnx Loop whose number of iterations only follows when the model runs. The operands are the greatest number of
    iterations, the condition before the first, and the values that are carried. The region gets the number of the
    iteration, the condition and the carried values, and yields the condition and the carried values for the next
    iteration, which have the same shapes. The results are the last carried values. The region may use values from
    outside. (Where nothing but the number ends it, the importer makes a Scan; scan outputs are only possible there.)

    (C1) The first operand is an `i64` tensor of one element, the second an `i1` tensor of one element.
    (C2) The region has one argument per operand, and yields the condition and one value per result; the results are as
         many as the carried values.
    (C3) The element types and ranks of the carried values are the same as operands, arguments, yielded values and results.
  }];
  let arguments = (ins AnyRankedTensor:$trip_count, AnyRankedTensor:$condition, Variadic<AnyRankedTensor>:$initial);
  let results = (outs Variadic<AnyRankedTensor>:$final);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results) $body";
  let typeVariables = "..*:.*";
  let resultLimits = "1, ~0u";
  let hasRegionVerifier = 1;
}

def Onnx_YieldOp : Op<Onnx_Dialect, "yield", [Pure, Terminator, ReturnLike, ParentOneOf<["IfOp", "LoopOp", "ScanOp"]>]> {
  let summary = "what a region of If, Loop or Scan gives";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}
