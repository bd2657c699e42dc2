// The polynomial of exp at zero, the ends of the range, subnormal results, infinities and NaN.
// RUN: jarana-opt %s --pass-pipeline='builtin.module(cpu-expand-math,func.func(convert-scf-to-cf),convert-vector-to-llvm,convert-to-llvm,reconcile-unrealized-casts)' \
// RUN:   | mlir-runner -e main --entry-point-result=void --shared-libs=%llvm_lib/libmlir_c_runner_utils.so | FileCheck %s

// CHECK: 1
// CHECK-NEXT: 2.71828
// CHECK-NEXT: 0.367879
// CHECK-NEXT: 3.4028e+38
// CHECK-NEXT: inf
// CHECK-NEXT: 1.1755e-38
// CHECK-NEXT: 1.4013e-45
// CHECK-NEXT: 0
// CHECK-NEXT: inf
// CHECK-NEXT: 0
// CHECK-NEXT: nan
func.func private @printF32(f32)
func.func private @printNewline()
func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c11 = arith.constant 11 : index
  %x = arith.constant dense<[0.0, 1.0, -1.0, 88.72283, 88.73, -87.33654, -103.27893, -110.0, 0x7F800000, 0xFF800000, 0x7FC00000]> : vector<11xf32>
  %y = math.exp %x : vector<11xf32>
  scf.for %i = %c0 to %c11 step %c1 {
    %v = vector.extract %y[%i] : f32 from vector<11xf32>
    func.call @printF32(%v) : (f32) -> ()
    func.call @printNewline() : () -> ()
  }
  return
}
