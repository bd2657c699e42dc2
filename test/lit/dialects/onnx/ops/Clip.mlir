// onnx.Clip: the node test test_clip_default_inbounds, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Clip
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "x"}) -> (tensor<3xf32> {onnx.name = "y"}) {
    %0 = onnx.None : none
    %1 = onnx.Clip %arg0, %0, %0 : (tensor<3xf32>, none, none) -> tensor<3xf32>
    return %1 : tensor<3xf32>
  }
}
