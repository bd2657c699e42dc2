// RUN: jarana-opt %s --recognise-operators=only=rotary --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=rotary --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Halves, all of a head: the tables are the angles' first half.
// CHECK-LABEL: func.func @halves
// CHECK: %[[C:.*]] = onnx.Slice %{{.*}} -> tensor<1x?x4xf32>
// CHECK: %[[S:.*]] = onnx.Slice %{{.*}} -> tensor<1x?x4xf32>
// CHECK: %[[Y:.*]] = onnx.RotaryEmbedding %arg0, %[[C]], %[[S]], %{{.*}} {{{.*}}mode = "half"{{.*}}rotated = "8"
// CHECK: return %[[Y]]
func.func @halves(%x: tensor<?x2x?x8xf32> {onnx.name = "x", onnx.dims = ["b", "2", "l", "8"]}, %f: tensor<1x?x4xf32> {onnx.name = "f", onnx.dims = ["1", "l", "4"]})
    -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %f2 = onnx.Concat %f, %f {axis = -1 : i64} : (tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x8xf32>
  %c = onnx.Cos %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %s = onnx.Sin %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %cos = onnx.Unsqueeze %c, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %sin = onnx.Unsqueeze %s, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %lo = onnx.Slice %x, %zero, %four, %last, %one : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %hi = onnx.Slice %x, %four, %eight, %last, %one : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %n = onnx.Neg %hi : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %r = onnx.Concat %n, %lo {axis = -1 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x8xf32>
  %a = onnx.Mul %x, %cos : (tensor<?x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %b = onnx.Mul %r, %sin : (tensor<?x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %y = onnx.Add %a, %b : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// -----

// The first half of a head; the rest passes through.
// CHECK-LABEL: func.func @partial
// CHECK: %[[Y:.*]] = onnx.RotaryEmbedding %arg0, {{.*}}rotary_embedding_dim = 8 : i64} : (tensor<?x2x?x16xf32>,
// CHECK: return %[[Y]]
func.func @partial(%x: tensor<?x2x?x16xf32> {onnx.name = "x", onnx.dims = ["b", "2", "l", "16"]}, %f: tensor<1x?x4xf32> {onnx.name = "f", onnx.dims = ["1", "l", "4"]})
    -> (tensor<?x2x?x16xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %f2 = onnx.Concat %f, %f {axis = -1 : i64} : (tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x8xf32>
  %c = onnx.Cos %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %s = onnx.Sin %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %cos = onnx.Unsqueeze %c, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %sin = onnx.Unsqueeze %s, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %sixteen = onnx.Constant dense<16> : tensor<1xi64>
  %p = onnx.Slice %x, %zero, %eight, %last, %one : (tensor<?x2x?x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x8xf32>
  %q = onnx.Slice %x, %eight, %sixteen, %last, %one : (tensor<?x2x?x16xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x8xf32>
  %lo = onnx.Slice %p, %zero, %four, %last, %one : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %hi = onnx.Slice %p, %four, %eight, %last, %one : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %n = onnx.Neg %hi : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %r = onnx.Concat %n, %lo {axis = -1 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x8xf32>
  %a = onnx.Mul %p, %cos : (tensor<?x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %b = onnx.Mul %r, %sin : (tensor<?x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %y = onnx.Add %a, %b : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %z = onnx.Concat %y, %q {axis = -1 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x16xf32>
  return %z : tensor<?x2x?x16xf32>
}

// -----

// Neighbours.
// CHECK-LABEL: func.func @neighbours
// CHECK: %[[Y:.*]] = onnx.RotaryEmbedding %arg0, {{.*}}{interleaved = 1 : i64
// CHECK: return %[[Y]]
func.func @neighbours(%x: tensor<?x2x?x8xf32> {onnx.name = "x", onnx.dims = ["b", "2", "l", "8"]}, %f: tensor<1x?x4xf32> {onnx.name = "f", onnx.dims = ["1", "l", "4"]})
    -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %f2 = onnx.Concat %f, %f {axis = -1 : i64} : (tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x8xf32>
  %c = onnx.Cos %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %s = onnx.Sin %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %cos = onnx.Unsqueeze %c, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %sin = onnx.Unsqueeze %s, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %even = onnx.Slice %x, %zero, %eight, %last, %two : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %odd = onnx.Slice %x, %one, %eight, %last, %two : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %ch = onnx.Slice %cos, %zero, %four, %last, %one : (tensor<1x1x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x4xf32>
  %sh = onnx.Slice %sin, %zero, %four, %last, %one : (tensor<1x1x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x1x?x4xf32>
  %ec = onnx.Mul %even, %ch : (tensor<?x2x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<?x2x?x4xf32>
  %os = onnx.Mul %odd, %sh : (tensor<?x2x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<?x2x?x4xf32>
  %es = onnx.Mul %even, %sh : (tensor<?x2x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<?x2x?x4xf32>
  %oc = onnx.Mul %odd, %ch : (tensor<?x2x?x4xf32>, tensor<1x1x?x4xf32>) -> tensor<?x2x?x4xf32>
  %re = onnx.Sub %ec, %os : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %im = onnx.Add %es, %oc : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %re1 = onnx.Unsqueeze %re, %last : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x?x4x1xf32>
  %im1 = onnx.Unsqueeze %im, %last : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x?x4x1xf32>
  %pair = onnx.Concat %re1, %im1 {axis = -1 : i64} : (tensor<?x2x?x4x1xf32>, tensor<?x2x?x4x1xf32>) -> tensor<?x2x?x4x2xf32>
  %shape = onnx.Shape %x : (tensor<?x2x?x8xf32>) -> tensor<4xi64>
  %y = onnx.Reshape %pair, %shape {allowzero = 0 : i64} : (tensor<?x2x?x4x2xf32>, tensor<4xi64>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// -----

// The sign on the wrong half.
// CHECK: they part at Neg 'Neg': what it makes of the first of each pair is no value of RotaryEmbedding
// CHECK-LABEL: func.func @wrong_sign
// CHECK-NOT: onnx.RotaryEmbedding
// CHECK: onnx.Add
func.func @wrong_sign(%x: tensor<?x2x?x8xf32> {onnx.name = "x", onnx.dims = ["b", "2", "l", "8"]}, %f: tensor<1x?x4xf32> {onnx.name = "f", onnx.dims = ["1", "l", "4"]})
    -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64>
  %eight = onnx.Constant dense<8> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %f2 = onnx.Concat %f, %f {axis = -1 : i64} : (tensor<1x?x4xf32>, tensor<1x?x4xf32>) -> tensor<1x?x8xf32>
  %c = onnx.Cos %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %s = onnx.Sin %f2 : (tensor<1x?x8xf32>) -> tensor<1x?x8xf32>
  %cos = onnx.Unsqueeze %c, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %sin = onnx.Unsqueeze %s, %one : (tensor<1x?x8xf32>, tensor<1xi64>) -> tensor<1x1x?x8xf32>
  %lo = onnx.Slice %x, %zero, %four, %last, %one : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %hi = onnx.Slice %x, %four, %eight, %last, %one : (tensor<?x2x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x4xf32>
  %n = onnx.Neg %lo : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %r = onnx.Concat %hi, %n {axis = -1 : i64} : (tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x8xf32>
  %a = onnx.Mul %x, %cos : (tensor<?x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %b = onnx.Mul %r, %sin : (tensor<?x2x?x8xf32>, tensor<1x1x?x8xf32>) -> tensor<?x2x?x8xf32>
  %y = onnx.Add %a, %b : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}
