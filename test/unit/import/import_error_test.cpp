// Models that must be refused, with one message that names what is wrong.
#include "model_builder.h"

#include <gtest/gtest.h>

using namespace import_test;

static void expectRefused(const Imported &imported, const Names &parts) {
  EXPECT_FALSE(imported.module);
  EXPECT_EQ(imported.messages, 1) << imported.message;
  for (const std::string &part : parts)
    EXPECT_TRUE(imported.says(part))
        << "no '" << part << "' in: " << imported.message;
}

/// A model whose only node is made by `build`.
template <class Build>
static onnx::ModelProto oneNode(const std::string &op, Build build,
                                int64_t opset = 20) {
  onnx::ModelProto model = newModel(opset);
  onnx::NodeProto *node =
      addNode(model.mutable_graph()->mutable_node(), op, {"x"}, {"y"});
  build(node);
  return model;
}

TEST(ImportError, FilesThatAreNoModels) {
  expectRefused(Imported(scratch().path / "nothing.onnx"), {"No such file"});
  expectRefused(Imported(scratch().path.string()), {"not a regular file"});
  expectRefused(Imported(scratch().write("empty.onnx", "")), {"empty"});
  expectRefused(Imported(scratch().write("text.onnx", "this is not a model")),
                {"not an ONNX model"});
  onnx::ModelProto model = newModel();
  model.clear_graph();
  expectRefused(Imported(model), {"no graph"});
}

TEST(ImportError, EveryTruncationIsRefusedOrStillAModel) {
  onnx::ModelProto model = newModel();
  addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8, 8})
      ->set_raw_data(std::string(256, 'w'));
  addNode(model.mutable_graph()->mutable_node(), "MatMul", {"x", "w"}, {"y"});
  std::string whole = model.SerializeAsString();
  for (size_t length = 1; length < whole.size(); length += 7) {
    Imported imported(scratch().write("cut.onnx", whole.substr(0, length)));
    EXPECT_TRUE(imported.module || imported.messages == 1) << length;
  }
}

TEST(ImportError, FlippedBitsNeverCrash) {
  onnx::ModelProto model = newModel();
  addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8, 8})
      ->set_raw_data(std::string(256, 'w'));
  addInt(
      addNode(model.mutable_graph()->mutable_node(), "Softmax", {"x"}, {"s"}),
      "axis", 1);
  addNode(model.mutable_graph()->mutable_node(), "MatMul", {"s", "w"}, {"y"});
  std::string whole = model.SerializeAsString();
  for (size_t bit = 0; bit < whole.size() * 8; bit += 11) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    Imported imported(scratch().write("flipped.onnx", damaged));
    EXPECT_TRUE(imported.module || imported.messages >= 1) << bit;
  }
}

TEST(ImportError, DeepNestingOfGraphs) {
  onnx::ModelProto model = newModel();
  onnx::GraphProto *graph = model.mutable_graph();
  for (int level = 0; level < 40; ++level) {
    onnx::NodeProto *node = addNode(graph->mutable_node(), "If", {"x"}, {"y"});
    graph = add(node, "then_branch", onnx::AttributeProto::GRAPH)->mutable_g();
  }
  expectRefused(Imported(model), {"nested too deeply"});
}

TEST(ImportError, Opsets) {
  onnx::ModelProto model = newModel();
  model.clear_opset_import();
  addNode(model.mutable_graph()->mutable_node(), "Neg", {"x"}, {"y"});
  expectRefused(Imported(model), {"opset_import"});
  expectRefused(
      Imported(oneNode("Neg", [](auto *) {}, 5)), {"opset 5", "7 to 28"});
  expectRefused(
      Imported(oneNode("Celu", [](auto *) {}, 11)), {"opset 11", "opset 12"});
  expectRefused(Imported(oneNode(
                    "Neg", [](auto *node) { node->set_domain("elsewhere"); })),
                {"the_Neg1", "'elsewhere'", "opset_import"});
}

TEST(ImportError, OperatorsAndAttributes) {
  expectRefused(
      Imported(oneNode("SoftMaxx", [](auto *) {})),
      {"the_SoftMaxx1", "SoftMaxx", "ai.onnx", "20", "nearest", "Softmax"});
  expectRefused(Imported(oneNode("RMSNormalization", [](auto *) {})),
                {"RMSNormalization", "opset 20"});
  expectRefused(Imported(oneNode(
                    "Softmax", [](auto *node) { addFloat(node, "axis", 1); })),
                {"the_Softmax1", "'axis'", "FLOAT", "INT"});
  expectRefused(
      Imported(oneNode("Softmax", [](auto *node) { addInt(node, "axes", 1); })),
      {"'axes'", "does not have"});
  expectRefused(Imported(oneNode("Cast", [](auto *) {})),
                {"the_Cast1", "needs the attribute 'to'"});
  expectRefused(
      Imported(oneNode("Cast", [](auto *node) { addInt(node, "to", 8); })),
      {"'to'", "STRING", "not supported"});
  expectRefused(
      Imported(oneNode("Neg", [](auto *node) { node->add_input("x"); })),
      {"2 inputs", "must have 1"});
  expectRefused(
      Imported(oneNode("Add", [](auto *node) { node->add_input(""); })),
      {"input 1", "required"});
  expectRefused(Imported(oneNode("Softmax",
                                 [](auto *node) {
                                   addInt(node, "axis", 1);
                                   addInt(node, "axis", 0);
                                 })),
                {"'axis' twice"});
}

TEST(ImportError, ValuesThatMeanNothing) {
  expectRefused(Imported(oneNode("Gelu",
                                 [](auto *node) {
                                   addString(node, "approximate", "roughly");
                                 })),
                {"the_Gelu1", "'approximate'", "'roughly'", "none tanh"});
  onnx::ModelProto model = newModel();
  addInt64s(model.mutable_graph(), "zeros", {0, 0});
  auto *nodes = model.mutable_graph()->mutable_node();
  addNode(nodes, "Shape", {"x"}, {"s"});
  addNode(nodes, "Div", {"s", "zeros"}, {"t"});
  addNode(nodes, "Reshape", {"x", "t"}, {"y"});
  expectRefused(Imported(model), {"the_Div2", "divided by the constant 0"});
  model = newModel();
  addInt64s(model.mutable_graph(), "huge",
            {int64_t(1) << 31, int64_t(1) << 31, 1, 8});
  addNode(model.mutable_graph()->mutable_node(), "Expand", {"x", "huge"},
          {"y"});
  expectRefused(Imported(model), {"the_Expand1", "overflows"});
}

TEST(ImportError, UnfoldingInMemoryIsLimited) {
  // A graph of ten million empty nodes, two bytes each.
  std::string nodes;
  for (int i = 0; i < 10'000'000; ++i)
    nodes += std::string("\x0a\x00", 2);
  std::string file("\x3a\x80\xda\xc4\x09", 5);
  expectRefused(Imported(scratch().write("many.onnx", file + nodes)),
                {"limit", "fields"});
}

TEST(ImportError, Names) {
  expectRefused(
      Imported(oneNode("Add", [](auto *node) { node->add_input("nobody"); })),
      {"the_Add1", "'nobody'"});
  onnx::ModelProto model = newModel();
  addNode(model.mutable_graph()->mutable_node(), "Add", {"x", "b"}, {"a"});
  addNode(model.mutable_graph()->mutable_node(), "Add", {"x", "a"}, {"b"});
  expectRefused(Imported(model), {"the_Add1", "'b'", "order", "cycle"});
  model = newModel();
  addNode(model.mutable_graph()->mutable_node(), "Neg", {"x"}, {"y"});
  addNode(model.mutable_graph()->mutable_node(), "Abs", {"x"}, {"y"});
  expectRefused(Imported(model), {"the_Abs2", "'y'", "already defined"});
}

TEST(ImportError, InputsAndOutputs) {
  onnx::ModelProto model = oneNode("Neg", [](auto *) {});
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::STRING);
  expectRefused(Imported(model), {"input 'x'", "STRING"});
  model = oneNode("Neg", [](auto *) {});
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->clear_shape();
  expectRefused(Imported(model), {"input 'x'", "rank"});
  model = oneNode("Neg", [](auto *) {});
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(-3);
  expectRefused(Imported(model), {"input 'x'", "-3"});
  model = oneNode("Neg", [](auto *) {});
  model.mutable_graph()
      ->mutable_output(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::INT64);
  expectRefused(Imported(model), {"output 'y'", "INT64"});
}

TEST(ImportError, Tensors) {
  auto withTensor = [](auto change) {
    onnx::ModelProto model = newModel();
    change(
        addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8}));
    addNode(model.mutable_graph()->mutable_node(), "Add", {"x", "w"}, {"y"});
    return model;
  };
  using T = onnx::TensorProto;
  expectRefused(
      Imported(withTensor([](T *t) { t->set_raw_data(std::string(31, 'x')); })),
      {"'w'", "raw_data", "31", "32"});
  expectRefused(Imported(withTensor([](T *t) { t->add_float_data(1); })),
                {"'w'", "float_data", "8 elements"});
  expectRefused(Imported(withTensor([](T *) {})), {"'w'", "0 values"});
  expectRefused(Imported(withTensor([](T *t) { t->set_data_type(99); })),
                {"'w'", "99"});
  expectRefused(Imported(withTensor([](T *t) { t->set_data_type(T::STRING); })),
                {"'w'", "STRING"});
  expectRefused(Imported(withTensor([](T *t) { t->set_dims(0, -1); })),
                {"'w'", "negative"});
  expectRefused(Imported(withTensor([](T *t) {
                  t->set_dims(0, int64_t(1) << 40);
                  t->add_dims(int64_t(1) << 40);
                })),
                {"'w'", "too large"});
}

TEST(ImportError, ExternalData) {
  scratch().write("weights.bin", std::string(64, 'x'));
  std::filesystem::create_symlink("/etc/passwd", scratch().path / "link.bin");
  auto external = [](const Names &entries) {
    onnx::ModelProto model = newModel();
    onnx::TensorProto *tensor =
        addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8});
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    for (size_t i = 0; i < entries.size(); i += 2) {
      auto *entry = tensor->add_external_data();
      entry->set_key(entries[i]);
      entry->set_value(entries[i + 1]);
    }
    addNode(model.mutable_graph()->mutable_node(), "Add", {"x", "w"}, {"y"});
    return model;
  };
  EXPECT_TRUE(
      Imported(external({"location", "weights.bin", "offset", "32"})).module);
  EXPECT_TRUE(Imported(external({"location", "./weights.bin"})).module);
  expectRefused(Imported(external({"location", "/etc/passwd"})),
                {"'w'", "absolute"});
  expectRefused(Imported(external({"location", "../weights.bin"})),
                {"'w'", "outside"});
  expectRefused(Imported(external({"location", "link.bin"})),
                {"'w'", "outside"});
  expectRefused(Imported(external({"location", "."})),
                {"'w'", "not a regular file"});
  expectRefused(Imported(external({"location", "missing.bin"})),
                {"'w'", "missing.bin", "No such file"});
  expectRefused(Imported(external({})), {"'w'", "no location"});
  expectRefused(Imported(external({"location", "weights.bin", "offset", "33"})),
                {"'w'", "offset 33", "beyond"});
  expectRefused(Imported(external({"location", "weights.bin", "offset", "-1"})),
                {"'w'", "offset"});
  expectRefused(Imported(external({"location", "weights.bin", "offset",
                                   "9223372036854775807"})),
                {"'w'", "beyond"});
  expectRefused(Imported(external({"location", "weights.bin", "length", "16"})),
                {"'w'", "length of 16"});
}

/// A model of one weight of 8 floats, of external data.
static onnx::ModelProto externalModel(const std::string &location,
                                      const Names &more = {}) {
  onnx::ModelProto model = newModel();
  onnx::TensorProto *tensor =
      addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8});
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  auto set = [&](const std::string &key, const std::string &value) {
    auto *entry = tensor->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  set("location", location);
  for (size_t i = 0; i < more.size(); i += 2)
    set(more[i], more[i + 1]);
  addNode(model.mutable_graph()->mutable_node(), "Add", {"x", "w"}, {"y"});
  return model;
}

TEST(ImportError, ALengthOfZeroIsNoLength) {
  scratch().write("weights.bin", std::string(64, 'x'));
  EXPECT_TRUE(Imported(externalModel("weights.bin", {"length", "0"})).module);
  expectRefused(
      Imported(externalModel("weights.bin", {"offset", "40", "length", "0"})),
      {"'w'", "beyond"});
}

TEST(ImportError, LinksIntoTheSameCacheAreFollowed) {
  // As huggingface_hub lays files out: links in snapshots/, files in blobs/.
  namespace fs = std::filesystem;
  fs::path cache = scratch().path / "models--a--b",
           snapshot = cache / "snapshots" / "0123";
  fs::create_directories(cache / "blobs");
  fs::create_directories(snapshot / "onnx");
  auto link = [&](const std::string &to, const fs::path &at) {
    fs::remove(at);
    fs::create_symlink(to, at);
  };
  std::string blobs = "models--a--b/blobs/";
  scratch().write(blobs + "X",
                  externalModel("model.onnx_data").SerializeAsString());
  scratch().write(blobs + "Y", std::string(32, 'y'));
  link("../../blobs/X", snapshot / "model.onnx");
  link("../../blobs/Y", snapshot / "model.onnx_data");
  EXPECT_TRUE(Imported((snapshot / "model.onnx").string()).module);
  link("../../../blobs/X", snapshot / "onnx" / "model.onnx");
  link("../../../blobs/Y", snapshot / "onnx" / "model.onnx_data");
  EXPECT_TRUE(Imported((snapshot / "onnx" / "model.onnx").string()).module);
  // Only the data is a link.
  std::string copy =
      scratch().write("models--a--b/snapshots/0123/copy.onnx",
                      externalModel("model.onnx_data").SerializeAsString());
  EXPECT_TRUE(Imported(copy).module);

  scratch().write("secret", std::string(32, 's'));
  link("../../../secret", snapshot / "model.onnx_data");
  expectRefused(Imported((snapshot / "model.onnx").string()),
                {"'w'", "outside the model's folder", "secret"});
  expectRefused(Imported(copy), {"'w'", "outside the model's folder"});
}

TEST(ImportError, ALinkToAModelFindsDataBesideTheModel) {
  namespace fs = std::filesystem;
  fs::create_directories(scratch().path / "real");
  fs::create_directories(scratch().path / "links");
  scratch().write("real/m.onnx", externalModel("m.data").SerializeAsString());
  scratch().write("real/m.data", std::string(32, 'y'));
  scratch().write("elsewhere.data", std::string(32, 'z'));
  fs::path links = scratch().path / "links";
  fs::create_symlink("../real/m.onnx", links / "m.onnx");
  fs::create_symlink("../real/m.data", links / "m.data");
  EXPECT_TRUE(Imported((links / "m.onnx").string()).module);
  fs::remove(links / "m.data");
  fs::create_symlink("../elsewhere.data", links / "m.data");
  expectRefused(Imported((links / "m.onnx").string()), {"'w'", "outside"});
}

TEST(ImportError, RecursiveFunctions) {
  onnx::ModelProto model = newModel();
  addOpset(model, "local", 1);
  for (auto [name, calls] : {std::pair("F", "G"), {"G", "F"}}) {
    onnx::FunctionProto *function = model.add_functions();
    function->set_domain("local");
    function->set_name(name);
    function->add_input("a");
    function->add_output("b");
    addNode(function->mutable_node(), calls, {"a"}, {"b"}, "local");
  }
  addNode(model.mutable_graph()->mutable_node(), "F", {"x"}, {"y"}, "local");
  expectRefused(Imported(model), {"recursive", "local::"});
}
