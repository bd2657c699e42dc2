// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK: hybrid.weight @in_proj : tensor<64x296xf32> = #hybrid.file_range<"model.onnx.data", 4096, 75776>
hybrid.weight @in_proj : tensor<64x296xf32> = #hybrid.file_range<"model.onnx.data", 4096, 75776>
// CHECK: hybrid.weight @in_proj.panels : tensor<19x64x16xf32> = #hybrid.derived<@in_proj, panels, 16>
hybrid.weight @in_proj.panels : tensor<19x64x16xf32> = #hybrid.derived<@in_proj, panels, 16>
// A source that is stored the other way round.
// CHECK: hybrid.weight @"other way" : tensor<8x296x8xf32> = #hybrid.derived<@in_proj, panels_transposed, 8>
hybrid.weight @"other way" : tensor<8x296x8xf32> = #hybrid.derived<@in_proj, panels_transposed, 8>
// CHECK: hybrid.weight @scale : tensor<f32> = dense<5.000000e-01> : tensor<f32>
hybrid.weight @scale : tensor<f32> = dense<0.5> : tensor<f32>
// Booleans take a byte each in a file; nibbles share one.
// CHECK: hybrid.weight @mask
hybrid.weight @mask : tensor<3xi1> = #hybrid.file_range<"f", 0, 3>
// CHECK: hybrid.weight @nibbles
hybrid.weight @nibbles : tensor<3xi4> = #hybrid.file_range<"f", 0, 2>
// Stored in another form than the bundle has them in.
// CHECK: hybrid.weight @wide : tensor<3x2xi8> = #hybrid.repacked<<"f", 0, 3>, tensor<3x2xi4>, widened, 1>
hybrid.weight @wide : tensor<3x2xi8> = #hybrid.repacked<<"f", 0, 3>, tensor<3x2xi4>, widened, 1>
// CHECK: hybrid.weight @half : tensor<2xf16> = #hybrid.repacked<<"f", 0, 2>, tensor<2xf8E4M3FN>, widened, 1>
hybrid.weight @half : tensor<2xf16> = #hybrid.repacked<<"f", 0, 2>, tensor<2xf8E4M3FN>, widened, 1>
// CHECK: hybrid.weight @codes : tensor<2x2x1xui8> = #hybrid.repacked<<"f", 0, 3>, tensor<3x2xui4>, codes, 2>
hybrid.weight @codes : tensor<2x2x1xui8> = #hybrid.repacked<<"f", 0, 3>, tensor<3x2xui4>, codes, 2>
// CHECK: hybrid.weight @codesT : tensor<3x1x2xi8> = #hybrid.repacked<<"f", 0, 6>, tensor<3x2xui8>, codes_transposed, 2>
hybrid.weight @codesT : tensor<3x1x2xi8> = #hybrid.repacked<<"f", 0, 6>, tensor<3x2xui8>, codes_transposed, 2>
// CHECK: hybrid.weight @scales : tensor<2x3xf32> = #hybrid.repacked<<"f", 0, 24>, tensor<3x2xf32>, transposed, 1>
hybrid.weight @scales : tensor<2x3xf32> = #hybrid.repacked<<"f", 0, 24>, tensor<3x2xf32>, transposed, 1>
