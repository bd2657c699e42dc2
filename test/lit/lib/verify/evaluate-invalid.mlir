// What --evaluate is asked wrongly.
// RUN: not jarana-opt %s --evaluate='function=main' 2>&1 | FileCheck %s --check-prefix=SIZES
// RUN: not jarana-opt %s --evaluate='function=main sizes=n=99999999999' 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: not jarana-opt %s --evaluate='function=main sizes=n=-1' 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not jarana-opt %s --evaluate='function=none sizes=n=1' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not jarana-opt %s --evaluate='function=main domain=float sizes=n=1' 2>&1 | FileCheck %s --check-prefix=DOMAIN

// SIZES: error: evaluate: sizes must give each of n, such as sizes=n=3
// LARGE: error: evaluate: an input would have a negative size, or more than 33554432 elements
// NUMBER: error: evaluate: sizes: 'n=-1' is not NAME=NUMBER, such as batch=1
// NONE: error: evaluate: there is no function @none
// DOMAIN: error: evaluate: there is no domain 'float'; there are exact and double
func.func @main(%x: tensor<?xf32> {hybrid.name = "x", hybrid.dims = ["n"]}) -> tensor<?xf32> {
  %0 = math.exp %x : tensor<?xf32>
  return %0 : tensor<?xf32>
}
