// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-lower-expand-shapes))' | FileCheck %s

// CHECK-LABEL: func.func @two_unknowns(
// CHECK-SAME: %[[A:[^:]*]]: memref<?x8xf32>, %[[B:[^:]*]]: index, %[[S:[^:]*]]: index)
// CHECK: %[[BASE:[^,]*]], {{.*}} = memref.extract_strided_metadata %[[A]]
// CHECK: %[[STRIDE:.*]] = arith.muli
// CHECK: memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[B]], %[[S]], 8], strides: [%[[STRIDE]], 8, 1]
func.func @two_unknowns(%a: memref<?x8xf32>, %b: index, %s: index) -> memref<?x?x8xf32> {
  %r = memref.expand_shape %a [[0, 1], [2]] output_shape [%b, %s, 8] : memref<?x8xf32> into memref<?x?x8xf32>
  return %r : memref<?x?x8xf32>
}

// CHECK-LABEL: func.func @one_unknown
// CHECK: memref.expand_shape
func.func @one_unknown(%a: memref<?xf32>, %b: index) -> memref<?x8xf32> {
  %r = memref.expand_shape %a [[0, 1]] output_shape [%b, 8] : memref<?xf32> into memref<?x8xf32>
  return %r : memref<?x8xf32>
}
