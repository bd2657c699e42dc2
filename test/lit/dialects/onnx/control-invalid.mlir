// RUN: jarana-opt %s --split-input-file --verify-diagnostics

func.func @if_c1(%c: tensor<2xi1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{has the condition 'tensor<2xi1>', which must be an i1 tensor of one element}}
  %0 = onnx.If %c : (tensor<2xi1>) -> tensor<8xf32> {
    onnx.yield %x : tensor<8xf32>
  } else {
    onnx.yield %x : tensor<8xf32>
  }
  return
}

// -----

func.func @if_c2(%c: tensor<i1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{needs two regions without arguments that yield one value per result (1)}}
  %0 = onnx.If %c : (tensor<i1>) -> tensor<8xf32> {
    onnx.yield %x : tensor<8xf32>
  } else {
    onnx.yield %x, %x : tensor<8xf32>, tensor<8xf32>
  }
  return
}

// -----

func.func @if_c3(%c: tensor<i1>, %x: tensor<8xf32>, %y: tensor<8x1xf32>) {
  // expected-error @+1 {{result 0 is 'tensor<8xf32>', but a region yields 'tensor<8x1xf32>'}}
  %0 = onnx.If %c : (tensor<i1>) -> tensor<8xf32> {
    onnx.yield %x : tensor<8xf32>
  } else {
    onnx.yield %y : tensor<8x1xf32>
  }
  return
}

// -----

func.func @loop_c1(%n: tensor<i32>, %c: tensor<i1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{begins with 'tensor<i32>' and 'tensor<i1>', which must be an i64 and an i1 tensor of one element}}
  %0 = onnx.Loop %n, %c, %x : (tensor<i32>, tensor<i1>, tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%i: tensor<i32>, %holds: tensor<i1>, %h: tensor<8xf32>):
    onnx.yield %holds, %h : tensor<i1>, tensor<8xf32>
  }
  return
}

// -----

func.func @loop_c1_in_its_region(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{needs a region that gets an iteration's number and a condition, and yields a condition}}
  %0 = onnx.Loop %n, %c, %x : (tensor<i64>, tensor<i1>, tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%i: tensor<i64>, %holds: tensor<i1>, %h: tensor<8xf32>):
    onnx.yield %i, %h : tensor<i64>, tensor<8xf32>
  }
  return
}

// -----

func.func @loop_c2(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{needs a region with one argument per operand (3) that yields a condition and one value per carried value, as many as there are results (1)}}
  %0 = onnx.Loop %n, %c, %x : (tensor<i64>, tensor<i1>, tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%i: tensor<i64>, %holds: tensor<i1>, %h: tensor<8xf32>):
    onnx.yield %holds : tensor<i1>
  }
  return
}

// -----

func.func @loop_c3(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<8xf32>) {
  // expected-error @+1 {{carries value 0 as 'tensor<8xf32>' and as 'tensor<8xf16>'}}
  %0 = onnx.Loop %n, %c, %x : (tensor<i64>, tensor<i1>, tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%i: tensor<i64>, %holds: tensor<i1>, %h: tensor<8xf16>):
    onnx.yield %holds, %x : tensor<i1>, tensor<8xf32>
  }
  return
}
