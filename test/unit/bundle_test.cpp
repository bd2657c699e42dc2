// The bundle writer: where weights go, what the files hold, and that failures
// leave nothing behind.
#include "dialects/hybrid/Hybrid.h"
#include "jarana/session.hpp"
#include "lib/bundle/Bundle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "toy/ToyBundle.h"

#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace jarana;
namespace fs = std::filesystem;

namespace {

class BundleTest : public testing::Test {
protected:
  BundleTest() {
    mlir::DialectRegistry registry;
    mlir::hybrid::registerHybridExtensions(registry);
    registry.insert<mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                    mlir::tensor::TensorDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diagnostic) {
          message += diagnostic.str();
          return mlir::success();
        });
  }
  void SetUp() override {
    folder = testing::TempDir() + "jarana_bundle_" +
             testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder);
    fs::create_directories(folder);
    out = folder + "/model.jarana";
  }
  void TearDown() override { fs::remove_all(folder); }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &body,
                                          const std::string &resources = "") {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        "module attributes {hybrid.model_dir = \"" + folder + "\"} {\n" + body +
            "}\n" + resources,
        &context);
    EXPECT_TRUE(module) << message;
    return module;
  }
  /// A function that uses the named weights, so that they are stored.
  static std::string
  uses(const std::vector<std::pair<std::string, std::string>> &weights) {
    std::string text = "func.func @main() {\n";
    for (size_t i = 0; i < weights.size(); ++i)
      text += "%" + std::to_string(i) + " = hybrid.load_weight @\"" +
              weights[i].first + "\" : " + weights[i].second + "\n";
    return text + "return\n}\n";
  }
  mlir::LogicalResult write(mlir::ModuleOp module) {
    auto weights = bundle::layoutWeights(module);
    if (failed(weights))
      return mlir::failure();
    return bundle::writeBundle(module, {toy::manifest(), *weights, {}},
                               toy::readAll(TOY_MODEL), out);
  }
  std::vector<std::string> filesInFolder() {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(folder))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  mlir::MLIRContext context;
  std::string message, folder, out;
};

template <class T> std::vector<T> values(const safetensors::Entry &entry) {
  std::vector<T> result(entry.bytes / sizeof(T));
  std::memcpy(result.data(), entry.data, entry.bytes);
  return result;
}

TEST_F(BundleTest, EveryKindOfWeight) {
  std::vector<float> file(3 + 5 * 37);
  for (size_t i = 0; i < file.size(); ++i)
    file[i] = static_cast<float>(i);
  toy::writeAll(
      folder + "/model.data",
      std::string(reinterpret_cast<char *>(file.data()), file.size() * 4) +
          "\x21\x43\x05");
  auto module = parse(R"(
    hybrid.weight @range : tensor<3xf32> = #hybrid.file_range<"model.data", 0, 12>
    hybrid.weight @matrix : tensor<5x37xf32> = #hybrid.file_range<"model.data", 12, 740>
    hybrid.weight @panels : tensor<3x5x16xf32> = #hybrid.derived<@matrix, panels, 16>
    hybrid.weight @panelsT : tensor<1x37x8xf32> = #hybrid.derived<@matrix, panels_transposed, 8>
    hybrid.weight @splat : tensor<2x3xf32> = dense<0.5> : tensor<2x3xf32>
    hybrid.weight @dense : tensor<3xi64> = dense<[1, -2, 3]> : tensor<3xi64>
    hybrid.weight @flags : tensor<3xi1> = dense<[true, false, true]> : tensor<3xi1>
    hybrid.weight @blob : tensor<2xf32> = dense_resource<b> : tensor<2xf32>
    hybrid.weight @nibbles : tensor<5xi4> = #hybrid.file_range<"model.data", 752, 3>
    hybrid.weight @unused : tensor<3xf32> = #hybrid.file_range<"missing.data", 0, 12>
  )" + uses({{"range", "tensor<3xf32>"},
             {"panels", "tensor<3x5x16xf32>"},
             {"panelsT", "tensor<1x37x8xf32>"},
             {"splat", "tensor<2x3xf32>"},
             {"dense", "tensor<3xi64>"},
             {"flags", "tensor<3xi1>"},
             {"blob", "tensor<2xf32>"},
             {"nibbles", "tensor<5xi4>"}}),
                      R"(
    {-# dialect_resources: { builtin: { b: "0x040000000000803F00000040" } } #-}
  )");
  ASSERT_TRUE(mlir::succeeded(write(*module))) << message;
  EXPECT_EQ(filesInFolder(),
            (std::vector<std::string>{"model.data", "model.jarana"}));

  Bundle opened(out, JARANA_VERIFY_WEIGHTS);
  auto weights = safetensors::File::open(out + "/weights.safetensors");
  EXPECT_EQ(weights->entries().count("matrix"), 0u);
  EXPECT_EQ(weights->entries().count("unused"), 0u);
  for (const auto &[name, entry] : weights->entries())
    if (name.rfind("__padding", 0) != 0) {
      EXPECT_EQ((entry.data - weights->base()) % 64, 0) << name;
    }
  EXPECT_EQ(values<float>(weights->at("range")), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(values<float>(weights->at("splat")), std::vector<float>(6, 0.5f));
  EXPECT_EQ(values<int64_t>(weights->at("dense")),
            (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ(values<int8_t>(weights->at("flags")),
            (std::vector<int8_t>{1, 0, 1}));
  EXPECT_EQ(values<float>(weights->at("blob")), (std::vector<float>{1, 2}));
  EXPECT_EQ(values<int8_t>(weights->at("nibbles")),
            (std::vector<int8_t>{1, 2, 3, 4, 5}));
  std::vector<float> panels = values<float>(weights->at("panels")),
                     panelsT = values<float>(weights->at("panelsT"));
  for (int q = 0; q < 3; ++q)
    for (int i = 0; i < 5; ++i)
      for (int j = 0; j < 16; ++j)
        EXPECT_EQ(panels[(q * 5 + i) * 16 + j],
                  q * 16 + j < 37 ? file[3 + i * 37 + q * 16 + j] : 0);
  for (int i = 0; i < 37; ++i)
    for (int j = 0; j < 8; ++j)
      EXPECT_EQ(panelsT[i * 8 + j], j < 5 ? file[3 + j * 37 + i] : 0);
}

TEST_F(BundleTest, StoredInAnotherForm) {
  // The matrix [[1, -2], [3, 4], [-5, 6]] of four bits, and 1 and -448.
  toy::writeAll(folder + "/w", "\xe1\x43\x6b\x38\xfe");
  auto module = parse(R"(
    hybrid.weight @wide : tensor<3x2xi8> = #hybrid.repacked<<"w", 0, 3>, tensor<3x2xi4>, widened, 1>
    hybrid.weight @plain : tensor<3x2xi8> = #hybrid.repacked<<"w", 0, 3>, tensor<3x2xui4>, widened, 1>
    hybrid.weight @half : tensor<2xf16> = #hybrid.repacked<<"w", 3, 2>, tensor<2xf8E4M3FN>, widened, 1>
    hybrid.weight @codes : tensor<2x2x1xi8> = #hybrid.repacked<<"w", 0, 3>, tensor<3x2xi4>, codes, 2>
    hybrid.weight @codesT : tensor<3x1x1xi8> = #hybrid.repacked<<"w", 0, 3>, tensor<3x2xui4>, codes_transposed, 2>
    hybrid.weight @turned : tensor<2x1xi8> = #hybrid.repacked<<"w", 0, 2>, tensor<1x2xi8>, transposed, 1>
    hybrid.weight @panels : tensor<1x3x4xi8> = #hybrid.derived<@wide, panels, 4>
  )" + uses({{"wide", "tensor<3x2xi8>"},
             {"plain", "tensor<3x2xi8>"},
             {"half", "tensor<2xf16>"},
             {"codes", "tensor<2x2x1xi8>"},
             {"codesT", "tensor<3x1x1xi8>"},
             {"turned", "tensor<2x1xi8>"},
             {"panels", "tensor<1x3x4xi8>"}}));
  ASSERT_TRUE(mlir::succeeded(write(*module))) << message;
  auto weights = safetensors::File::open(out + "/weights.safetensors");
  auto bytes = [&](const char *name) {
    return values<uint8_t>(weights->at(name));
  };
  using Bytes = std::vector<uint8_t>;
  EXPECT_EQ(bytes("wide"), (Bytes{1, 0xfe, 3, 4, 0xfb, 6}));
  EXPECT_EQ(bytes("plain"), (Bytes{1, 14, 3, 4, 11, 6}));
  EXPECT_EQ(values<uint16_t>(weights->at("half")),
            (std::vector<uint16_t>{0x3c00, 0xdf00}));
  // Moved up by 8, two of a column in a byte, the third alone.
  EXPECT_EQ(bytes("codes"), (Bytes{0xb9, 0x03, 0xc6, 0x0e}));
  EXPECT_EQ(bytes("codesT"), (Bytes{0xe1, 0x43, 0x6b}));
  EXPECT_EQ(bytes("turned"), (Bytes{0xe1, 0x43}));
  EXPECT_EQ(bytes("panels"), (Bytes{1, 0xfe, 0, 0, 3, 4, 0, 0, 0xfb, 6, 0, 0}));
}

TEST_F(BundleTest, ManyPanels) {
  // More than fit into one step of the packing.
  const int k = 3, n = 3001;
  std::vector<float> file(k * n);
  for (size_t i = 0; i < file.size(); ++i)
    file[i] = static_cast<float>(i);
  toy::writeAll(
      folder + "/w",
      std::string(reinterpret_cast<char *>(file.data()), file.size() * 4));
  auto module = parse(R"(
    hybrid.weight @m : tensor<3x3001xf32> = #hybrid.file_range<"w", 0, 36012>
    hybrid.weight @p : tensor<188x3x16xf32> = #hybrid.derived<@m, panels, 16>
  )" + uses({{"p", "tensor<188x3x16xf32>"}}));
  ASSERT_TRUE(mlir::succeeded(write(*module))) << message;
  auto weights = safetensors::File::open(out + "/weights.safetensors");
  std::vector<float> panels = values<float>(weights->at("p"));
  for (int c = 0; c < 3008; ++c)
    for (int i = 0; i < k; ++i)
      ASSERT_EQ(panels[(c / 16 * k + i) * 16 + c % 16],
                c < n ? file[i * n + c] : 0)
          << c;
}

TEST_F(BundleTest, Work) {
  auto module = parse(R"(
    hybrid.weight @w : tensor<4x6xf32> = dense<1.0> : tensor<4x6xf32>
    hybrid.weight @t : tensor<6x4xf32> = dense<1.0> : tensor<6x4xf32>
    hybrid.weight @embedding : tensor<9x4xf32> = dense<1.0> : tensor<9x4xf32>
    func.func @main(%x: tensor<?x4xf32>, %o: tensor<?x6xf32>, %i: index) -> (tensor<?x6xf32>, f32) {
      %e = hybrid.load_weight @embedding : tensor<9x4xf32>
      %v = tensor.extract %e[%i, %i] : tensor<9x4xf32>
      %w = hybrid.load_weight @w : tensor<4x6xf32>
      %y = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x6xf32>) outs(%o : tensor<?x6xf32>) -> tensor<?x6xf32>
      %t = hybrid.load_weight @t : tensor<6x4xf32>
      %s = tensor.empty() : tensor<4x6xf32>
      %u = linalg.transpose ins(%t : tensor<6x4xf32>) outs(%s : tensor<4x6xf32>) permutation = [1, 0]
      %z = linalg.matmul ins(%x, %u : tensor<?x4xf32>, tensor<4x6xf32>) outs(%y : tensor<?x6xf32>) -> tensor<?x6xf32>
      return %z, %v : tensor<?x6xf32>, f32
    })");
  bundle::Manifest manifest;
  bundle::estimateWork(*module, manifest);
  EXPECT_EQ(manifest.flopsPerToken, 2u * 24 * 2);
  EXPECT_EQ(manifest.weightBytesPerToken, 2u * 96);
}

TEST_F(BundleTest, ReplacesBundlesOnly) {
  auto module =
      parse("hybrid.weight @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>\n" +
            uses({{"w", "tensor<2xf32>"}}));
  ASSERT_TRUE(mlir::succeeded(write(*module))) << message;
  toy::writeAll(out + "/weights.safetensors", "damaged");
  out += "/"; // as shells complete it
  ASSERT_TRUE(mlir::succeeded(write(*module))) << message;
  Bundle opened(out);
  EXPECT_EQ(filesInFolder(), std::vector<std::string>{"model.jarana"});

  toy::writeAll(out + "/notes.txt", "mine");
  EXPECT_TRUE(mlir::failed(write(*module)));
  EXPECT_NE(message.find("'notes.txt'"), std::string::npos) << message;
  EXPECT_EQ(toy::readAll(out + "/notes.txt"), "mine");
  message.clear();
  out = folder + "/file";
  toy::writeAll(out, "mine");
  EXPECT_TRUE(mlir::failed(write(*module)));
  EXPECT_NE(message.find("is not a bundle"), std::string::npos) << message;
  EXPECT_EQ(toy::readAll(out), "mine");
}

TEST_F(BundleTest, FailuresLeaveNothing) {
  auto module = parse("hybrid.weight @w : tensor<1000000xf32> = dense<1.0> : "
                      "tensor<1000000xf32>\n" +
                      uses({{"w", "tensor<1000000xf32>"}}));
  // A full disk looks like this, but for the words.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = 1 << 20;
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_TRUE(mlir::failed(write(*module)));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_NE(message.find("cannot write '" + out + "/weights.safetensors'"),
            std::string::npos)
      << message;
  EXPECT_EQ(filesInFolder(), std::vector<std::string>{});

  struct Case {
    const char *weight, *expected;
  } cases[] = {
      {R"(hybrid.weight @w : tensor<3xf32> = #hybrid.file_range<"missing.data", 0, 12>)",
       "missing.data"},
      {R"(hybrid.weight @w : tensor<3xf32> = #hybrid.file_range<"short.data", 4, 12>)",
       "truncated"},
      {R"(hybrid.weight @w : tensor<3xf32> = #hybrid.file_range<"short.data", 9223372036854775000, 12>)",
       "truncated"},
  };
  toy::writeAll(folder + "/short.data", "0123456789");
  for (const Case &c : cases) {
    message.clear();
    auto bad = parse(c.weight + uses({{"w", "tensor<3xf32>"}}));
    EXPECT_TRUE(mlir::failed(write(*bad)));
    EXPECT_NE(message.find(c.expected), std::string::npos) << message;
    EXPECT_EQ(filesInFolder(), std::vector<std::string>{"short.data"});
  }
  message.clear();
  out = folder + "/missing/model.jarana";
  EXPECT_TRUE(mlir::failed(write(*module)));
  EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
}

} // namespace
