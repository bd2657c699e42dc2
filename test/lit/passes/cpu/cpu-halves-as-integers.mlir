// Constants and globals keep their bits; conversions and intrinsics keep their types.
// RUN: jarana-opt %s --cpu-halves-as-integers | FileCheck %s

// CHECK: llvm.mlir.global private constant @g(dense<[16256, -16384]> : tensor<2xi16>) {{.*}} : !llvm.array<2 x i16>
llvm.mlir.global private constant @g(dense<[1.0, -2.0]> : tensor<2xbf16>) {addr_space = 0 : i32} : !llvm.array<2 x bf16>

// CHECK-LABEL: llvm.func @values(
// CHECK-SAME: %[[X:.*]]: i16, %{{.*}}: !llvm.ptr) -> vector<8xi16>
llvm.func @values(%x: f16, %p: !llvm.ptr) -> vector<8xbf16> {
  // CHECK: llvm.mlir.constant(dense<32704> : vector<8xi16>) : vector<8xi16>
  %nan = llvm.mlir.constant(dense<0x7FC0> : vector<8xbf16>) : vector<8xbf16>
  // CHECK: llvm.mlir.constant(15360 : i16) : i16
  %one = llvm.mlir.constant(1.0 : f16) : f16
  // CHECK: %[[H:.*]] = llvm.bitcast %[[X]] : i16 to f16
  // CHECK: %[[W:.*]] = llvm.fpext %[[H]] : f16 to f32
  %w = llvm.fpext %x : f16 to f32
  // CHECK: %[[N:.*]] = llvm.fptrunc %[[W]] : f32 to f16
  // CHECK: %[[B:.*]] = llvm.bitcast %[[N]] : f16 to i16
  %n = llvm.fptrunc %w : f32 to f16
  // CHECK: llvm.store %[[B]], %{{.*}} : i16, !llvm.ptr
  llvm.store %n, %p : f16, !llvm.ptr
  // CHECK: llvm.store %{{.*}}, %{{.*}} : i16, !llvm.ptr
  llvm.store %one, %p : f16, !llvm.ptr
  // CHECK: llvm.br ^{{.*}}(%{{.*}} : vector<8xi16>)
  llvm.br ^end(%nan : vector<8xbf16>)
// CHECK: ^{{.*}}(%{{.*}}: vector<8xi16>):
^end(%r: vector<8xbf16>):
  llvm.return %r : vector<8xbf16>
}

// CHECK-LABEL: llvm.func @dot(
llvm.func @dot(%s: vector<16xf32>, %a: vector<32xbf16>, %b: vector<32xbf16>) -> vector<16xf32> {
  // CHECK-COUNT-2: llvm.bitcast %{{.*}} : vector<32xi16> to vector<32xbf16>
  // CHECK: llvm.call_intrinsic {{.*}} : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
  %r = llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%s, %a, %b) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
  llvm.return %r : vector<16xf32>
}

// One conversion on the result of another.
// CHECK-LABEL: llvm.func @rounded(
llvm.func @rounded(%x: f32) -> f32 {
  // CHECK: %[[N:.*]] = llvm.fptrunc %{{.*}} : f32 to f16
  // CHECK: %[[B:.*]] = llvm.bitcast %[[N]] : f16 to i16
  // CHECK: %[[H:.*]] = llvm.bitcast %[[B]] : i16 to f16
  // CHECK: llvm.fpext %[[H]] : f16 to f32
  %n = llvm.fptrunc %x : f32 to f16
  %w = llvm.fpext %n : f16 to f32
  llvm.return %w : f32
}
