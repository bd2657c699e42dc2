// The shape rules, on functions in onnx form. Ops are written in the generic
// syntax, with any result types: the rules set them.
#include "dialects/onnx/ShapeInference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;
using jarana::onnx::SymbolicShapes;
using jarana::onnx::ValueInfo;

namespace {

struct OnnxShape : testing::Test {
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::optional<SymbolicShapes> shapes;
  std::string diagnostics;

  OnnxShape() {
    context.allowUnregisteredDialects();
    context.loadDialect<func::FuncDialect>();
    context.getDiagEngine().registerHandler(
        [this](Diagnostic &d) { diagnostics += d.str() + "\n"; });
  }

  /// Infers `body` with the arguments given; %r is the result looked at.
  bool infer(const std::string &arguments, const std::string &body) {
    std::string text = "func.func @main(" + arguments +
                       ") {\n%none = \"onnx.None\"() : () -> none\n" + body +
                       "\nreturn\n}";
    module = parseSourceString<ModuleOp>(
        text, ParserConfig(&context, /*verifyAfterParse=*/false));
    if (!module) {
      ADD_FAILURE() << diagnostics << text;
      return false;
    }
    FailureOr<SymbolicShapes> computed =
        SymbolicShapes::compute(*module->getOps<func::FuncOp>().begin());
    if (failed(computed))
      return false;
    shapes = std::move(*computed);
    return true;
  }

  Operation *lastOp() {
    Block &block = (*module->getOps<func::FuncOp>().begin()).getBody().front();
    return block.getTerminator()->getPrevNode();
  }

  std::string list(const std::vector<jarana::symbolic::Expr> &exprs) {
    std::string text;
    for (const auto &expr : exprs)
      text += (text.empty() ? "" : ", ") + shapes->context().print(expr);
    return "[" + text + "]";
  }

  /// Shape and contents of the results of the last op: "[b, 8]", "[2] = [b,
  /// 8]".
  std::string result(const std::string &arguments, const std::string &body) {
    diagnostics.clear();
    if (!infer(arguments, body))
      return diagnostics;
    std::string text;
    for (Value value : lastOp()->getResults()) {
      const ValueInfo &info = (*shapes)[value];
      text += (text.empty() ? "" : " ") + list(info.shape);
      if (info.contents)
        text += " = " + list(*info.contents);
    }
    return text;
  }

  std::string checks() {
    std::string text;
    for (const auto &check : shapes->context().checks())
      text += (text.empty() ? "" : "\n") + shapes->context().describe(check);
    return text;
  }
};

/// Arguments %x: tensor<b x s x 8> f32, %ids: tensor<b x s> i64.
const char *const xAndIds =
    R"(%ids: tensor<?x?xi64> {onnx.name = "ids", onnx.dims = ["b", "s"]},
    %x: tensor<?x?x8xf32> {onnx.name = "x", onnx.dims = ["b", "s", "8"]})";

std::string ints(const std::string &name, const std::string &values,
                 const std::string &type) {
  return "%" + name + " = \"onnx.Constant\"() {value = dense<" + values +
         "> : tensor<" + type + ">} : () -> tensor<" + type + ">\n";
}

TEST_F(OnnxShape, NamesOfDimensions) {
  EXPECT_EQ(
      result(
          R"(%a: tensor<?x?xi64> {onnx.dims = ["b", "s + t"]}, %c: tensor<?x160x?xf32> {onnx.dims = ["b", "160", "?"]},
      %d: tensor<?xf32> {onnx.name = "d", onnx.dims = [""]})",
          R"(%r:3 = "t.use"(%a) : (tensor<?x?xi64>) -> (tensor<f32>, tensor<f32>, tensor<f32>))"),
      "[] [] []");
  auto &ctx = shapes->context();
  ASSERT_EQ(ctx.numSymbols(), 4u);
  EXPECT_EQ(ctx.symbolInfo(1).name, "s + t");
  EXPECT_EQ(ctx.symbolInfo(1).lowerBound, 1);
  EXPECT_EQ(ctx.symbolInfo(2).lowerBound, 0); // a cache may be empty
  EXPECT_EQ(ctx.symbolInfo(3).origin, "input 'd' dimension 0");
  EXPECT_EQ(shapes->source(3), std::pair(2u, 0u));
}

TEST_F(OnnxShape, MatMul) {
  auto matmul = [&](const std::string &type, const std::string &dims = "") {
    return result(std::string(xAndIds) + ", %w: tensor<" + type + "> " + dims,
                  "%r = \"onnx.MatMul\"(%x, %w) : (tensor<?x?x8xf32>, tensor<" +
                      type + ">) -> tensor<f32> loc(\"the_matmul\")");
  };
  EXPECT_EQ(matmul("8x4xf32"), "[b, s, 4]");
  EXPECT_EQ(matmul("8xf32"), "[b, s]");
  EXPECT_EQ(matmul("1x8x4xf32"), "[b, s, 4]");
  EXPECT_EQ(matmul("9x4xf32"),
            "MatMul node 'the_matmul': the inner dimensions differ: 8 and 9\n");
  EXPECT_EQ(matmul("?x8x4xf32", R"({onnx.name = "w", onnx.dims = ["c"]})"),
            "[b, s, 4]");
  EXPECT_EQ(
      checks(),
      "input 'w' dimension 0 must be equal to input 'ids' dimension 0 (MatMul "
      "node 'the_matmul': the "
      "operands cannot be broadcast: the sizes of dimension 0 must be equal)");
}

TEST_F(OnnxShape, Reshape) {
  auto reshape = [&](const std::string &shape, int64_t length,
                     bool allowZero = false) {
    return result(
        xAndIds,
        ints("s", shape, std::to_string(length) + "xi64") +
            std::string("%r = \"onnx.Reshape\"(%x, %s) {allowzero = ") +
            (allowZero ? "1" : "0") + "} : (tensor<?x?x8xf32>, tensor<" +
            std::to_string(length) +
            "xi64>) -> tensor<f32> loc(\"the_reshape\")");
  };
  EXPECT_EQ(reshape("[0, -1]", 2), "[b, 8*s]");
  EXPECT_EQ(reshape("[0, 0, 2, 4]", 4), "[b, s, 2, 4]");
  EXPECT_EQ(reshape("[0, 0, 2, 2]", 4),
            "Reshape node 'the_reshape': the element counts of [b, s, 8] and "
            "of the shape "
            "[0, 0, 2, 2] differ: 8 and 4\n");
  EXPECT_EQ(reshape("[-1, 16]", 2), "[floordiv(b*s, 2), 16]");
  EXPECT_EQ(reshape("[-1, -1]", 2),
            "Reshape node 'the_reshape': the shape has more than one -1\n");
  EXPECT_EQ(reshape("[-1, 0]", 2, true),
            "Reshape node 'the_reshape': the shape has -1 beside a dimension "
            "of 0, so "
            "that it is not determined\n");
}

TEST_F(OnnxShape, ReshapeContradiction) {
  EXPECT_EQ(
      result(
          "%x: tensor<4x8xf32>",
          ints("s", "[5, 7]", "2xi64") +
              R"(%r = "onnx.Reshape"(%x, %s) : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<f32> loc("the_reshape"))"),
      "Reshape node 'the_reshape': the element counts of [4, 8] and of the "
      "shape [5, 7] differ: 32 and 35\n");
}

// The chunk arithmetic of an exported scan, from Shape to Reshape.
TEST_F(OnnxShape, ChunkedScan) {
  std::string body = ints("i1", "1", "i64") + ints("c16", "16", "i64") +
                     ints("m1", "[-1]", "1xi64") + ints("z3", "0", "3xi64") +
                     ints("z2", "0", "2xi64") +
                     ints("tail", "[16, 8]", "2xi64") + R"(
    %shape = "onnx.Shape"(%x) {start = 0 : i64, end = 2 : i64} : (tensor<?x?x8xf32>) -> tensor<2xi64>
    %s = "onnx.Gather"(%shape, %i1) {axis = 0 : i64} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
    %mod = "onnx.Mod"(%s, %c16) {fmod = 0 : i64} : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %sub = "onnx.Sub"(%c16, %mod) : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %pad = "onnx.Mod"(%sub, %c16) {fmod = 0 : i64} : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %pad1 = "onnx.Reshape"(%pad, %m1) : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
    %zero = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
    %pads = "onnx.Concat"(%z3, %zero, %pad1, %zero) {axis = 0 : i64} : (tensor<3xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6xi64>
    %padded = "onnx.Pad"(%x, %pads, %none, %none) {mode = "constant"} : (tensor<?x?x8xf32>, tensor<6xi64>, none, none) -> tensor<f32>
    %b = "onnx.Slice"(%shape, %zero, %one, %none, %none) : (tensor<2xi64>, tensor<1xi64>, tensor<1xi64>, none, none) -> tensor<1xi64>
    %to = "onnx.Concat"(%b, %m1, %tail) {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<4xi64>
    %r = "onnx.Reshape"(%padded, %to) : (tensor<f32>, tensor<4xi64>) -> tensor<f32>)";
  EXPECT_EQ(result(xAndIds, ints("one", "1", "1xi64") + body),
            "[b, floordiv(s + 15, 16), 16, 8]");
  EXPECT_EQ(checks(), "");
}

TEST_F(OnnxShape, Slice) {
  auto slice = [&](const std::string &start, const std::string &end,
                   const std::string &step) {
    return result(
        xAndIds,
        ints("a", start, "1xi64") + ints("e", end, "1xi64") +
            ints("d", "1", "1xi64") + ints("t", step, "1xi64") +
            R"(%r = "onnx.Slice"(%x, %a, %e, %d, %t) : (tensor<?x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<f32>)");
  };
  EXPECT_EQ(slice("0", "9223372036854775807", "1"), "[b, s, 8]");
  EXPECT_EQ(slice("-1", "9223372036854775807", "1"), "[b, 1, 8]");
  EXPECT_EQ(slice("1", "2147483647", "1"), "[b, s - 1, 8]");
  EXPECT_EQ(slice("0", "-1", "2"), "[b, floordiv(s, 2), 8]");
  EXPECT_EQ(slice("-1", "-9223372036854775808", "-1"), "[b, s, 8]");
}

TEST_F(OnnxShape, SplitAndConcat) {
  std::string op =
      R"(%r:2 = "onnx.Split"(%x, %n) {axis = 2 : i64} : (tensor<?x?x8xf32>, tensor<2xi64>) -> (tensor<f32>, tensor<f32>) loc("the_split"))";
  EXPECT_EQ(result(xAndIds, ints("n", "[3, 5]", "2xi64") + op),
            "[b, s, 3] [b, s, 5]");
  EXPECT_EQ(result(xAndIds, ints("n", "[3, 4]", "2xi64") + op),
            "Split node 'the_split': the sum of the sizes and dimension 2 "
            "differ: 7 and 8\n");
  EXPECT_EQ(
      result(
          xAndIds,
          R"(%r:3 = "onnx.Split"(%x, %none) {axis = 2 : i64, num_outputs = 3 : i64} : (tensor<?x?x8xf32>, none) -> (tensor<f32>, tensor<f32>, tensor<f32>))"),
      "[b, s, 3] [b, s, 3] [b, s, 2]");
  EXPECT_EQ(
      result(
          xAndIds,
          R"(%r = "onnx.Concat"(%x, %x) {axis = -2 : i64} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<f32>)"),
      "[b, 2*s, 8]");
}

TEST_F(OnnxShape, TransposeAndGather) {
  EXPECT_EQ(
      result(
          xAndIds,
          R"(%r = "onnx.Transpose"(%x) {perm = array<i64: 2, 0, 1>} : (tensor<?x?x8xf32>) -> tensor<f32>)"),
      "[8, b, s]");
  EXPECT_EQ(
      result(
          xAndIds,
          R"(%r = "onnx.Transpose"(%x) {perm = array<i64: 0, 2>} : (tensor<?x?x8xf32>) -> tensor<f32> loc("t"))"),
      "Transpose node 't': perm [0, 2] is no permutation of the 3 dimensions "
      "of the input\n");
  std::string op =
      R"(%r = "onnx.Gather"(%x, %i) {axis = 2 : i64} : (tensor<?x?x8xf32>, tensor<i64>) -> tensor<f32> loc("the_gather"))";
  EXPECT_EQ(result(xAndIds, ints("i", "-8", "i64") + op), "[b, s]");
  EXPECT_EQ(result(xAndIds, ints("i", "8", "i64") + op),
            "Gather node 'the_gather': index 8 is out of range for axis 2, "
            "whose size is 8\n");
  EXPECT_EQ(
      result(
          xAndIds,
          ints("i", "4", "i64") +
              R"(%r = "onnx.Gather"(%x, %i) {axis = 1 : i64} : (tensor<?x?x8xf32>, tensor<i64>) -> tensor<f32>)"),
      "[b, 8]");
  EXPECT_EQ(shapes->context().symbolInfo(1).lowerBound, 5);
}

TEST_F(OnnxShape, ContentsOfComparisons) {
  EXPECT_EQ(result(xAndIds, ints("n", "[1, 0, 4]", "3xi64") + R"(
    %shape = "onnx.Shape"(%x) {start = 0 : i64} : (tensor<?x?x8xf32>) -> tensor<3xi64>
    %less = "onnx.LessOrEqual"(%n, %shape) : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>
    %r = "onnx.Where"(%less, %shape, %n) : (tensor<3xi1>, tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>)"),
            "[3] = [b, s, 8]");
}

TEST_F(OnnxShape, Filled) {
  EXPECT_EQ(
      result(
          "",
          ints("s", "[2, 2]", "2xi64") +
              R"(%f = "onnx.ConstantOfShape"(%s) {value = dense<1> : tensor<1xi64>} : (tensor<2xi64>) -> tensor<f32>
    %r = "onnx.Trilu"(%f, %none) {upper = 0 : i64} : (tensor<f32>, none) -> tensor<f32>)"),
      "[2, 2] = [1, 0, 1, 1]");
  EXPECT_EQ(
      result(
          "",
          ints("a", "2", "i64") + ints("e", "7", "i64") +
              ints("d", "2", "i64") +
              R"(%r = "onnx.Range"(%a, %e, %d) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<f32>)"),
      "[3] = [2, 4, 6]");
  EXPECT_EQ(
      result(
          "",
          ints("i", "[2, -3]", "2xi64") + ints("d", "3", "i64") +
              ints("v", "[5, 9]", "2xi64") +
              R"(%r = "onnx.OneHot"(%i, %d, %v) {axis = -1 : i64} : (tensor<2xi64>, tensor<i64>, tensor<2xi64>) -> tensor<f32>)"),
      "[2, 3] = [5, 5, 9, 9, 5, 5]");
  EXPECT_EQ(
      result(
          "",
          ints("i", "[[1, 2]]", "1x2xi64") + ints("n", "[2, 1]", "2xi64") +
              R"(%r = "onnx.Tile"(%i, %n) : (tensor<1x2xi64>, tensor<2xi64>) -> tensor<f32>)"),
      "[2, 2] = [1, 2, 1, 2]");
}

TEST_F(OnnxShape, Einsum) {
  auto einsum = [&](const std::string &equation) {
    return result(xAndIds, "%r = \"onnx.Einsum\"(%x, %x) {equation = \"" +
                               equation +
                               "\"} : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) "
                               "-> tensor<f32> loc(\"e\")");
  };
  EXPECT_EQ(einsum("bln,bsn->bls"), "[b, s, s]");
  EXPECT_EQ(einsum("...n, ...m"), "[b, s, 8, 8]");
  EXPECT_EQ(einsum("bln,bsn->b->s("),
            "Einsum node 'e': the equation 'bln,bsn->b->s(' is malformed at "
            "'->s('\n");
  EXPECT_EQ(einsum("bl,bsn->b"),
            "Einsum node 'e': the equation 'bl,bsn->b' has 2 labels for "
            "operand 0, whose rank is 3\n");
  EXPECT_EQ(einsum("bln,bsn->bz"),
            "Einsum node 'e': the equation 'bln,bsn->bz' has the label 'z' in "
            "its result but in no operand\n");
}

TEST_F(OnnxShape, Conv) {
  std::string arguments =
      R"(%s: tensor<?x8x?xf32> {onnx.name = "s", onnx.dims = ["b", "8", "k"]}, %w: tensor<8x1x4xf32>, %v: tensor<8x2x4xf32>)";
  EXPECT_EQ(
      result(
          arguments,
          R"(%r = "onnx.Conv"(%s, %w, %none) {group = 8 : i64, pads = array<i64: 3, 0>} : (tensor<?x8x?xf32>, tensor<8x1x4xf32>, none) -> tensor<f32>)"),
      "[b, 8, k]");
  EXPECT_EQ(
      result(
          arguments,
          R"(%r = "onnx.Conv"(%s, %w, %none) {group = 8 : i64} : (tensor<?x8x?xf32>, tensor<8x1x4xf32>, none) -> tensor<f32>)"),
      "[b, 8, k - 3]");
  EXPECT_EQ(shapes->context().symbolInfo(1).lowerBound, 4);
  EXPECT_EQ(
      result(
          arguments,
          R"(%r = "onnx.Conv"(%s, %v, %none) {group = 8 : i64} : (tensor<?x8x?xf32>, tensor<8x2x4xf32>, none) -> tensor<f32> loc("c"))"),
      "Conv node 'c': the channels of the input and group (8) times the "
      "channels of the weight differ: 8 and 16\n");
}

TEST_F(OnnxShape, AttentionWithPast) {
  std::string arguments =
      std::string(xAndIds) +
      R"(, %past: tensor<?x2x?x2xf32> {onnx.name = "past", onnx.dims = ["b", "2", "p", "2"]},
      %mask: tensor<?x1x?x?xf32> {onnx.name = "mask", onnx.dims = ["b", "1", "s", "p + s"]})";
  std::string op =
      R"(%sizes = "onnx.Constant"() {value = dense<4> : tensor<2xi64>} : () -> tensor<2xi64>
    %kv:2 = "onnx.Split"(%x, %sizes) {axis = 2 : i64} : (tensor<?x?x8xf32>, tensor<2xi64>) -> (tensor<f32>, tensor<f32>)
    %r:3 = "onnx.Attention"(%x, %kv#0, %kv#1, %mask, %past, %past, %none) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64} :
      (tensor<?x?x8xf32>, tensor<f32>, tensor<f32>, tensor<?x1x?x?xf32>, tensor<?x2x?x2xf32>, tensor<?x2x?x2xf32>, none)
      -> (tensor<f32>, tensor<f32>, tensor<f32>) loc("a"))";
  EXPECT_EQ(result(arguments, op),
            "[b, s, 8] [b, 2, s + p, 2] [b, 2, s + p, 2]");
  EXPECT_EQ(checks(), "s + p must be equal to input 'mask' dimension 3, where "
                      "s is input 'ids' dimension 1, p is input "
                      "'past' dimension 2 (Attention node 'a': dimension 3 of "
                      "the scores and of the mask must be equal)");
}

TEST_F(OnnxShape, Recurrences) {
  std::string arguments =
      R"(%q: tensor<?x?x32xf32> {onnx.dims = ["b", "s", "32"]}, %v: tensor<?x?x48xf32> {onnx.dims = ["b", "s", "48"]},
      %g: tensor<?x?x8xf32> {onnx.dims = ["b", "s", "8"]}, %c: tensor<?x8x?xf32> {onnx.dims = ["b", "8", "s"]}, %w: tensor<8x1x4xf32>)";
  EXPECT_EQ(
      result(
          arguments,
          R"(%r:2 = "onnx.LinearAttention"(%q, %q, %v, %none, %g, %none) {q_num_heads = 8 : i64, kv_num_heads = 8 : i64, update_rule = "gated"} :
      (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x48xf32>, none, tensor<?x?x8xf32>, none) -> (tensor<f32>, tensor<f32>))"),
      "[b, s, 48] [b, 8, 4, 6]");
  EXPECT_EQ(
      result(
          arguments,
          R"(%r:2 = "onnx.CausalConvWithState"(%c, %w, %none, %none) : (tensor<?x8x?xf32>, tensor<8x1x4xf32>, none, none) -> (tensor<f32>, tensor<f32>))"),
      "[b, 8, s] [b, 8, 3]");
}

TEST_F(OnnxShape, Scan) {
  EXPECT_EQ(
      result(
          xAndIds,
          R"(%init = "onnx.Constant"() {value = dense<0.0> : tensor<8xf32>} : () -> tensor<8xf32>
    %first = "onnx.Transpose"(%x) {perm = array<i64: 1, 0, 2>} : (tensor<?x?x8xf32>) -> tensor<f32>
    %r:2 = "onnx.Scan"(%init, %first) ({
    ^bb0(%state: tensor<8xf32>, %slice: tensor<?x8xf32>):
      %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
      %sum = "onnx.ReduceSum"(%slice, %axis) {keepdims = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<8xf32>
      %next = "onnx.Add"(%state, %sum) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      "onnx.yield"(%next, %slice) : (tensor<8xf32>, tensor<?x8xf32>) -> ()
    }) {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0>, scan_output_axes = array<i64: 1>} : (tensor<8xf32>, tensor<f32>) -> (tensor<f32>, tensor<f32>))"),
      "[8] [b, s, 8]");
}

TEST_F(OnnxShape, DimensionsKnownLater) {
  EXPECT_EQ(
      result(
          "%n: tensor<i64>",
          ints("a", "0", "i64") + ints("d", "1", "i64") +
              R"(%r = "onnx.Range"(%a, %n, %d) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<f32>)"),
      "[d0]");
  auto defined = shapes->definedBy(0);
  ASSERT_TRUE(defined);
  EXPECT_EQ(defined->first, lastOp()->getResult(0));
  EXPECT_FALSE(shapes->context().symbolInfo(0).isInput);
  EXPECT_TRUE(succeeded(jarana::onnx::verifyOp(lastOp())));
}

TEST_F(OnnxShape, VerifierComparesResultTypes) {
  std::string wrong =
      R"(func.func @f(%x: tensor<?x8xf32>) { %r = "onnx.Exp"(%x) : (tensor<?x8xf32>) -> tensor<?x9xf32> return })";
  module = parseSourceString<ModuleOp>(wrong, ParserConfig(&context, false));
  EXPECT_TRUE(failed(jarana::onnx::verifyOp(lastOp())));
  EXPECT_NE(diagnostics.find("result 0 has type 'tensor<?x9xf32>', but the "
                             "operands make it 'tensor<?x8xf32>'"),
            std::string::npos)
      << diagnostics;
}
} // namespace
