// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// file_range_c1
// expected-error @below {{file range: offset -1 and 8 bytes must not be negative or overflow}}
hybrid.weight @w : tensor<2xf32> = #hybrid.file_range<"f", -1, 8>

// -----

// file_range_c1: their sum is no offset
// expected-error @below {{file range: offset 9223372036854775807 and 8 bytes must not be negative or overflow}}
hybrid.weight @w : tensor<2xf32> = #hybrid.file_range<"f", 9223372036854775807, 8>

// -----

// file_range_c2
// expected-error @below {{file range: the file must have a name}}
hybrid.weight @w : tensor<2xf32> = #hybrid.file_range<"", 0, 8>

// -----

// repacked_c1
// expected-error @below {{repacked weight: the block must be positive, got 0}}
hybrid.weight @w : tensor<2xi8> = #hybrid.repacked<<"f", 0, 1>, tensor<2xi4>, widened, 0>

// -----

// repacked_c2
// expected-error @below {{repacked weight: the range must have the bytes of 'tensor<3xi4>', got 1}}
hybrid.weight @w : tensor<3xi8> = #hybrid.repacked<<"f", 0, 1>, tensor<3xi4>, widened, 1>

// -----

// weight_c6: wider values are of one type
// expected-error @below {{the weight's type must be what the packing makes of 'tensor<3xi4>', got 'tensor<3xi16>'}}
hybrid.weight @w : tensor<3xi16> = #hybrid.repacked<<"f", 0, 2>, tensor<3xi4>, widened, 1>

// -----

// weight_c6: nothing is wider than f32
// expected-error @below {{the weight's type must be what the packing makes of 'tensor<2xf32>', got 'tensor<2xf64>'}}
hybrid.weight @w : tensor<2xf64> = #hybrid.repacked<<"f", 0, 8>, tensor<2xf32>, widened, 1>

// -----

// weight_c6: three rows are two blocks of two
// expected-error @below {{the weight's type must be what the packing makes of 'tensor<3x2xi4>', got 'tensor<2x1x1xi8>'}}
hybrid.weight @w : tensor<2x1x1xi8> = #hybrid.repacked<<"f", 0, 3>, tensor<3x2xi4>, codes, 2>

// -----

// weight_c6: codes of a vector
// expected-error @below {{the weight's type must be what the packing makes of 'tensor<4xi8>', got 'tensor<1x1x4xi8>'}}
hybrid.weight @w : tensor<1x1x4xi8> = #hybrid.repacked<<"f", 0, 4>, tensor<4xi8>, codes, 4>

// -----

// derived_c1
// expected-error @below {{derived weight: the panel width must be positive, got 0}}
hybrid.weight @w : tensor<2xf32> = #hybrid.derived<@v, panels, 0>

// -----

// weight_c1
// expected-error @below {{'hybrid.weight' op the dimensions of a weight must be known, got 'tensor<?xf32>'}}
hybrid.weight @w : tensor<?xf32> = #hybrid.file_range<"f", 0, 8>

// -----

// weight_c2
// expected-error @below {{'hybrid.weight' op the file range must have the bytes of 'tensor<2xf32>': expected 8, got 7}}
hybrid.weight @w : tensor<2xf32> = #hybrid.file_range<"f", 0, 7>

// -----

// weight_c2: more bytes than a file can have
// expected-error @below {{'hybrid.weight' op the file range must have the bytes of 'tensor<9223372036854775807x2xf32>', got 8}}
hybrid.weight @w : tensor<9223372036854775807x2xf32> = #hybrid.file_range<"f", 0, 8>

// -----

// weight_c2
// expected-error @below {{'hybrid.weight' op a weight in a file must have integers or floats, got 'index'}}
hybrid.weight @w : tensor<2xindex> = #hybrid.file_range<"f", 0, 16>

// -----

// weight_c3
// expected-error @below {{'hybrid.weight' op the value must have the weight's type: expected 'tensor<2xf32>', got 'tensor<3xf32>'}}
hybrid.weight @w : tensor<2xf32> = dense<0.0> : tensor<3xf32>

// -----

// weight_c4
// expected-error @below {{'hybrid.weight' op the value must be a file range, a repacked one, elements or a derived weight, got "text"}}
hybrid.weight @w : tensor<2xf32> = "text"

// -----

// weight_c5
// expected-error @below {{'hybrid.weight' op the source of a derived weight must be another weight of the module, got @nowhere}}
hybrid.weight @w : tensor<1x2x4xf32> = #hybrid.derived<@nowhere, panels, 4>

// -----

// weight_c5: not itself
// expected-error @below {{'hybrid.weight' op the source of a derived weight must be another weight of the module, got @w}}
hybrid.weight @w : tensor<1x2x4xf32> = #hybrid.derived<@w, panels, 4>

// -----

// weight_c5
hybrid.weight @v : tensor<8xf32> = dense<0.0> : tensor<8xf32>
// expected-error @below {{'hybrid.weight' op the source of panels must be a matrix, got 'tensor<8xf32>'}}
hybrid.weight @w : tensor<1x2x4xf32> = #hybrid.derived<@v, panels, 4>

// -----

// weight_c5
hybrid.weight @m : tensor<2x9xf32> = dense<0.0> : tensor<2x9xf32>
// expected-error @below {{'hybrid.weight' op the panels of 'tensor<2x9xf32>' must have the type 'tensor<3x2x4xf32>', got 'tensor<2x2x4xf32>'}}
hybrid.weight @w : tensor<2x2x4xf32> = #hybrid.derived<@m, panels, 4>

// -----

// weight_c5: the other way round
hybrid.weight @m : tensor<9x2xf32> = dense<0.0> : tensor<9x2xf32>
// expected-error @below {{'hybrid.weight' op the panels of 'tensor<9x2xf32>' must have the type 'tensor<3x2x4xf32>', got 'tensor<1x9x4xf32>'}}
hybrid.weight @w : tensor<1x9x4xf32> = #hybrid.derived<@m, panels_transposed, 4>
