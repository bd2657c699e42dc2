// The least integer by -1 and divisions by zero, in vectors too, and floats that no integer holds.
// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-guard-arithmetic,arith-expand,convert-scf-to-cf),convert-vector-to-llvm,convert-to-llvm,reconcile-unrealized-casts)' \
// RUN:   | mlir-runner -e main --entry-point-result=void --shared-libs=%llvm_lib/libmlir_c_runner_utils.so | FileCheck %s

func.func private @printI64(i64)
func.func private @printNewline()
func.func @print(%value: i64) {
  call @printI64(%value) : (i64) -> ()
  call @printNewline() : () -> ()
  return
}
func.func @divide(%a: i64, %b: i64) {
  %0 = arith.divsi %a, %b : i64
  call @print(%0) : (i64) -> ()
  %1 = arith.remsi %a, %b : i64
  call @print(%1) : (i64) -> ()
  %2 = arith.floordivsi %a, %b : i64
  call @print(%2) : (i64) -> ()
  %3 = arith.ceildivsi %a, %b : i64
  call @print(%3) : (i64) -> ()
  %4 = arith.divui %a, %b : i64
  call @print(%4) : (i64) -> ()
  return
}
func.func @convert(%x: f64) {
  %0 = arith.fptosi %x : f64 to i64
  call @print(%0) : (i64) -> ()
  %1 = arith.fptoui %x : f64 to i64
  call @print(%1) : (i64) -> ()
  %2 = arith.fptosi %x : f64 to i8
  %3 = arith.extsi %2 : i8 to i64
  call @print(%3) : (i64) -> ()
  return
}
func.func @main() {
  %least = arith.constant -9223372036854775808 : i64
  %minus = arith.constant -1 : i64
  %zero = arith.constant 0 : i64
  %seven = arith.constant 7 : i64
  // CHECK: {{^}}-9223372036854775808
  // CHECK-NEXT: {{^}}0{{$}}
  // CHECK-NEXT: {{^}}-9223372036854775808
  // CHECK-NEXT: {{^}}-9223372036854775808
  // CHECK-NEXT: {{^}}0{{$}}
  call @divide(%least, %minus) : (i64, i64) -> ()
  // CHECK-NEXT: {{^}}7{{$}}
  // CHECK-NEXT: {{^}}0{{$}}
  // CHECK-NEXT: {{^}}7{{$}}
  // CHECK-NEXT: {{^}}7{{$}}
  // CHECK-NEXT: {{^}}7{{$}}
  call @divide(%seven, %zero) : (i64, i64) -> ()
  %nan = arith.constant 0x7FF8000000000000 : f64
  // CHECK-NEXT: {{^}}-9223372036854775808
  // CHECK-NEXT: {{^}}-9223372036854775808
  // CHECK-NEXT: {{^}}0{{$}}
  call @convert(%nan) : (f64) -> ()
  %x = arith.constant 1.0e19 : f64
  // CHECK-NEXT: {{^}}-9223372036854775808
  // CHECK-NEXT: {{^}}-8446744073709551616
  // CHECK-NEXT: {{^}}0{{$}}
  call @convert(%x) : (f64) -> ()
  %y = arith.constant -2.5 : f64
  // CHECK-NEXT: {{^}}-2{{$}}
  // CHECK-NEXT: {{^}}-2{{$}}
  // CHECK-NEXT: {{^}}-2{{$}}
  call @convert(%y) : (f64) -> ()
  %a = arith.constant dense<[-128, 9]> : vector<2xi8>
  %b = arith.constant dense<[-1, 0]> : vector<2xi8>
  %q = call @vectors(%a, %b) : (vector<2xi8>, vector<2xi8>) -> vector<2xi8>
  %first = vector.extract %q[0] : i8 from vector<2xi8>
  %second = vector.extract %q[1] : i8 from vector<2xi8>
  %wide = arith.extsi %first : i8 to i64
  // CHECK-NEXT: {{^}}-128
  call @print(%wide) : (i64) -> ()
  %other = arith.extsi %second : i8 to i64
  // CHECK-NEXT: {{^}}9{{$}}
  call @print(%other) : (i64) -> ()
  return
}
func.func @vectors(%a: vector<2xi8>, %b: vector<2xi8>) -> vector<2xi8> {
  %q = arith.divsi %a, %b : vector<2xi8>
  return %q : vector<2xi8>
}
