// Model-local functions: inlining, attributes, and which of them are operators.
#include "model_builder.h"

#include <gtest/gtest.h>

using namespace import_test;

static onnx::FunctionProto *
addFunction(onnx::ModelProto &model, const std::string &domain,
            const std::string &name, const Names &inputs, const Names &outputs,
            int64_t opset = 20) {
  onnx::FunctionProto *function = model.add_functions();
  function->set_domain(domain);
  function->set_name(name);
  for (const std::string &input : inputs)
    function->add_input(input);
  for (const std::string &output : outputs)
    function->add_output(output);
  auto *import = function->add_opset_import();
  import->set_version(opset);
  auto *own = function->add_opset_import();
  own->set_domain(domain);
  own->set_version(1);
  return function;
}

/// local::Scaled(a; factor = 2) = LeakyRelu(a; alpha = factor), called by
/// local::Twice.
static onnx::ModelProto nested() {
  onnx::ModelProto model = newModel();
  addOpset(model, "local", 1);
  onnx::FunctionProto *scaled =
      addFunction(model, "local", "Scaled", {"a"}, {"b"});
  auto *factor = scaled->add_attribute_proto();
  factor->set_name("factor");
  factor->set_type(onnx::AttributeProto::FLOAT);
  factor->set_f(2);
  addRef(addNode(scaled->mutable_node(), "LeakyRelu", {"a"}, {"b"}), "alpha",
         onnx::AttributeProto::FLOAT, "factor");
  onnx::FunctionProto *twice =
      addFunction(model, "local", "Twice", {"a", "unused"}, {"c"});
  twice->add_attribute("how");
  addNode(twice->mutable_node(), "Scaled", {"a"}, {"b"}, "local");
  addRef(addNode(twice->mutable_node(), "Scaled", {"b"}, {"c"}, "local"),
         "factor", onnx::AttributeProto::FLOAT, "how");
  return model;
}

TEST(ImportFunction, NestedWithReferredAndDefaultAttributes) {
  onnx::ModelProto model = nested();
  addFloat(addNode(model.mutable_graph()->mutable_node(), "Twice", {"x"}, {"y"},
                   "local"),
           "how", 5);
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("alpha = 2.000000e+00 : f32") &&
              imported.has("alpha = 5.000000e+00 : f32"))
      << imported.text;
}

TEST(ImportFunction, AttributeWithoutDefaultIsRequired) {
  onnx::ModelProto model = nested();
  addNode(model.mutable_graph()->mutable_node(), "Twice", {"x"}, {"y"},
          "local");
  Imported imported(model);
  EXPECT_FALSE(imported.module);
  EXPECT_TRUE(imported.says("the_Twice1") && imported.says("'how'"))
      << imported.message;
}

TEST(ImportFunction, OverloadsAreDifferentFunctions) {
  onnx::ModelProto model = newModel();
  addOpset(model, "local", 1);
  for (auto [overload, op] : {std::pair("n", "Neg"), {"a", "Abs"}}) {
    onnx::FunctionProto *function =
        addFunction(model, "local", "F", {"a"}, {"b"});
    function->set_overload(overload);
    addNode(function->mutable_node(), op, {"a"}, {"b"});
  }
  addNode(model.mutable_graph()->mutable_node(), "F", {"x"}, {"y"}, "local")
      ->set_overload("a");
  Imported imported(model);
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.Abs") && !imported.has("onnx.Neg"))
      << imported.text;
}

TEST(ImportFunction, ExpansionIsLimited) {
  onnx::ModelProto model = newModel();
  addOpset(model, "local", 1);
  // Each calls the next twice: 2^40 nodes.
  for (int level = 0; level < 40; ++level) {
    onnx::FunctionProto *function =
        addFunction(model, "local", "F" + std::to_string(level), {"a"}, {"c"});
    std::string next = level == 39 ? "Neg" : "F" + std::to_string(level + 1);
    std::string domain = level == 39 ? "" : "local";
    addNode(function->mutable_node(), next, {"a"}, {"b"}, domain);
    addNode(function->mutable_node(), next, {"b"}, {"c"}, domain);
  }
  addNode(model.mutable_graph()->mutable_node(), "F0", {"x"}, {"y"}, "local");
  Imported imported(model);
  EXPECT_FALSE(imported.module);
  EXPECT_TRUE(imported.says("limit") && imported.says("nodes"))
      << imported.message;
}

/// com.microsoft::SkipSimplifiedLayerNormalization as a function;
/// `epsilonInside` false leaves epsilon out of the root.
static onnx::ModelProto skip(bool right) {
  onnx::ModelProto model = newModel(24);
  addOpset(model, "com.microsoft", 1);
  onnx::FunctionProto *function = addFunction(
      model, "com.microsoft", "SkipSimplifiedLayerNormalization",
      {"input", "skip", "weight"}, {"out", "mean", "inv", "sum"}, 24);
  auto *epsilon = function->add_attribute_proto();
  epsilon->set_name("epsilon");
  epsilon->set_type(onnx::AttributeProto::FLOAT);
  epsilon->set_f(1e-12f);
  addNode(function->mutable_node(), right ? "Add" : "Sub", {"input", "skip"},
          {"sum"});
  addRef(addNode(function->mutable_node(), "RMSNormalization",
                 {"sum", "weight"}, {"out"}),
         "epsilon", onnx::AttributeProto::FLOAT, "epsilon");
  // The operator has no such values; nobody reads them.
  addNode(function->mutable_node(), "Identity", {"sum"}, {"mean"});
  addNode(function->mutable_node(), "Identity", {"sum"}, {"inv"});
  addTensor(model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {8})
      ->set_raw_data(std::string("\0\0\x80\x3f", 4) + std::string(28, '\0'));
  addNode(model.mutable_graph()->mutable_node(),
          "SkipSimplifiedLayerNormalization", {"x", "x", "w"},
          {"normed", "m", "i", "s"}, "com.microsoft");
  addNode(model.mutable_graph()->mutable_node(), "Add", {"normed", "s"}, {"y"});
  return model;
}

TEST(ImportFunction, BodyThatIsTheOperatorBecomesIt) {
  Imported imported(skip(true));
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.SkipSimplifiedLayerNormalization") &&
              !imported.has("onnx.RMSNormalization"))
      << imported.text;
}

TEST(ImportFunction, BodyThatIsNotTheOperatorIsInlined) {
  Imported imported(skip(false));
  ASSERT_TRUE(imported.module) << imported.message;
  EXPECT_TRUE(imported.has("onnx.RMSNormalization") && imported.has("onnx.Sub"))
      << imported.text;
  EXPECT_TRUE(imported.has("onnx.unrecognised") &&
              imported.has("output 0 differs"))
      << imported.text;
}
