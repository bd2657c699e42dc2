// arith and math, by hand results; equalities that the exact domain knows.
// RUN: jarana-opt %s --evaluate="function=integers" --evaluate="function=casts domain=double" --evaluate="function=comparisons" \
// RUN:   --evaluate="function=functions domain=double" --evaluate="function=powers equals=products" \
// RUN:   --evaluate="function=softplus equals=plain_softplus" --evaluate="function=narrow equals=wide" -o /dev/null | FileCheck %s
// RUN: not jarana-opt %s --evaluate="function=narrow equals=wide domain=double" -o /dev/null 2>&1 | FileCheck %s --check-prefix=ROUNDED
// RUN: not jarana-opt %s --evaluate="function=by_zero" -o /dev/null 2>&1 | FileCheck %s --check-prefix=ZERO

// CHECK: @integers result 0: int64 [] = -4
// CHECK: @integers result 1: int64 [] = -3
// CHECK: @integers result 2: int64 [] = -1
// CHECK: @integers result 3: int8 [] = -126
// CHECK: @integers result 4: int8 [] = 15
func.func @integers() -> (i64, i64, i64, i8, i8) {
  %m7 = arith.constant -7 : i64
  %two = arith.constant 2 : i64
  %a = arith.constant 127 : i8
  %b = arith.constant 3 : i8
  %four = arith.constant 4 : i8
  %minus = arith.constant -1 : i8
  %f = arith.floordivsi %m7, %two : i64
  %c = arith.ceildivsi %m7, %two : i64
  %r = arith.remsi %m7, %two : i64
  %w = arith.addi %a, %b : i8
  %s = arith.shrui %minus, %four : i8
  return %f, %c, %r, %w, %s : i64, i64, i64, i8, i8
}

// CHECK: @casts result 0: float32 [] = 200
// CHECK: @casts result 1: float32 [] = -56
// CHECK: @casts result 2: int64 [] = -1
// CHECK: @casts result 3: int64 [] = 1
// CHECK: @casts result 4: int64 [] = -2
// CHECK: @casts result 5: bfloat16 [] = 1
func.func @casts() -> (f32, f32, i64, i64, i64, bf16) {
  %a = arith.constant 200 : i8
  %true = arith.constant true
  %x = arith.constant -2.75 : f32
  %y = arith.constant 1.001 : f32
  %u = arith.uitofp %a : i8 to f32
  %s = arith.sitofp %a : i8 to f32
  %es = arith.extsi %true : i1 to i64
  %eu = arith.extui %true : i1 to i64
  %i = arith.fptosi %x : f32 to i64
  %t = arith.truncf %y : f32 to bf16
  return %u, %s, %es, %eu, %i, %t : f32, f32, i64, i64, i64, bf16
}

// CHECK: @comparisons result 0: bool [] = 1
// CHECK: @comparisons result 1: bool [] = 0
// CHECK: @comparisons result 2: bool [] = 0
// CHECK: @comparisons result 3: bool [] = 1
// CHECK: @comparisons result 4: float32 [3] = 1, 2, 2
func.func @comparisons() -> (i1, i1, i1, i1, tensor<3xf32>) {
  %minus = arith.constant -1 : i8
  %one = arith.constant 1 : i8
  %nan = arith.constant 0x7FC00000 : f32
  %x = arith.constant dense<[1.0, 5.0, 2.0]> : tensor<3xf32>
  %y = arith.constant dense<2.0> : tensor<3xf32>
  %s = arith.cmpi slt, %minus, %one : i8
  %u = arith.cmpi ult, %minus, %one : i8
  %o = arith.cmpf oeq, %nan, %nan : f32
  %n = arith.cmpf une, %nan, %nan : f32
  %c = arith.cmpf olt, %x, %y : tensor<3xf32>
  %v = arith.select %c, %x, %y : tensor<3xi1>, tensor<3xf32>
  return %s, %u, %o, %n, %v : i1, i1, i1, i1, tensor<3xf32>
}

// CHECK: @functions result 0: float32 [] = 2
// CHECK: @functions result 1: float32 [] = 0.5
// CHECK: @functions result 2: float32 [] = 3
// CHECK: @functions result 3: float32 [] = 2
// CHECK: @functions result 4: float32 [] = nan
// CHECK: @functions result 5: float32 [] = 4
func.func @functions() -> (f32, f32, f32, f32, f32, f32) {
  %four = arith.constant 4.0 : f32
  %eight = arith.constant 8.0 : f32
  %half = arith.constant 2.5 : f32
  %nan = arith.constant 0x7FC00000 : f32
  %sqrt = math.sqrt %four : f32
  %rsqrt = math.rsqrt %four : f32
  %log = math.log2 %eight : f32
  %round = math.roundeven %half : f32
  %max = arith.maximumf %nan, %four : f32
  %num = arith.maxnumf %nan, %four : f32
  return %sqrt, %rsqrt, %log, %round, %max, %num : f32, f32, f32, f32, f32, f32
}

// CHECK: @powers and @products are equal
func.func @powers(%x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %two = arith.constant dense<2.0> : tensor<3xf32>
  %p = math.powf %x, %two : tensor<3xf32>
  %s = arith.addf %x, %y : tensor<3xf32>
  %e = math.exp %s : tensor<3xf32>
  return %p, %e : tensor<3xf32>, tensor<3xf32>
}
func.func @products(%x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %p = arith.mulf %x, %x : tensor<3xf32>
  %a = math.exp %x : tensor<3xf32>
  %b = math.exp %y : tensor<3xf32>
  %e = arith.mulf %a, %b : tensor<3xf32>
  return %p, %e : tensor<3xf32>, tensor<3xf32>
}

// CHECK: @softplus and @plain_softplus are equal
func.func @softplus(%x: tensor<5xf32>) -> tensor<5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<5xf32>
  %y = linalg.map ins(%x : tensor<5xf32>) outs(%e : tensor<5xf32>) (%v: f32, %out: f32) {
    %a = math.absf %v : f32
    %n = arith.negf %a : f32
    %p = math.exp %n : f32
    %l = math.log1p %p : f32
    %m = arith.maximumf %v, %zero : f32
    %s = arith.addf %m, %l : f32
    linalg.yield %s : f32
  }
  return %y : tensor<5xf32>
}
func.func @plain_softplus(%x: tensor<5xf32>) -> tensor<5xf32> {
  %one = arith.constant dense<1.0> : tensor<5xf32>
  %p = math.exp %x : tensor<5xf32>
  %s = arith.addf %one, %p : tensor<5xf32>
  %y = math.log %s : tensor<5xf32>
  return %y : tensor<5xf32>
}

// Casts of floats are the identity there, and round in double.
// CHECK: @narrow and @wide are equal
// ROUNDED: @wide differs from @narrow: result 0 at
func.func @narrow(%x: tensor<5xf32>) -> tensor<5xf32> {
  %h = arith.truncf %x : tensor<5xf32> to tensor<5xbf16>
  %y = arith.extf %h : tensor<5xbf16> to tensor<5xf32>
  return %y : tensor<5xf32>
}
func.func @wide(%x: tensor<5xf32>) -> tensor<5xf32> {
  return %x : tensor<5xf32>
}

// ZERO: 'arith.divsi' op divides by zero
func.func @by_zero() -> i64 {
  %zero = arith.constant 0 : i64
  %x = arith.divsi %zero, %zero : i64
  return %x : i64
}
