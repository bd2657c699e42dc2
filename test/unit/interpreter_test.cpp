// The interpreter on functions written as text: constants, weights, calls,
// regions, absent operands, and what it says when it fails.
#include "lib/reference/Interpreter.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace jarana::reference;

namespace {
class InterpreterTest : public testing::Test {
protected:
  InterpreterTest() {
    mlir::DialectRegistry registry;
    mlir::hybrid::registerHybridExtensions(registry);
    registry.insert<mlir::onnx::OnnxDialect, mlir::func::FuncDialect,
                    mlir::arith::ArithDialect, mlir::tensor::TensorDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
          return mlir::success();
        });
  }

  /// Runs @main of the text; no result where it fails, and then `messages` tell
  /// why.
  std::vector<Tensor> run(const std::string &text, std::vector<Tensor> inputs) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return {};
    Interpreter interpreter(*module);
    auto results = interpreter.run(
        module->lookupSymbol<mlir::func::FuncOp>("main"), std::move(inputs));
    return failed(results) ? std::vector<Tensor>() : *results;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string messages;
};

Tensor floats(Shape shape, std::vector<double> values) {
  Tensor tensor(DType::f32, std::move(shape));
  tensor.reals = std::move(values);
  return tensor;
}
} // namespace

TEST_F(InterpreterTest, ConstantsCallsAndAttributes) {
  auto results = run(R"mlir(
    func.func private @twice(%x: tensor<?xf32>) -> tensor<?xf32> {
      %y = onnx.Add %x, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
    func.func @main(%x: tensor<?xf32>) -> (tensor<?xi64>, tensor<?xf32>) {
      %low = onnx.Constant dense<-1.0> : tensor<f32>
      %none = onnx.None : none
      %0 = call @twice(%x) : (tensor<?xf32>) -> tensor<?xf32>
      %1 = onnx.Clip %0, %low, %none : (tensor<?xf32>, tensor<f32>, none) -> tensor<?xf32>
      %2 = onnx.Cast %1 {to = i64} : (tensor<?xf32>) -> tensor<?xi64>
      return %2, %1 : tensor<?xi64>, tensor<?xf32>
    })mlir",
                     {floats({3}, {-5, 0.75, 2})});
  ASSERT_EQ(results.size(), 2u) << messages;
  EXPECT_EQ(results[0].ints, (std::vector<int64_t>{-1, 1, 4}));
  EXPECT_EQ(results[1].reals, (std::vector<double>{-1, 1.5, 4}));
}

TEST_F(InterpreterTest, ScanRunsBackwardsAndStacks) {
  auto results = run(R"mlir(
    func.func @main(%s: tensor<f32>, %x: tensor<?xf32>) -> (tensor<f32>, tensor<?xf32>) {
      %two = onnx.Constant dense<2.0> : tensor<f32>
      %0:2 = onnx.Scan %s, %x {num_scan_inputs = 1, scan_input_axes = array<i64: 0>, scan_input_directions = array<i64: 1>,
          scan_output_axes = array<i64: 0>, scan_output_directions = array<i64: 0>} : (tensor<f32>, tensor<?xf32>) -> (tensor<f32>, tensor<?xf32>) {
      ^bb0(%state: tensor<f32>, %slice: tensor<f32>):
        %1 = onnx.Mul %state, %two : (tensor<f32>, tensor<f32>) -> tensor<f32>
        %2 = onnx.Add %1, %slice : (tensor<f32>, tensor<f32>) -> tensor<f32>
        onnx.yield %2, %2 : tensor<f32>, tensor<f32>
      }
      return %0#0, %0#1 : tensor<f32>, tensor<?xf32>
    })mlir",
                     {floats({}, {1}), floats({3}, {1, 2, 3})});
  ASSERT_EQ(results.size(), 2u) << messages;
  EXPECT_EQ(results[0].reals, (std::vector<double>{25}));
  EXPECT_EQ(results[1].reals, (std::vector<double>{5, 12, 25}));
}

TEST_F(InterpreterTest, ReadsWeightsFromFilesAndPacksThem) {
  auto folder =
      std::filesystem::temp_directory_path() / "jarana_interpreter_test";
  std::filesystem::create_directories(folder);
  std::vector<float> values{0, 1, 2, 3, 4, 5, 6};
  std::ofstream(folder / "weights.bin", std::ios::binary)
      .write(reinterpret_cast<char *>(values.data()), 28);
  auto text = [&](int offset) {
    return "module attributes {hybrid.model_dir = \"" + folder.string() +
           "\"} {\n" + R"mlir(
      hybrid.weight @w : tensor<2x3xf32> = #hybrid.file_range<"weights.bin", )mlir" +
           std::to_string(offset) + R"mlir(, 24>
      hybrid.weight @packed : tensor<2x2x2xf32> = #hybrid.derived<@w, panels, 2>
      func.func @main(%x: tensor<?x2xf32>, %y: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
        %w = hybrid.load_weight @w : tensor<2x3xf32>
        %p = hybrid.load_weight @packed : tensor<2x2x2xf32>
        %0 = onnx.MatMul %x, %w : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
        %1 = hybrid.packed_matmul ins(%x, %p : tensor<?x2xf32>, tensor<2x2x2xf32>) outs(%y : tensor<?x3xf32>) -> tensor<?x3xf32>
        return %0, %1 : tensor<?x3xf32>, tensor<?x3xf32>
      }
    })mlir";
  };
  auto results =
      run(text(4), {floats({1, 2}, {1, 10}), floats({1, 3}, {0, 0, 0})});
  ASSERT_EQ(results.size(), 2u) << messages;
  EXPECT_EQ(results[0].reals, (std::vector<double>{41, 52, 63}));
  EXPECT_EQ(results[1].reals, results[0].reals);
  EXPECT_TRUE(run(text(8), {floats({1, 2}, {1, 10}), floats({1, 3}, {0, 0, 0})})
                  .empty());
  EXPECT_NE(messages.find("bytes 8 to 32 are not in weights.bin, which has 28"),
            std::string::npos)
      << messages;
  std::filesystem::remove_all(folder);
}

TEST_F(InterpreterTest, AbsentOperandsWithAndWithoutSegments) {
  auto results =
      run(R"mlir(
    func.func @main(%x: tensor<1x1x1x1x2xf32>, %a: tensor<1x1xf32>, %b: tensor<1x1x1x1xf32>, %state: tensor<1x1x1x2x1xf32>,
                    %n: tensor<1x2xf32>) -> (tensor<1x1x1x2x1xf32>, tensor<1x2xf32>) {
      %init = tensor.empty() : tensor<1x1x1x1x2xf32>
      %y, %s = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<1x1x1x1x2xf32>, tensor<1x1xf32>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>)
          outs(%init, %state : tensor<1x1x1x1x2xf32>, tensor<1x1x1x2x1xf32>) -> tensor<1x1x1x1x2xf32>, tensor<1x1x1x2x1xf32>
      %r = hybrid.group #hybrid.strategy<view = recurrent> -> (tensor<1x2xf32>) {
        %normed = hybrid.rms_norm ins(%n : tensor<1x2xf32>) gate(%n : tensor<1x2xf32>) outs(%n : tensor<1x2xf32>)
            {epsilon = 0.0 : f32, gate_position = #hybrid.gate_position<after>} -> tensor<1x2xf32>
        hybrid.yield %normed : tensor<1x2xf32>
      }
      return %s, %r : tensor<1x1x1x2x1xf32>, tensor<1x2xf32>
    })mlir",
          {floats({1, 1, 1, 1, 2}, {3, 4}), floats({1, 1}, {0}),
           floats({1, 1, 1, 1}, {2}), floats({1, 1, 1, 2, 1}, {1, 1}),
           floats({1, 2}, {1, -1})});
  ASSERT_EQ(results.size(), 2u) << messages;
  EXPECT_EQ(results[0].reals, (std::vector<double>{7, 9}));
  EXPECT_NEAR(results[1].reals[0], 0.7310586, 1e-6);
  EXPECT_NEAR(results[1].reals[1], 0.2689414, 1e-6);
}

TEST_F(InterpreterTest, SaysWhatIsWrong) {
  std::string reshape = R"mlir(
    func.func @main(%x: tensor<?xf32> {onnx.name = "data"}) -> tensor<?x3xf32> {
      %shape = onnx.Constant dense<[-1, 3]> : tensor<2xi64>
      %0 = onnx.Reshape %x, %shape : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x3xf32>
      return %0 : tensor<?x3xf32>
    })mlir";
  EXPECT_TRUE(run(reshape, {floats({4}, {1, 2, 3, 4})}).empty());
  EXPECT_NE(messages.find("shape [4] cannot become [-1, 3]"), std::string::npos)
      << messages;
  EXPECT_TRUE(run(reshape, {floats({2, 2}, {1, 2, 3, 4})}).empty());
  EXPECT_NE(messages.find(
                "input 'data' is float32 [2, 2], but float32 [?] is expected"),
            std::string::npos)
      << messages;
  EXPECT_TRUE(run(reshape, {}).empty());
  EXPECT_NE(messages.find("takes 1 inputs, not 0"), std::string::npos)
      << messages;
  EXPECT_TRUE(run(R"mlir(
    func.func @main(%x: tensor<f32>) -> tensor<f32> {
      %0 = call @main(%x) : (tensor<f32>) -> tensor<f32>
      return %0 : tensor<f32>
    })mlir",
                  {floats({}, {1})})
                  .empty());
  EXPECT_NE(messages.find("nested too deeply"), std::string::npos) << messages;
}
