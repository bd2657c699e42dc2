// Which cuts share one check: those that differ only in numbers that the check
// takes for any.
#include "passes/raise/recognise/CutKey.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "lib/reference/Unknowns.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace jarana::reference;
using namespace jarana::raise::recognise;

namespace {

Tensor floats(Shape shape, std::vector<double> values) {
  Tensor tensor(DType::f32, std::move(shape));
  tensor.reals = std::move(values);
  return tensor;
}

class CutKeyTest : public testing::Test {
protected:
  CutKeyTest() {
    mlir::DialectRegistry registry;
    mlir::hybrid::registerHybridExtensions(registry);
    registry.insert<mlir::onnx::OnnxDialect, mlir::func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  std::optional<std::string> key(const std::string &text, OwnNumbers numbers) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module ? keyOf(*module, numbers) : std::nullopt;
  }

  /// exp(x * constant).
  static std::string constant(const std::string &values) {
    return "func.func private @cut(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
           "  %c = onnx.Constant dense<" +
           values +
           "> : tensor<2x3xf32>\n"
           "  %y = onnx.Mul %x, %c : (tensor<2x3xf32>, tensor<2x3xf32>) -> "
           "tensor<2x3xf32>\n"
           "  return %y : tensor<2x3xf32>\n}\n";
  }
  /// x * weight, twice.
  static std::string weights(const std::string &name, const std::string &one,
                             const std::string &other) {
    return "hybrid.weight @" + name + " : tensor<3xf32> = dense<" + one +
           "> : tensor<3xf32>\n"
           "hybrid.weight @" +
           name + "2 : tensor<3xf32> = dense<" + other +
           "> : tensor<3xf32>\n"
           "func.func private @cut(%x: tensor<3xf32>) -> tensor<3xf32> {\n"
           "  %a = hybrid.load_weight @" +
           name +
           " : tensor<3xf32>\n"
           "  %b = hybrid.load_weight @" +
           name +
           "2 : tensor<3xf32>\n"
           "  %y = onnx.Mul %x, %a : (tensor<3xf32>, tensor<3xf32>) -> "
           "tensor<3xf32>\n"
           "  %z = onnx.Mul %y, %b : (tensor<3xf32>, tensor<3xf32>) -> "
           "tensor<3xf32>\n"
           "  return %z : tensor<3xf32>\n}\n";
  }

  mlir::MLIRContext context;
};

} // namespace

TEST(Unknowns, AreOfSeveralFloats) {
  EXPECT_TRUE(unknownsOf(floats({}, {2.5})).of.empty());
  EXPECT_TRUE(unknownsOf(floats({3}, {1e-5, 1e-5, 1e-5})).of.empty());
  EXPECT_TRUE(unknownsOf(floats({0}, {})).of.empty());
  Tensor indices(DType::i64, {2});
  indices.ints = {3, 4};
  EXPECT_TRUE(unknownsOf(indices).of.empty());
  EXPECT_EQ(unknownsOf(floats({3}, {1, -1, 1})).of,
            (std::vector<int64_t>{0, 1, 2}));
}

TEST(Unknowns, ZerosAndWhatHidesStay) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(unknownsOf(floats({4}, {0, 2, -infinity, -3.4e38})).of,
            (std::vector<int64_t>{-1, 1, -1, -1}));
  EXPECT_TRUE(unknownsOf(floats({2}, {0, -1e30})).of.empty());
  EXPECT_TRUE(unknownsOf(floats({2}, {std::nan(""), 1e-20})).of.empty());
}

TEST(Unknowns, OfWhatWasBroadcastAreFew) {
  EXPECT_EQ(unknownsOf(floats({2, 3}, {5, 5, 5, 7, 7, 7})).of,
            (std::vector<int64_t>{0, 0, 0, 3, 3, 3}));
  EXPECT_EQ(unknownsOf(floats({2, 3}, {5, 6, 7, 5, 6, 7})).of,
            (std::vector<int64_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(unknownsOf(floats({2, 2, 2}, {5, 5, 7, 7, 5, 5, 7, 7})).of,
            (std::vector<int64_t>{0, 0, 2, 2, 0, 0, 2, 2}));
  // Not along a whole axis: by chance.
  EXPECT_EQ(unknownsOf(floats({2, 2}, {5, 5, 7, 8})).of,
            (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(Unknowns, AreDrawnAnewForEachSeed) {
  Tensor tensor = floats({2, 2}, {5, 5, 0, 0});
  ExactTensor first = drawnByPlace(tensor, 1), again = drawnByPlace(tensor, 1),
              second = drawnByPlace(tensor, 2);
  EXPECT_TRUE(first.reals[0] == again.reals[0]);
  EXPECT_TRUE(first.reals[0] == first.reals[1]);
  EXPECT_FALSE(first.reals[0] == second.reals[0]);
  EXPECT_FALSE(first.reals[0] == Exact(5));
  EXPECT_TRUE(first.reals[2] == Exact(0));
}

TEST_F(CutKeyTest, OrdinaryNumbersAreUnknown) {
  std::string one = constant("[[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]]"),
              other = constant("[[7.5, 1.0, 0.5], [0.5, 9.5, 8.5]]");
  EXPECT_EQ(key(one, OwnNumbers::Unknown), key(other, OwnNumbers::Unknown));
  EXPECT_NE(key(one, OwnNumbers::Known), key(other, OwnNumbers::Known));
  EXPECT_NE(key(one, OwnNumbers::Known), key(one, OwnNumbers::Unknown));
}

TEST_F(CutKeyTest, WhereNumbersAreTheSameIsKnown) {
  std::string rows = constant("[[1.5, 1.5, 1.5], [2.5, 2.5, 2.5]]"),
              others = constant("[[0.5, 0.5, 0.5], [0.25, 0.25, 0.25]]"),
              edited = constant("[[0.5, 0.5, 0.5], [0.25, 0.25, 0.75]]"),
              columns = constant("[[1.5, 2.5, 3.5], [1.5, 2.5, 3.5]]");
  auto unknown = [&](const std::string &text) {
    return key(text, OwnNumbers::Unknown);
  };
  EXPECT_EQ(unknown(rows), unknown(others));
  EXPECT_NE(unknown(rows), unknown(edited));
  EXPECT_NE(unknown(rows), unknown(columns));
}

TEST_F(CutKeyTest, ZerosAndSingleNumbersAreKnown) {
  auto unknown = [&](const std::string &values) {
    return key(constant(values), OwnNumbers::Unknown);
  };
  EXPECT_NE(unknown("[[1.5, 2.5, 0.0], [4.5, 5.5, 6.5]]"),
            unknown("[[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]]"));
  EXPECT_NE(unknown("[[1.5, 2.5, -1.0e30], [4.5, 5.5, 6.5]]"),
            unknown("[[1.5, 2.5, -2.0e30], [4.5, 5.5, 6.5]]"));
  EXPECT_FALSE(unknown("1.5"));
  EXPECT_NE(key(constant("1.5"), OwnNumbers::Known),
            key(constant("2.5"), OwnNumbers::Known));
}

TEST_F(CutKeyTest, WeightsAreWhatTheyHold) {
  std::string zeros = "0.0", some = "[1.5, 2.5, 3.5]",
              others = "[4.5, 5.5, 6.5]";
  EXPECT_EQ(key(weights("w", zeros, some), OwnNumbers::Known),
            key(weights("v", zeros, some), OwnNumbers::Known));
  EXPECT_NE(key(weights("w", zeros, some), OwnNumbers::Known),
            key(weights("w", zeros, others), OwnNumbers::Known));
  EXPECT_EQ(key(weights("w", zeros, some), OwnNumbers::Unknown),
            key(weights("v", zeros, others), OwnNumbers::Unknown));
  EXPECT_FALSE(key(weights("w", zeros, zeros), OwnNumbers::Unknown));
  // That both are one is known.
  EXPECT_NE(key(weights("w", some, some), OwnNumbers::Unknown),
            key(weights("w", some, others), OwnNumbers::Unknown));
  EXPECT_EQ(key(weights("w", some, some), OwnNumbers::Unknown),
            key(weights("v", others, others), OwnNumbers::Unknown));
}
