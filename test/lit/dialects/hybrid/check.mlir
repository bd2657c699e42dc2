// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @check
func.func @check(%c: i1) {
  // Has no result, and stays all the same.
  // CHECK: hybrid.check %{{.*}}, "input 'ids' dimension 1: expected at most 16"
  hybrid.check %c, "input 'ids' dimension 1: expected at most 16"
  return
}
