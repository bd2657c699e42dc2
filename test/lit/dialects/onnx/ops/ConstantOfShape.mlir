// onnx.ConstantOfShape: the node test test_constantofshape_int_zeros, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.ConstantOfShape
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2xi64> {onnx.dims = ["2"], onnx.name = "x"}) -> (tensor<?x?xi32> {onnx.name = "y"}) {
    %0 = onnx.ConstantOfShape %arg0 {value = dense<0> : tensor<1xi32>} : (tensor<2xi64>) -> tensor<?x?xi32>
    return %0 : tensor<?x?xi32>
  }
}
