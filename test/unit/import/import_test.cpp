// What importing small models gives: signatures, weights, upgraded operators,
// control flow.
#include "model_builder.h"

#include <gtest/gtest.h>

using namespace import_test;

TEST(Import, SignatureNamesAndDims) {
  onnx::ModelProto model = newModel();
  addValue(model.mutable_graph()->mutable_input(), "ids",
           onnx::TensorProto::INT64, {"batch", ""});
  addNode(model.mutable_graph()->mutable_node(), "Neg", {"x"}, {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has(
      "tensor<?x8xf32> {onnx.dims = [\"batch\", \"8\"], onnx.name = \"x\"}"))
      << imported.text;
  EXPECT_TRUE(imported.has("tensor<?x?xi64> {onnx.dims = [\"batch\", "
                           "\"ids.1\"], onnx.name = \"ids\"}"))
      << imported.text;
  EXPECT_TRUE(imported.has("-> (tensor<?x8xf32> {onnx.name = \"y\"})"))
      << imported.text;
  bool located = false;
  imported.module->walk([&](mlir::Operation *op) {
    if (op->getName().getStringRef() == "onnx.Neg")
      located = mlir::cast<mlir::NameLoc>(op->getLoc()).getName() == "the_Neg1";
  });
  EXPECT_TRUE(located);
}

TEST(Import, BindFixesDimensions) {
  onnx::ModelProto model = newModel();
  addNode(model.mutable_graph()->mutable_node(), "Neg", {"x"}, {"y"});
  jarana::onnx::ImportOptions options;
  options.bind["batch"] = "3";
  EXPECT_TRUE(Imported(model, options)
                  .has("tensor<3x8xf32> {onnx.dims = [\"3\", \"8\"]"));
  options.bind = {{"bath", "3"}};
  Imported wrong(model, options);
  EXPECT_FALSE(wrong.module);
  EXPECT_TRUE(wrong.says("'bath'") && wrong.says("'batch'")) << wrong.message;
}

TEST(Import, LargeRawDataStaysInTheFile) {
  onnx::ModelProto model = newModel();
  std::string bytes(8 * 64 * 4, '\0');
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i * 7);
  addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8, 64})
      ->set_raw_data(bytes);
  addTensor(model.mutable_graph(), "v", onnx::TensorProto::FLOAT, {64, 8})
      ->set_raw_data(bytes);
  addNode(model.mutable_graph()->mutable_node(), "MatMul", {"x", "w"}, {"h"});
  addNode(model.mutable_graph()->mutable_node(), "MatMul", {"h", "v"}, {"y"});
  std::string file = model.SerializeAsString();
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  size_t offset = file.find(bytes);
  EXPECT_TRUE(imported.has("hybrid.weight @w : tensor<8x64xf32> = "
                           "#hybrid.file_range<\"model.onnx\", " +
                           std::to_string(offset) + ", 2048>"))
      << imported.text;
  offset = file.find(bytes, offset + 1);
  EXPECT_TRUE(
      imported.has("\"model.onnx\", " + std::to_string(offset) + ", 2048>"))
      << imported.text;
  EXPECT_TRUE(imported.has("hybrid.load_weight @w : tensor<8x64xf32>"));
}

TEST(Import, ExternalDataIsARange) {
  onnx::ModelProto model = newModel();
  onnx::TensorProto *tensor =
      addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {16, 8});
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  for (auto [key, value] :
       {std::pair("location", "w.bin"), {"offset", "64"}, {"length", "512"}}) {
    auto *entry = tensor->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  scratch().write("w.bin", std::string(576, 'x'));
  addNode(model.mutable_graph()->mutable_node(), "Gemm", {"x", "w"}, {"h"});
  addInt(model.mutable_graph()->mutable_node(0), "transB", 1);
  addNode(model.mutable_graph()->mutable_node(), "MatMul", {"h", "w"}, {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("#hybrid.file_range<\"w.bin\", 64, 512>"))
      << imported.text;
}

TEST(Import, TypedFieldsOfEveryType) {
  onnx::ModelProto model = newModel();
  onnx::GraphProto *graph = model.mutable_graph();
  auto emit = [&](int type, const std::string &name, auto set,
                  bool signature = true) {
    set(addTensor(graph, name, type, {2}));
    addNode(graph->mutable_node(), "Identity", {name}, {name + "_out"});
    addValue(graph->mutable_output(), name + "_out", type, {"2"});
  };
  using T = onnx::TensorProto;
  emit(T::INT32, "i32",
       [](T *t) { t->add_int32_data(-5), t->add_int32_data(7); });
  emit(T::INT8, "i8",
       [](T *t) { t->add_int32_data(-5), t->add_int32_data(7); });
  emit(T::UINT8, "u8",
       [](T *t) { t->add_int32_data(250), t->add_int32_data(7); });
  emit(T::BOOL, "b", [](T *t) { t->add_int32_data(1), t->add_int32_data(0); });
  emit(T::FLOAT16, "f16",
       [](T *t) { t->add_int32_data(0x3c00), t->add_int32_data(0xc000); });
  emit(T::BFLOAT16, "bf16",
       [](T *t) { t->add_int32_data(0x3f80), t->add_int32_data(0xc000); });
  emit(T::DOUBLE, "f64",
       [](T *t) { t->add_double_data(0.5), t->add_double_data(2); });
  emit(T::UINT64, "u64",
       [](T *t) { t->add_uint64_data(1ull << 63), t->add_uint64_data(2); });
  addNode(graph->mutable_node(), "Neg", {"x"}, {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  for (const char *expected :
       {"dense<[-5, 7]> : tensor<2xi32>", "dense<[-5, 7]> : tensor<2xi8>",
        "dense<[250, 7]> : tensor<2xui8>",
        "dense<[true, false]> : tensor<2xi1>",
        "dense<[1.000000e+00, -2.000000e+00]> : tensor<2xf16>",
        "dense<[1.000000e+00, -2.000000e+00]> : tensor<2xbf16>",
        "dense<[5.000000e-01, 2.000000e+00]> : tensor<2xf64>",
        "dense<[9223372036854775808, 2]> : tensor<2xui64>"})
    EXPECT_TRUE(imported.has(expected)) << expected << "\n" << imported.text;
}

TEST(Import, OldSpellingsBecomeTheNewest) {
  onnx::ModelProto model = newModel(13);
  auto *nodes = model.mutable_graph()->mutable_node();
  addInts(addNode(nodes, "ReduceMean", {"x"}, {"mean"}), "axes", {1});
  addInt(addNode(nodes, "Split", {"x"}, {"left", "right"}), "axis", 1);
  addNode(nodes, "Concat", {"right", "left"}, {"swapped"});
  addInt(nodes->Mutable(2), "axis", 1);
  addNode(nodes, "Dropout", {"swapped"}, {"kept"});
  addNode(nodes, "Identity", {"kept"}, {"same"});
  addNode(nodes, "Sub", {"same", "mean"}, {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(
      imported.has("onnx.ReduceMean %arg0, %") &&
      imported.has("(tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>"))
      << imported.text;
  EXPECT_TRUE(imported.has("num_outputs = 2 : i64")) << imported.text;
  EXPECT_FALSE(imported.has("onnx.Dropout") || imported.has("onnx.Identity"))
      << imported.text;
}

TEST(Import, CastLikeIsCastAndDefaultsAreSet) {
  onnx::ModelProto model = newModel(24);
  auto *nodes = model.mutable_graph()->mutable_node();
  onnx::TensorProto *half =
      addTensor(model.mutable_graph(), "half", onnx::TensorProto::FLOAT16, {});
  half->add_int32_data(0);
  addNode(nodes, "CastLike", {"x", "half"}, {"h"});
  addNode(nodes, "CastLike", {"h", "x"}, {"f"});
  addNode(nodes, "Transpose", {"f"}, {"t"});
  addNode(nodes, "Transpose", {"t"}, {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has(
      "onnx.Cast %arg0 {to = f16} : (tensor<?x8xf32>) -> tensor<?x8xf16>"))
      << imported.text;
  EXPECT_TRUE(imported.has("perm = array<i64: 1, 0>")) << imported.text;
}

TEST(Import, ShapeArithmeticOfNumbersFolds) {
  onnx::ModelProto model = newModel();
  auto *nodes = model.mutable_graph()->mutable_node();
  addInt(addNode(nodes, "Shape", {"x"}, {"width"}), "start", 1);
  addInts(addNode(nodes, "Constant", {}, {"rows"}), "value_ints", {-1});
  addInt(addNode(nodes, "Concat", {"rows", "width"}, {"shape"}), "axis", 0);
  addNode(nodes, "Reshape", {"x", "shape"}, {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.Constant dense<[-1, 8]> : tensor<2xi64>"))
      << imported.text;
}

TEST(Import, SequencesOfKnownSplits) {
  onnx::ModelProto model = newModel();
  auto *nodes = model.mutable_graph()->mutable_node();
  addInt64s(model.mutable_graph(), "sizes", {3, 5});
  addInt(addNode(nodes, "SplitToSequence", {"x", "sizes"}, {"parts"}), "axis",
         1);
  addInt(addNode(nodes, "Constant", {}, {"last"}), "value_int", -1);
  addInt(addNode(nodes, "Constant", {}, {"first"}), "value_int", 0);
  addNode(nodes, "SequenceAt", {"parts", "last"}, {"b"});
  addNode(nodes, "SequenceAt", {"parts", "first"}, {"a"});
  addInt(addNode(nodes, "Concat", {"b", "a"}, {"y"}), "axis", 1);
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("-> (tensor<?x3xf32>, tensor<?x5xf32>)"))
      << imported.text;
}

/// If(condition) with Neg(x) and Abs(x).
static onnx::ModelProto conditional(const std::string &condition) {
  onnx::ModelProto model = newModel();
  onnx::NodeProto *node =
      addNode(model.mutable_graph()->mutable_node(), "If", {condition}, {"y"});
  for (auto [branch, op] :
       {std::pair("then_branch", "Neg"), {"else_branch", "Abs"}}) {
    onnx::GraphProto *graph =
        add(node, branch, onnx::AttributeProto::GRAPH)->mutable_g();
    addNode(graph->mutable_node(), op, {"x"}, {"taken"});
    addValue(graph->mutable_output(), "taken", onnx::TensorProto::FLOAT,
             {"batch", "8"});
  }
  return model;
}

TEST(Import, IfWithAKnownConditionIsItsBranch) {
  onnx::ModelProto model = conditional("c");
  addTensor(model.mutable_graph(), "c", onnx::TensorProto::BOOL, {})
      ->add_int32_data(0);
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.Abs") && !imported.has("onnx.Neg"))
      << imported.text;
}

TEST(Import, IfWithAnUnknownConditionHasRegions) {
  onnx::ModelProto model = conditional("c");
  addValue(model.mutable_graph()->mutable_input(), "c", onnx::TensorProto::BOOL,
           {});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.If") && imported.has("onnx.Abs") &&
              imported.has("onnx.Neg"))
      << imported.text;
}

/// Loop(count, condition, x) that negates x.
static onnx::ModelProto loop(const std::string &count,
                             const std::string &condition) {
  onnx::ModelProto model = newModel();
  onnx::NodeProto *node = addNode(model.mutable_graph()->mutable_node(), "Loop",
                                  {count, condition, "x"}, {"y"});
  onnx::GraphProto *body =
      add(node, "body", onnx::AttributeProto::GRAPH)->mutable_g();
  addValue(body->mutable_input(), "i", onnx::TensorProto::INT64, {});
  addValue(body->mutable_input(), "c_in", onnx::TensorProto::BOOL, {});
  addValue(body->mutable_input(), "h_in", onnx::TensorProto::FLOAT, {});
  addNode(body->mutable_node(), "Neg", {"h_in"}, {"h_out"});
  addValue(body->mutable_output(), "c_in", onnx::TensorProto::BOOL, {});
  addValue(body->mutable_output(), "h_out", onnx::TensorProto::FLOAT, {});
  return model;
}

TEST(Import, LoopWithAKnownCountIsItsIterations) {
  onnx::ModelProto model = loop("n", "");
  addTensor(model.mutable_graph(), "n", onnx::TensorProto::INT64, {})
      ->add_int64_data(3);
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_FALSE(imported.has("onnx.Loop") || imported.has("onnx.Scan"))
      << imported.text;
  size_t count = 0;
  for (size_t at = 0;
       (at = imported.text.find("onnx.Neg", at)) != std::string::npos; ++at)
    ++count;
  EXPECT_EQ(count, 3U) << imported.text;
}

TEST(Import, LoopWithACountOfAnInputHasARegion) {
  onnx::ModelProto model = loop("n", "");
  addValue(model.mutable_graph()->mutable_input(), "n",
           onnx::TensorProto::INT64, {});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.Loop")) << imported.text;
}

TEST(Import, ScanHasARegion) {
  onnx::ModelProto model = newModel();
  addTensor(model.mutable_graph(), "zero", onnx::TensorProto::FLOAT, {8})
      ->set_raw_data(std::string(32, '\0'));
  onnx::NodeProto *node = addNode(model.mutable_graph()->mutable_node(), "Scan",
                                  {"zero", "x"}, {"last", "y"});
  addInt(node, "num_scan_inputs", 1);
  onnx::GraphProto *body =
      add(node, "body", onnx::AttributeProto::GRAPH)->mutable_g();
  addValue(body->mutable_input(), "sum", onnx::TensorProto::FLOAT, {"8"});
  addValue(body->mutable_input(), "row", onnx::TensorProto::FLOAT, {"8"});
  addNode(body->mutable_node(), "Add", {"sum", "row"}, {"next"});
  addNode(body->mutable_node(), "Identity", {"next"}, {"out"});
  addValue(body->mutable_output(), "next", onnx::TensorProto::FLOAT, {"8"});
  addValue(body->mutable_output(), "out", onnx::TensorProto::FLOAT, {"8"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has(
      "(tensor<8xf32>, tensor<?x8xf32>) -> (tensor<8xf32>, tensor<?x8xf32>)"))
      << imported.text;
  EXPECT_TRUE(imported.has("onnx.yield")) << imported.text;
}

TEST(Import, MicrosoftOperatorsThatAiOnnxHas) {
  onnx::ModelProto model = newModel();
  addOpset(model, "com.microsoft", 1);
  onnx::GraphProto *graph = model.mutable_graph();
  addValue(graph->mutable_input(), "q", onnx::TensorProto::FLOAT,
           {"batch", "s", "16"});
  addValue(graph->mutable_input(), "p", onnx::TensorProto::INT64,
           {"batch", "s"});
  addTensor(graph, "cos", onnx::TensorProto::FLOAT, {32, 4})
      ->set_raw_data(std::string(512, '\0'));
  addNode(graph->mutable_node(), "RotaryEmbedding", {"q", "p", "cos", "cos"},
          {"rotated"}, "com.microsoft");
  addValue(graph->mutable_output(), "rotated", onnx::TensorProto::FLOAT,
           {"batch", "s", "16"});
  addTensor(graph, "g", onnx::TensorProto::FLOAT, {8})
      ->set_raw_data(std::string(32, '\0'));
  addNode(graph->mutable_node(), "SimplifiedLayerNormalization", {"x", "g"},
          {"y"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  // X, cos, sin, position_ids; the width of the tables says how many heads
  // there are.
  EXPECT_TRUE(imported.has("num_heads = 2 : i64") &&
              imported.has("(tensor<?x?x16xf32>, tensor<32x4xf32>, "
                           "tensor<32x4xf32>, tensor<?x?xi64>)"))
      << imported.text;
  EXPECT_TRUE(imported.has("onnx.RMSNormalization")) << imported.text;
}
