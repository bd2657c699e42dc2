// What one kernel will be.
#ifndef JARANA_HYBRID_PLAN_OPS_TD
#define JARANA_HYBRID_PLAN_OPS_TD

include "dialects/hybrid/HybridAttributes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Hybrid_PlanDocs : OpDocGroup {
  let summary = "Groups";
  let description = "What is compiled together.";
}

let opDocGroup = Hybrid_PlanDocs in {

def Hybrid_GroupOp : Op<Hybrid_Dialect, "group",
    [RecursiveMemoryEffects, RecursivelySpeculatable, NoRegionArguments,
     SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "ops that are compiled into one kernel";
  let description = [{
    The ops of the region are compiled together, by the strategy. Values from
    outside are captured. A strategy changes how the results are computed, and
    never what they are.

    ```mlir
    %y = hybrid.group #hybrid.strategy<view = recurrent, tiles = [1, 8]> -> (tensor<?x64xf32>) {
      ...
      hybrid.yield %0 : tensor<?x64xf32>
    }
    ```

    1. (`group_c1`) the yielded values have the types of the results.
  }];
  let arguments = (ins Hybrid_StrategyAttr:$strategy);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$strategy (`->` `(` type($outputs)^ `)`)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Hybrid_YieldOp : Op<Hybrid_Dialect, "yield",
    [Pure, ReturnLike, Terminator, ParentOneOf<["GroupOp"]>]> {
  let summary = "gives the results of a group";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ /* no values */ }]>];
}

} // opDocGroup

#endif // JARANA_HYBRID_PLAN_OPS_TD
