// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-check-plan))' | FileCheck %s

func.func private @main()

// Each sum, difference and product of sizes is looked at; arithmetic on other types is not.
// CHECK-LABEL: func.func @main_plan
// CHECK: arith.subi %{{.*}}, %{{.*}} : i128
// CHECK: %[[FIRST:.*]] = arith.cmpi ne, %{{.*}}, %{{.*}} : i128
// CHECK: arith.addi %{{.*}}, %{{.*}} : i128
// CHECK: %[[SECOND:.*]] = arith.cmpi ne, %{{.*}}, %{{.*}} : i128
// CHECK-NOT: i128
// CHECK: %[[ANY:.*]] = arith.ori %[[FIRST]], %[[SECOND]] : i1
// CHECK: arith.select %[[ANY]], %{{.*}}, %{{.*}} : i64
func.func @main_plan(%dims: memref<?xi64>, %sizes: memref<?xi64>) -> i64 attributes {hybrid.plan_of = @main} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.load %dims[%c0] : memref<?xi64>
  %size = arith.index_cast %n : i64 to index
  %less = arith.subi %size, %c1 : index
  %more = arith.addi %less, %size : index
  %bytes = arith.index_cast %more : index to i64
  %twice = arith.addi %bytes, %bytes : i64
  return %twice : i64
}

// Nothing to look at.
// CHECK-LABEL: func.func @fixed_plan
// CHECK-NOT: select
func.func @fixed_plan(%dims: memref<?xi64>, %sizes: memref<?xi64>) -> i64 attributes {hybrid.plan_of = @main} {
  %c64 = arith.constant 64 : i64
  return %c64 : i64
}

// Other functions are left alone.
// CHECK-LABEL: func.func @entry
// CHECK-NOT: i128
func.func @entry(%a: index) -> index {
  %0 = arith.muli %a, %a : index
  return %0 : index
}
