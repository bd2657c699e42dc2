// The passes that make arithmetic total and fit for the target, part of Passes.td.
#ifndef JARANA_PASSES_CPU_ARITHMETIC_TD
#define JARANA_PASSES_CPU_ARITHMETIC_TD

include "mlir/Pass/PassBase.td"

def GuardArithmeticPass : Pass<"cpu-guard-arithmetic", "::mlir::func::FuncOp"> {
  let summary = "integer division and conversions to integers are defined for all operands";
  let description = [{
    No integer division traps, and no conversion of a float to an integer gives
    poison. By -1, the quotient is the negated dividend, which wraps, and the
    remainder is 0. A division by 0 is one by 1: what operators do there is
    decided before (a `hybrid.check` where it is an error). A float is converted
    to 64 bits and cut to the type, and becomes the least 64-bit integer where
    none holds it, as in Cast of the reference evaluator. Divisions by constants
    stay as they are.

    ```mlir
    func.func @main(%a: i32, %b: i32, %x: f32) -> (i32, i32, i64) {
      %0 = arith.divsi %a, %b : i32
      %c3 = arith.constant 3 : i32
      %1 = arith.divsi %a, %c3 : i32
      %2 = arith.fptosi %x : f32 to i64
      return %0, %1, %2 : i32, i32, i64
    }
    ```
    becomes
    ```mlir
    func.func @main(%a: i32, %b: i32, %x: f32) -> (i32, i32, i64) {
      ...
      %zero = arith.cmpi eq, %b, %c0 : i32
      ...
      %one = arith.cmpi eq, %b, %minus : i32
      %unsafe = arith.ori %zero, %one : i1
      ...
      %safe = arith.select %unsafe, %c1, %b : i32
      %q = arith.divsi %a, %safe : i32
      ...
      %negated = arith.subi %c0b, %a : i32
      %0 = arith.select %one, %negated, %q : i32
      ...
      %1 = arith.divsi %a, %c3 : i32
      ...
      %fits = arith.andi %above, %below : i1
      %n = arith.fptosi %x : f32 to i64
      %2 = arith.select %fits, %n, %least : i64
      return %0, %1, %2 : i32, i32, i64
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandMathPass : Pass<"cpu-expand-math", "::mlir::ModuleOp"> {
  let summary = "exp becomes arithmetic; other functions call libm";
  let description = [{
    `math.exp` of f32 (scalars and vectors) becomes a polynomial that LLVM can
    vectorise: at most 2 ulp, infinities, NaN and subnormal results as IEEE 754
    wants them. f16 and bf16 functions are computed in f32. What has no LLVM
    instruction becomes calls of libm.

    ```mlir
    func.func @main(%x: f32, %y: bf16) -> (f32, bf16) {
      %0 = math.exp %x : f32
      %1 = math.tanh %y : bf16
      return %0, %1 : f32, bf16
    }
    ```
    becomes
    ```mlir
    func.func private @tanhf(f32) -> f32 ...
    func.func @main(%x: f32, %y: bf16) -> (f32, bf16) {
      ...
      %scaled = arith.mulf %p, %q : f32 // a polynomial times a power of two
      ...
      %wide = arith.extf %y : bf16 to f32
      %t = call @tanhf(%wide) : (f32) -> f32
      %1 = arith.truncf %t : f32 to bf16
      return %0, %1 : f32, bf16
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::func::FuncDialect", "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def ExpandHalfConversionsPass : Pass<"cpu-expand-half-conversions", "::mlir::func::FuncOp"> {
  let summary = "conversions of 16-bit floats for which LLVM would call a library";
  let description = [{
    f64 to f16 and bf16 goes through f32 with the last bit made odd where that
    was inexact, so that the whole is rounded once. With `f16`, for targets
    without the instruction (x86-64 without F16C), conversions between f32 and
    f16 become integer operations: to the nearest with ties to even, with
    subnormal numbers, infinities and NaN. (bf16 and f32:
    `arith-expand{include-bf16}`.)

    ```mlir
    func.func @main(%x: vector<4xf16>) -> vector<4xf32> {
      %0 = arith.extf %x : vector<4xf16> to vector<4xf32>
      return %0 : vector<4xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: vector<4xf16>) -> vector<4xf32> {
      ...
      %h = arith.bitcast %x : vector<4xf16> to vector<4xi16>
      %bits = arith.extui %h : vector<4xi16> to vector<4xi32>
      ...
      %limit = arith.constant dense<31744> : vector<4xi32> // infinity
      %isFinite = arith.cmpi slt, %magnitude, %limit : vector<4xi32>
      %chosen = arith.select %isFinite, %finite, %special : vector<4xi1>, vector<4xi32>
      %signed = arith.ori %sign, %chosen : vector<4xi32>
      %0 = arith.bitcast %signed : vector<4xi32> to vector<4xf32>
      return %0 : vector<4xf32>
    }
    ```
  }];
  let options = [Option<"f16", "f16", "bool", "true",
                        "the target has no conversions between f32 and f16">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def HalvesAsIntegersPass : Pass<"cpu-halves-as-integers", "::mlir::ModuleOp"> {
  let summary = "16-bit floats are moved as 16-bit integers";
  let description = [{
    In the llvm form f16 and bf16 are loaded, chosen, shuffled and stored as
    i16: LLVM turns some of that into conversions to f32 and back, element by
    element, which call a library where the target has none. What computes
    (conversions that the target has, its intrinsics) keeps its types, between
    bitcasts.

    ```mlir
    llvm.func @main(%a: !llvm.ptr, %c: i1, %x: f16) -> f32 {
      %y = llvm.load %a : !llvm.ptr -> f16
      %z = llvm.select %c, %x, %y : i1, f16
      %r = llvm.fpext %z : f16 to f32
      llvm.return %r : f32
    }
    ```
    becomes
    ```mlir
    llvm.func @main(%a: !llvm.ptr, %c: i1, %x: i16) -> f32 {
      %y = llvm.load %a : !llvm.ptr -> i16
      %z = llvm.select %c, %x, %y : i1, i16
      %h = llvm.bitcast %z : i16 to f16
      %r = llvm.fpext %h : f16 to f32
      llvm.return %r : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // JARANA_PASSES_CPU_ARITHMETIC_TD
