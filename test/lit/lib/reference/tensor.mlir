// Ops of the tensor dialect, by hand results.
// RUN: jarana-opt %s --evaluate="function=slices domain=double" --evaluate="function=shapes" --evaluate="function=elements" \
// RUN:   --evaluate="function=gathers" -o /dev/null | FileCheck %s
// RUN: not jarana-opt %s --evaluate="function=outside" -o /dev/null 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// RUN: not jarana-opt %s --evaluate="function=far" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FAR

// CHECK: @slices result 0: float32 [2, 2] = 2, 4, 7, 9
// CHECK: @slices result 1: float32 [3] = 2, 7, 12
// CHECK: @slices result 2: float32 [3, 5] = 1, 2, 3, 4, 5, 6, 2, 8, 4, 10, 11, 7, 13, 9, 15
// CHECK: @slices result 3: float32 [4, 4] = 0, 0, 0, 0, 2, 4, 0, 0, 7, 9, 0, 0, 0, 0, 0, 0
// CHECK: @slices result 4: float32 [2, 4] = 2, 4, 2, 3, 7, 9, 12, 13
func.func @slices() -> (tensor<2x2xf32>, tensor<3xf32>, tensor<3x5xf32>, tensor<4x4xf32>, tensor<2x4xf32>) {
  %x = arith.constant dense<[[1., 2., 3., 4., 5.], [6., 7., 8., 9., 10.], [11., 12., 13., 14., 15.]]> : tensor<3x5xf32>
  %zero = arith.constant 0.0 : f32
  %a = tensor.extract_slice %x[0, 1] [2, 2] [1, 2] : tensor<3x5xf32> to tensor<2x2xf32>
  %b = tensor.extract_slice %x[0, 1] [3, 1] [1, 1] : tensor<3x5xf32> to tensor<3xf32>
  %c = tensor.insert_slice %a into %x[1, 1] [2, 2] [1, 2] : tensor<2x2xf32> into tensor<3x5xf32>
  %d = tensor.pad %a low[1, 0] high[1, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x2xf32> to tensor<4x4xf32>
  %p = tensor.pad %a low[0, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    %ten = arith.constant 10 : index
    %tens = arith.muli %i, %ten : index
    %sum = arith.addi %tens, %j : index
    %integer = arith.index_cast %sum : index to i64
    %number = arith.sitofp %integer : i64 to f32
    tensor.yield %number : f32
  } : tensor<2x2xf32> to tensor<2x4xf32>
  return %a, %b, %c, %d, %p : tensor<2x2xf32>, tensor<3xf32>, tensor<3x5xf32>, tensor<4x4xf32>, tensor<2x4xf32>
}

// CHECK: @shapes result 0: int64 [] = 3
// CHECK: @shapes result 1: int64 [3, 1, 2] = 1, 2, 3, 4, 5, 6
// CHECK: @shapes result 2: int64 [6] = 1, 2, 3, 4, 5, 6
// CHECK: @shapes result 3: int64 [2, 5] = 1, 2, 3, 1, 2, 4, 5, 6, 3, 4
func.func @shapes() -> (index, tensor<?x1x2xi64>, tensor<6xi64>, tensor<2x5xi64>) {
  %c0 = arith.constant 0 : index
  %x = arith.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi64>
  %dynamic = tensor.cast %x : tensor<3x2xi64> to tensor<?x2xi64>
  %n = tensor.dim %dynamic, %c0 : tensor<?x2xi64>
  %e = tensor.expand_shape %dynamic [[0, 1], [2]] output_shape [%n, 1, 2] : tensor<?x2xi64> into tensor<?x1x2xi64>
  %c = tensor.collapse_shape %x [[0, 1]] : tensor<3x2xi64> into tensor<6xi64>
  %a = tensor.expand_shape %c [[0, 1]] output_shape [2, 3] : tensor<6xi64> into tensor<2x3xi64>
  %b = tensor.extract_slice %x[0, 0] [2, 2] [1, 1] : tensor<3x2xi64> to tensor<2x2xi64>
  %j = tensor.concat dim(1) %a, %b : (tensor<2x3xi64>, tensor<2x2xi64>) -> tensor<2x5xi64>
  return %n, %e, %c, %j : index, tensor<?x1x2xi64>, tensor<6xi64>, tensor<2x5xi64>
}

// CHECK: @elements result 0: int64 [2, 2] = 7, 8, 9, 7
// CHECK: @elements result 1: int64 [] = 9
// CHECK: @elements result 2: int64 [3] = 7, 7, 7
// CHECK: @elements result 3: int64 [2, 3] = 0, 1, 2, 10, 11, 12
func.func @elements() -> (tensor<2x2xi64>, i64, tensor<3xi64>, tensor<2x3xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %seven = arith.constant 7 : i64
  %eight = arith.constant 8 : i64
  %nine = arith.constant 9 : i64
  %x = tensor.from_elements %seven, %eight, %nine, %eight : tensor<2x2xi64>
  %y = tensor.insert %seven into %x[%c1, %c1] : tensor<2x2xi64>
  %z = tensor.extract %y[%c1, %c0] : tensor<2x2xi64>
  %s = tensor.splat %seven : tensor<3xi64>
  %g = tensor.generate {
  ^bb0(%i: index, %j: index):
    %k = arith.muli %i, %c10 : index
    %l = arith.addi %k, %j : index
    tensor.yield %l : index
  } : tensor<2x3xindex>
  return %y, %z, %s, %g : tensor<2x2xi64>, i64, tensor<3xi64>, tensor<2x3xindex>
}

// CHECK: @gathers result 0: int64 [2, 2] = 5, 6, 1, 2
// CHECK: @gathers result 1: int64 [3, 2] = 1, 2, 3, 4, 5, 6
func.func @gathers() -> (tensor<2x2xi64>, tensor<3x2xi64>) {
  %x = arith.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi64>
  %zero = arith.constant dense<[[0, 0], [3, 4], [0, 0]]> : tensor<3x2xi64>
  %i = arith.constant dense<[[2], [0]]> : tensor<2x1xindex>
  %g = tensor.gather %x[%i] gather_dims([0]) : (tensor<3x2xi64>, tensor<2x1xindex>) -> tensor<2x2xi64>
  %wide = tensor.expand_shape %g [[0, 1], [2]] output_shape [2, 1, 2] : tensor<2x2xi64> into tensor<2x1x2xi64>
  %s = tensor.scatter %wide into %zero[%i] scatter_dims([0]) unique
      : (tensor<2x1x2xi64>, tensor<3x2xi64>, tensor<2x1xindex>) -> tensor<3x2xi64>
  return %g, %s : tensor<2x2xi64>, tensor<3x2xi64>
}

// OUTSIDE: slice of 2 from 2 in steps of 1 is not in dimension 0, which has 3
func.func @outside() -> tensor<2xf32> {
  %c2 = arith.constant 2 : index
  %x = arith.constant dense<1.0> : tensor<3xf32>
  %y = tensor.extract_slice %x[%c2] [2] [1] : tensor<3xf32> to tensor<2xf32>
  return %y : tensor<2xf32>
}

// FAR: index 3 is not in dimension 0, which has 3
func.func @far() -> f32 {
  %c3 = arith.constant 3 : index
  %x = arith.constant dense<1.0> : tensor<3xf32>
  %y = tensor.extract %x[%c3] : tensor<3xf32>
  return %y : f32
}
