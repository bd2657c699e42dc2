// RUN: jarana-opt %s --cpu-c-interface | FileCheck %s

// CHECK: llvm.func internal @main
// CHECK: llvm.func internal @_mlir_ciface_main(
// CHECK-LABEL: llvm.func @jarana_main(
// CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr) -> i32
// CHECK: %[[P0:.*]] = llvm.getelementptr %[[ARGS]][0]
// CHECK: %[[A0:.*]] = llvm.load %[[P0]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[P1:.*]] = llvm.getelementptr %[[ARGS]][1]
// CHECK: %[[A1:.*]] = llvm.load %[[P1]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[R:.*]] = llvm.call @_mlir_ciface_main(%[[A0]], %[[A1]])
// CHECK: llvm.return %[[R]] : i32
llvm.func @main(%a: !llvm.ptr, %b: !llvm.ptr) -> i32 {
  %0 = llvm.mlir.constant(0 : i32) : i32
  llvm.return %0 : i32
}
llvm.func @_mlir_ciface_main(%a: !llvm.ptr, %b: !llvm.ptr) -> i32 {
  %0 = llvm.call @main(%a, %b) : (!llvm.ptr, !llvm.ptr) -> i32
  llvm.return %0 : i32
}
