// Positions count from where the past ends, whatever the dimension of the past is called.
// RUN: jarana-opt %s --evaluate='function=main sizes=s0=2,s1=3,s16=5' | FileCheck %s

// CHECK: @main result 0: int64 [2, 3] = 5, 6, 7, 5, 6, 7
func.func @main(%positions: tensor<?x?xi64> {hybrid.name = "position_ids", hybrid.dims = ["s0", "s1"]},
                %keys: tensor<?x?x4xf32> {hybrid.name = "layers.0.keys", hybrid.dims = ["s0", "s16", "4"]}) -> tensor<?x?xi64> {
  return %positions : tensor<?x?xi64>
}
