// onnx.Constant: the node test test_constant, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Constant
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main() -> (tensor<5x5xf32> {onnx.name = "values"}) {
    %0 = onnx.Constant dense<[[1.76405239, 0.400157213, 9.787380e-01, 2.24089313, 1.867558], [-0.977277874, 0.950088441, -0.151357204, -0.103218853, 0.410598516], [0.144043565, 1.45427346, 0.761037707, 0.121675014, 0.443863243], [0.333674341, 1.49407911, -0.205158263, 0.313067704, -0.854095757], [-2.55298972, 0.653618574, 0.864436209, -7.421650e-01, 2.26975465]]> : tensor<5x5xf32>
    return %0 : tensor<5x5xf32>
  }
}
