// Loops, branches, groups and checks.
// RUN: jarana-opt %s --evaluate="function=loops" --evaluate="function=threads equals=whole sizes=arg0.0=17" -o /dev/null | FileCheck %s
// RUN: not jarana-opt %s --evaluate="function=checked sizes=n=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REFUSED

// CHECK: @loops result 0: int64 [] = 10
// CHECK: @loops result 1: int64 [] = 8
// CHECK: @loops result 2: int64 [] = 7
// CHECK: @loops result 3: int64 [] = 5
func.func @loops() -> (i64, i64, i64, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %five = arith.constant 5 : i64
  %seven = arith.constant 7 : i64
  %sum = scf.for %i = %c0 to %c5 step %c1 iter_args(%a = %zero) -> (i64) {
    %v = arith.index_cast %i : index to i64
    %b = arith.addi %a, %v : i64
    scf.yield %b : i64
  }
  %power = scf.while (%a = %one) : (i64) -> i64 {
    %more = arith.cmpi slt, %a, %five : i64
    scf.condition(%more) %a : i64
  } do {
  ^bb0(%a: i64):
    %b = arith.addi %a, %a : i64
    scf.yield %b : i64
  }
  %true = arith.constant true
  %chosen = scf.if %true -> (i64) {
    scf.yield %seven : i64
  } else {
    scf.yield %zero : i64
  }
  %least = affine.min affine_map<(d0)[s0] -> (d0 + s0 * 2, 9)>(%c5)[%c0]
  return %sum, %power, %chosen, %least : i64, i64, i64, index
}

// The ragged tile at the end.
// CHECK: @threads and @whole are equal
func.func @threads(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = scf.forall (%i) = (0) to (%n) step (4) shared_outs(%o = %e) -> (tensor<?xf32>) {
    %size = affine.min affine_map<(d0)[s0] -> (4, -d0 + s0)>(%i)[%n]
    %t = tensor.extract_slice %x[%i] [%size] [1] : tensor<?xf32> to tensor<?xf32>
    %u = tensor.extract_slice %o[%i] [%size] [1] : tensor<?xf32> to tensor<?xf32>
    %v = linalg.exp ins(%t : tensor<?xf32>) outs(%u : tensor<?xf32>) -> tensor<?xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %v into %o[%i] [%size] [1] : tensor<?xf32> into tensor<?xf32>
    }
  }
  return %y : tensor<?xf32>
}
func.func @whole(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// REFUSED: evaluate: the inputs are refused: n must be at least 2
func.func @checked(%x: tensor<?xf32> {hybrid.name = "x", hybrid.dims = ["n"]}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %ok = arith.cmpi sge, %n, %c2 : index
  hybrid.check %ok, "n must be at least 2"
  return %x : tensor<?xf32>
}
