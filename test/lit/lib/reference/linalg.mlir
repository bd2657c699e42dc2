// Structured ops, named and generic, by hand results and by one another.
// RUN: jarana-opt %s --evaluate="function=named domain=double" --evaluate="function=regions" --evaluate="function=maps" \
// RUN:   --evaluate="function=product equals=generic_product sizes=arg0.0=5" --evaluate="function=softmax equals=softmax_by_parts" \
// RUN:   -o /dev/null | FileCheck %s
// RUN: not jarana-opt %s --evaluate="function=product equals=transposed_product sizes=arg0.0=5" -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=DIFFERS
// RUN: not jarana-opt %s --evaluate="function=undefined equals=zero" -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNDEFINED

// CHECK: @named result 0: float32 [2, 2] = 58, 64, 139, 154
// CHECK: @named result 1: float32 [3, 2] = 1, 4, 2, 5, 3, 6
// CHECK: @named result 2: float32 [2] = 6, 15
// CHECK: @named result 3: float32 [2, 3] = 6, 6, 6, 15, 15, 15
// CHECK: @named result 4: float32 [2, 3] = 2, 4, 6, 8, 10, 12
func.func @named() -> (tensor<2x2xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %x = arith.constant dense<[[1., 2., 3.], [4., 5., 6.]]> : tensor<2x3xf32>
  %y = arith.constant dense<[[7., 8.], [9., 10.], [11., 12.]]> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %e22 = tensor.empty() : tensor<2x2xf32>
  %e32 = tensor.empty() : tensor<3x2xf32>
  %e23 = tensor.empty() : tensor<2x3xf32>
  %e2 = tensor.empty() : tensor<2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e22 : tensor<2x2xf32>) -> tensor<2x2xf32>
  %p = linalg.matmul ins(%x, %y : tensor<2x3xf32>, tensor<3x2xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  %t = linalg.transpose ins(%x : tensor<2x3xf32>) outs(%e32 : tensor<3x2xf32>) permutation = [1, 0]
  %g = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2xf32>) -> tensor<2xf32>
  %r = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf32>) outs(%g : tensor<2xf32>) dimensions = [1]
  %b = linalg.broadcast ins(%r : tensor<2xf32>) outs(%e23 : tensor<2x3xf32>) dimensions = [1]
  %m = linalg.map { arith.addf } ins(%x, %x : tensor<2x3xf32>, tensor<2x3xf32>) outs(%e23 : tensor<2x3xf32>)
  return %p, %t, %r, %b, %m : tensor<2x2xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// A branch, an index and a tensor of outside the region.
// CHECK: @regions result 0: int64 [2, 3] = 0, 1, 2, 30, 20, 10
func.func @regions() -> tensor<2x3xi64> {
  %table = arith.constant dense<[10, 20, 30]> : tensor<3xi64>
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %e = tensor.empty() : tensor<2x3xi64>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<2x3xi64>) {
  ^bb0(%out: i64):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %first = arith.cmpi eq, %i, %c0 : index
    %v = scf.if %first -> (i64) {
      %w = arith.index_cast %j : index to i64
      scf.yield %w : i64
    } else {
      %k = affine.apply affine_map<(d0)[s0] -> (s0 - d0)>(%j)[%c2]
      %w = tensor.extract %table[%k] : tensor<3xi64>
      scf.yield %w : i64
    }
    linalg.yield %v : i64
  } -> tensor<2x3xi64>
  return %r : tensor<2x3xi64>
}

// Sums of loops, constants, and a quotient in the maps.
// CHECK: @maps result 0: float32 [4] = 3, 5, 7, 9
// CHECK: @maps result 1: float32 [4] = 1, 1, 2, 2
func.func @maps() -> (tensor<4xf32>, tensor<4xf32>) {
  %x = arith.constant dense<[1., 2., 3., 4., 5.]> : tensor<5xf32>
  %w = arith.constant dense<[1., 1.]> : tensor<2xf32>
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, k) -> (i + k)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x, %w : tensor<5xf32>, tensor<2xf32>) outs(%zero : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %q = linalg.generic {indexing_maps = [affine_map<(i) -> (i floordiv 2)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<5xf32>) outs(%zero : tensor<4xf32>) {
  ^bb0(%a: f32, %c: f32):
    linalg.yield %a : f32
  } -> tensor<4xf32>
  return %r, %q : tensor<4xf32>, tensor<4xf32>
}

// CHECK: @product and @generic_product are equal
// DIFFERS: @transposed_product differs from @product: result 0 at [0, 0]
func.func @product(%x: tensor<?x7xf32>, %y: tensor<7x7xf32>) -> tensor<?x7xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x7xf32>
  %e = tensor.empty(%n) : tensor<?x7xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x7xf32>) -> tensor<?x7xf32>
  %p = linalg.matmul ins(%x, %y : tensor<?x7xf32>, tensor<7x7xf32>) outs(%f : tensor<?x7xf32>) -> tensor<?x7xf32>
  return %p : tensor<?x7xf32>
}
func.func @generic_product(%x: tensor<?x7xf32>, %y: tensor<7x7xf32>) -> tensor<?x7xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x7xf32>
  %e = tensor.empty(%n) : tensor<?x7xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x7xf32>) -> tensor<?x7xf32>
  %p = linalg.generic {indexing_maps = [affine_map<(k, n, m) -> (m, k)>, affine_map<(k, n, m) -> (k, n)>, affine_map<(k, n, m) -> (m, n)>],
                       iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%x, %y : tensor<?x7xf32>, tensor<7x7xf32>) outs(%f : tensor<?x7xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %q = arith.mulf %b, %a : f32
    %s = arith.addf %q, %c : f32
    linalg.yield %s : f32
  } -> tensor<?x7xf32>
  return %p : tensor<?x7xf32>
}
func.func @transposed_product(%x: tensor<?x7xf32>, %y: tensor<7x7xf32>) -> tensor<?x7xf32> {
  %e = tensor.empty() : tensor<7x7xf32>
  %t = linalg.transpose ins(%y : tensor<7x7xf32>) outs(%e : tensor<7x7xf32>) permutation = [1, 0]
  %p = call @product(%x, %t) : (tensor<?x7xf32>, tensor<7x7xf32>) -> tensor<?x7xf32>
  return %p : tensor<?x7xf32>
}

// The maximum cancels.
// CHECK: @softmax and @softmax_by_parts are equal
func.func @softmax(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %e = tensor.empty() : tensor<3x5xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}
func.func @softmax_by_parts(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %e = tensor.empty() : tensor<3x5xf32>
  %zero = arith.constant dense<0.0> : tensor<3xf32>
  %p = linalg.exp ins(%x : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) -> tensor<3x5xf32>
  %s = linalg.reduce { arith.addf } ins(%p : tensor<3x5xf32>) outs(%zero : tensor<3xf32>) dimensions = [1]
  %b = linalg.broadcast ins(%s : tensor<3xf32>) outs(%e : tensor<3x5xf32>) dimensions = [1]
  %y = linalg.div ins(%p, %b : tensor<3x5xf32>, tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// What is read before it is written is no number.
// UNDEFINED: @zero differs from @undefined: result 0 at [0]
func.func @undefined() -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  return %e : tensor<2xf32>
}
func.func @zero() -> tensor<2xf32> {
  %e = arith.constant dense<0.0> : tensor<2xf32>
  return %e : tensor<2xf32>
}
