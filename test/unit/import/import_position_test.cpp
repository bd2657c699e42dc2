// Where imported nodes say that they come from.
#include "dialects/hybrid/HybridDialect.h"
#include "lib/onnx/SourcePosition.h"
#include "model_builder.h"

#include <gtest/gtest.h>

using namespace import_test;
using jarana::onnx::sourcePosition;

TEST(SourcePosition, PythonTracesHaveTheInnermostFrameLast) {
  EXPECT_EQ(sourcePosition("File \"/a/b/run.py\", line 3, in <module>\n"
                           "    model(x)\n"
                           "  File \"/b/modeling_bamba.py\", line 614, in "
                           "forward\n    return x.cumsum(-1)\n"),
            "modeling_bamba.py:614");
}

TEST(SourcePosition, TorchScriptTracesHaveItFirst) {
  EXPECT_EQ(sourcePosition("C:\\models\\norm.py(12): forward\n"
                           "/b/model.py(90): forward\n"),
            "norm.py:12");
}

TEST(SourcePosition, PyTorchsOwnFramesComeLast) {
  EXPECT_EQ(sourcePosition("  File \"/b/model.py\", line 9, in forward\n"
                           "  File \"/c/torch/nn/linear.py\", line 7, in f\n"),
            "model.py:9");
  EXPECT_EQ(sourcePosition("/c/torch/nn/linear.py(7): f\n"
                           "/b/model.py(9): forward\n"),
            "model.py:9");
  EXPECT_EQ(sourcePosition("/c/torch/nn/linear.py(7): f\n"), "linear.py:7");
}

TEST(SourcePosition, OtherTextIsNone) {
  for (const char *text :
       {"", "The sum of a and b.", "File \"<eval_with_key>.57\", line 9, in f",
        "File \"x.py\", line , in f", "x.py(9999999999999): f", "x.py(1",
        "File \"x.py", "a b.py(1): f", "(((((1): ): ): "})
    EXPECT_EQ(sourcePosition(text), "") << text;
}

namespace {
std::string positionOf(Imported &imported, llvm::StringRef op) {
  std::string position = "no such op";
  imported.module->walk([&](mlir::Operation *each) {
    if (each->getName().stripDialect() == op)
      position = mlir::hybrid::nodePosition(each->getLoc());
  });
  return position;
}
} // namespace

TEST(Position, NumbersOfNodesAndLinesOfTheSource) {
  onnx::ModelProto model = newModel();
  auto *nodes = model.mutable_graph()->mutable_node();
  addNode(nodes, "Neg", {"x"}, {"h"});
  auto *entry = addNode(nodes, "Abs", {"h"}, {"g"})->add_metadata_props();
  entry->set_key("pkg.torch.onnx.stack_trace");
  entry->set_value("File \"/b/model.py\", line 9, in forward");
  onnx::NodeProto *documented = addNode(nodes, "Exp", {"g"}, {"y"});
  documented->set_doc_string("/b/old.py(3): forward\n");
  entry = documented->add_metadata_props();
  entry->set_key("another");
  entry->set_value("File \"/b/other.py\", line 9, in forward");
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  std::string neg = positionOf(imported, "Neg"),
              file = neg.substr(0, neg.find(": node"));
  EXPECT_EQ(neg, file + ": node 0");
  EXPECT_TRUE(llvm::StringRef(file).ends_with(".onnx")) << file;
  EXPECT_EQ(positionOf(imported, "Abs"), "model.py:9, " + file + ": node 1");
  EXPECT_EQ(positionOf(imported, "Exp"), "old.py:3, " + file + ": node 2");
}

TEST(Position, DamagedMetadataIsNoReasonToRefuse) {
  onnx::ModelProto model = newModel();
  onnx::NodeProto *node =
      addNode(model.mutable_graph()->mutable_node(), "Neg", {"x"}, {"y"});
  auto *entry = node->add_metadata_props();
  entry->set_key("pkg.torch.onnx.stack_trace");
  entry->set_value("File \"/b/\xff\xfe.py\", line 9, in forward");
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(
      llvm::StringRef(positionOf(imported, "Neg")).ends_with("onnx: node 0"));
  // A length beyond the end, a field that is none, half a varint.
  for (std::string_view damaged :
       {std::string_view("\x0a\x7fx"), std::string_view("\x1a\x01x"),
        std::string_view("\x0a\xff"), std::string_view("\x08")})
    EXPECT_FALSE(jarana::onnx::stackTraceOf(damaged));
}

TEST(Position, NodesOfABodyAreCountedInIt) {
  onnx::ModelProto model = newModel();
  auto *nodes = model.mutable_graph()->mutable_node();
  addNode(nodes, "Neg", {"x"}, {"h"});
  onnx::NodeProto *scan = addNode(nodes, "Scan", {"h"}, {"y"});
  addInt(scan, "num_scan_inputs", 1);
  onnx::GraphProto *body =
      add(scan, "body", onnx::AttributeProto::GRAPH)->mutable_g();
  addValue(body->mutable_input(), "row", onnx::TensorProto::FLOAT, {"8"});
  addNode(body->mutable_node(), "Abs", {"row"}, {"a"});
  addNode(body->mutable_node(), "Exp", {"a"}, {"out"});
  addValue(body->mutable_output(), "out", onnx::TensorProto::FLOAT, {"8"});
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(llvm::StringRef(positionOf(imported, "Exp"))
                  .ends_with(".onnx: node 1, node 1"))
      << positionOf(imported, "Exp");
}
