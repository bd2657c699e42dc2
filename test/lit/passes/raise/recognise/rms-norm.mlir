// RUN: jarana-opt %s --recognise-operators=only=rms-norm --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=rms-norm --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @weighted
// CHECK: %[[Y:.*]] = onnx.RMSNormalization %arg0, %arg1 {{{.*}}epsilon = 9.99999997E-7 : f32{{.*}}nodes = "7"
// CHECK-NEXT: return %[[Y]]
func.func @weighted(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}, %w: tensor<8xf32> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %two = onnx.Constant dense<2.0> : tensor<f32>
  %eps = onnx.Constant dense<1.0e-6> : tensor<f32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Pow %x, %two : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %2 = onnx.Add %1, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %3 = onnx.Sqrt %2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %4 = onnx.Reciprocal %3 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %5 = onnx.Mul %x, %4 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %6 = onnx.Mul %w, %5 : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %6 : tensor<?x8xf32>
}

// -----

// Narrow floats: the conversions are the operator's own.
// CHECK-LABEL: func.func @narrow
// CHECK: %[[Y:.*]] = onnx.RMSNormalization %arg0, %arg1 {{.*}} : (tensor<?x8xf16>, tensor<8xf16>) -> tensor<?x8xf16>
// CHECK-NEXT: return %[[Y]]
func.func @narrow(%x: tensor<?x8xf16> {onnx.name = "x", onnx.dims = ["l", "8"]}, %w: tensor<8xf16> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x8xf16> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<1.0e-5> : tensor<f32>
  %last = onnx.Constant dense<1> : tensor<1xi64>
  %wide = onnx.Cast %x {to = f32} : (tensor<?x8xf16>) -> tensor<?x8xf32>
  %0 = onnx.Mul %wide, %wide : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %2 = onnx.Add %eps, %1 : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %3 = onnx.Sqrt %2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %4 = onnx.Div %wide, %3 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %5 = onnx.Cast %4 {to = f16} : (tensor<?x8xf32>) -> tensor<?x8xf16>
  %6 = onnx.Mul %5, %w : (tensor<?x8xf16>, tensor<8xf16>) -> tensor<?x8xf16>
  return %6 : tensor<?x8xf16>
}

// -----

// In bf16 the rounding before the weight is kept.
// CHECK-LABEL: func.func @coarse
// CHECK: %[[ONES:.*]] = onnx.Constant dense<1.000000e+00> : tensor<8xbf16>
// CHECK: %[[Y:.*]] = onnx.RMSNormalization %arg0, %[[ONES]] {{.*}} -> tensor<?x8xbf16>
// CHECK-NEXT: onnx.Mul %[[Y]], %arg1
func.func @coarse(%x: tensor<?x8xbf16> {onnx.name = "x", onnx.dims = ["l", "8"]}, %w: tensor<8xbf16> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x8xbf16> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<1.0e-5> : tensor<f32>
  %last = onnx.Constant dense<1> : tensor<1xi64>
  %wide = onnx.Cast %x {to = f32} : (tensor<?x8xbf16>) -> tensor<?x8xf32>
  %0 = onnx.Mul %wide, %wide : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %2 = onnx.Add %eps, %1 : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %3 = onnx.Sqrt %2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %4 = onnx.Div %wide, %3 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %5 = onnx.Cast %4 {to = bf16} : (tensor<?x8xf32>) -> tensor<?x8xbf16>
  %6 = onnx.Mul %5, %w : (tensor<?x8xbf16>, tensor<8xbf16>) -> tensor<?x8xbf16>
  return %6 : tensor<?x8xbf16>
}

// -----

// Groups: the weight comes later, and is not the operator's.
// CHECK-LABEL: func.func @groups
// CHECK: %[[ONES:.*]] = onnx.Constant dense<1.000000e+00> : tensor<4xf32>
// CHECK: onnx.RMSNormalization %{{.*}}, %[[ONES]] {{.*}} : (tensor<?x2x4xf32>, tensor<4xf32>) -> tensor<?x2x4xf32>
// CHECK: onnx.Reshape
// CHECK: onnx.Mul
func.func @groups(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}, %w: tensor<8xf32> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<1.0e-5> : tensor<f32>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %cut = onnx.Constant dense<[-1, 2, 4]> : tensor<3xi64>
  %flat = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %g = onnx.Reshape %x, %cut {allowzero = 0 : i64} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
  %0 = onnx.Mul %g, %g : (tensor<?x2x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
  %2 = onnx.Add %1, %eps : (tensor<?x2x1xf32>, tensor<f32>) -> tensor<?x2x1xf32>
  %3 = onnx.Sqrt %2 : (tensor<?x2x1xf32>) -> tensor<?x2x1xf32>
  %4 = onnx.Div %one, %3 : (tensor<f32>, tensor<?x2x1xf32>) -> tensor<?x2x1xf32>
  %5 = onnx.Mul %g, %4 : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
  %6 = onnx.Reshape %5, %flat {allowzero = 0 : i64} : (tensor<?x2x4xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %7 = onnx.Mul %6, %w : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// -----

// The root of the root is no norm.
// CHECK-LABEL: module attributes {onnx.declined = [{kind = "RMSNormalization"
// CHECK-SAME: reason = "differs at
// CHECK-SAME: they part at Sqrt 'Sqrt', without which they are equal: what it makes of the root of the mean is no value
// CHECK: onnx.ReduceMean
module {
func.func @fourth_root(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<1.0e-5> : tensor<f32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %2 = onnx.Add %1, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %3 = onnx.Sqrt %2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %4 = onnx.Sqrt %3 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %5 = onnx.Div %x, %4 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %5 : tensor<?x8xf32>
}
}

// -----

// Over the first dimension: each position would see the others.
// CHECK-LABEL: func.func @over_positions
// CHECK: onnx.ReduceMean
func.func @over_positions(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<1.0e-5> : tensor<f32>
  %first = onnx.Constant dense<0> : tensor<1xi64>
  %0 = onnx.Mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean %0, %first {keepdims = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  %2 = onnx.Add %1, %eps : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %3 = onnx.Sqrt %2 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %4 = onnx.Div %x, %3 : (tensor<?x8xf32>, tensor<1x8xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// -----

// What hybrid.rms_norm does not take: f64, and a negative epsilon.
// CHECK-LABEL: func.func @double
// CHECK-NOT: onnx.RMSNormalization
// CHECK-LABEL: func.func @negative
// CHECK-NOT: onnx.RMSNormalization
func.func @double(%x: tensor<?x8xf64> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf64> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<1.0e-5> : tensor<f64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Mul %x, %x : (tensor<?x8xf64>, tensor<?x8xf64>) -> tensor<?x8xf64>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x8xf64>, tensor<1xi64>) -> tensor<?x1xf64>
  %2 = onnx.Add %1, %eps : (tensor<?x1xf64>, tensor<f64>) -> tensor<?x1xf64>
  %3 = onnx.Sqrt %2 : (tensor<?x1xf64>) -> tensor<?x1xf64>
  %4 = onnx.Div %x, %3 : (tensor<?x8xf64>, tensor<?x1xf64>) -> tensor<?x8xf64>
  return %4 : tensor<?x8xf64>
}
func.func @negative(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %eps = onnx.Constant dense<-1.0e-5> : tensor<f32>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %2 = onnx.Add %1, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %3 = onnx.Sqrt %2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %4 = onnx.Div %x, %3 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}
