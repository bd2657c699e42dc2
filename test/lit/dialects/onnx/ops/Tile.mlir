// onnx.Tile: the node test test_tile_precomputed, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Tile
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x2xf32> {onnx.dims = ["2", "2"], onnx.name = "x"}, %arg1: tensor<2xi64> {onnx.dims = ["2"], onnx.name = "y"}) -> (tensor<?x?xf32> {onnx.name = "z"}) {
    %0 = onnx.Tile %arg0, %arg1 : (tensor<2x2xf32>, tensor<2xi64>) -> tensor<?x?xf32>
    return %0 : tensor<?x?xf32>
  }
}
