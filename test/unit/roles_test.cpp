// Which inputs and outputs of a graph a session uses for what: by types and
// dataflow, by names where these leave a choice, and as stated.
#include "lib/pipeline/Roles.h"
#include "lib/pipeline/Target.h"

#include <gtest/gtest.h>

#include <charconv>

using namespace jarana;
using bundle::EntrySpec;
using bundle::TensorSpec;

namespace {

/// "float32 batch,2,past,16"
TensorSpec tensor(const std::string &name, const std::string &text) {
  size_t space = std::min(text.find(' '), text.size());
  TensorSpec spec{name, text.substr(0, space), {}};
  for (size_t at = space + 1; at < text.size();) {
    size_t end = std::min(text.find(',', at), text.size());
    bundle::Dim dim;
    std::string word = text.substr(at, end - at);
    auto [last, error] =
        std::from_chars(word.data(), word.data() + word.size(), dim.size);
    if (error != std::errc())
      dim.symbol = word, dim.size = -1;
    spec.shape.push_back(dim);
    at = end + 1;
  }
  return spec;
}

/// Pairs of an option and its value.
SessionRoles
stated(const std::vector<std::pair<std::string, std::string>> &options) {
  SessionRoles roles;
  for (const auto &[option, value] : options) {
    if (option == "state")
      roles.states.push_back(value);
    else
      (option == "ids"    ? roles.ids
       : option == "mask" ? roles.mask
                          : roles.logits) = value;
  }
  return roles;
}

struct Graph {
  EntrySpec signature;
  pipeline::Dependencies dependencies;
  pipeline::InputUses uses;

  Graph &in(const std::string &name, const std::string &type) {
    signature.inputs.push_back(tensor(name, type));
    return *this;
  }
  /// An output that depends on all the inputs that are there so far, or on
  /// those named.
  Graph &out(const std::string &name, const std::string &type,
             const std::vector<std::string> &from = {}) {
    signature.outputs.push_back(tensor(name, type));
    llvm::BitVector inputs(signature.inputs.size(), from.empty());
    for (size_t i = 0; i < signature.inputs.size(); ++i)
      for (const std::string &one : from)
        if (signature.inputs[i].name == one)
          inputs.set(i);
    dependencies.push_back(inputs);
    return *this;
  }
  pipeline::FoundRoles find(const SessionRoles &stated = {}) {
    for (llvm::BitVector &inputs : dependencies)
      inputs.resize(signature.inputs.size());
    return pipeline::findRoles("main", signature, dependencies, uses, stated);
  }
  std::string error(const SessionRoles &stated) {
    try {
      find(stated);
    } catch (const pipeline::OptionError &e) {
      return e.what();
    }
    return "no error";
  }
};

const std::string key = "float32 b,2,past,16",
                  nextKey = "float32 b,2,s + past,16";

struct Case {
  std::string input, output, kind;
};

TEST(Roles, SpellingsOfExporters) {
  const Case cases[] = {
      {"past_key_values.0.conv_state", "present.0.conv_state", "conv"},
      {"past_key_values.0.ssm_state", "present.0.ssm_state", "ssm"},
      {"past_key_values.0.recurrent_state", "present.0.recurrent_state", "ssm"},
      {"past_key_values.12.key", "present.12.key", "key"},
      {"past_key_values.12.value", "present.12.value", "value"},
      {"past_states.3.conv_state", "present.3.conv_state", "conv"},
      {"past_conv.1", "present_conv.1", "conv"},
      {"past_ssm.1", "present_ssm.1", "ssm"},
      {"past_recurrent.1", "present_recurrent.1", "ssm"},
      {"cache_params.past.conv.2", "cache_params.present.conv.2", "conv"},
      {"cache_params.past.ssm.2", "cache_params.present.ssm.2", "ssm"},
      {"cache_params.past.key.0", "cache_params.present.key.0", "key"},
      {"cache_params.past.value.0", "cache_params.present.value.0", "value"},
      {"input.past_key_values.layers.0.conv_states.0",
       "output.past_key_values.layers.0.conv_states.0", "conv"},
      {"input.past_key_values.layers.0.recurrent_states.0",
       "output.past_key_values.layers.0.recurrent_states.0", "ssm"},
      {"input.past_key_values.layers.9.keys",
       "output.past_key_values.layers.9.keys", "key"},
      {"input.past_key_values.layers.9.values",
       "output.past_key_values.layers.9.values", "value"},
      {"past_key_self_0", "present_key_self_0", "key"},
      {"past_0", "present_0", "key_value"},
      {"key_cache.3", "key_cache_out.3", "key"},
      {"k0", "a_name_of_its_own", "key"},
      {"h0", "h1", "other"},
  };
  for (const Case &c : cases) {
    bool grows = c.kind.find("key") == 0 || c.kind == "value";
    auto found = Graph()
                     .in("input_ids", "int64 b,s")
                     .in(c.input, grows ? key : "float32 b,8,4")
                     .out("logits", "float32 b,s,64")
                     .out(c.output, grows ? nextKey : "float32 b,8,4")
                     .find();
    ASSERT_TRUE(found.state) << c.input << ": " << found.refusal;
    ASSERT_EQ(found.state->tensors.size(), 1u) << c.input;
    EXPECT_EQ(found.state->tensors[0].input, c.input);
    EXPECT_EQ(found.state->tensors[0].output, c.output);
    EXPECT_EQ(found.state->tensors[0].kind, c.kind) << c.input;
    EXPECT_EQ(found.state->tensors[0].grows, grows ? 2 : -1) << c.input;
    EXPECT_EQ(found.state->ids, "input_ids");
    EXPECT_EQ(found.state->logits, "logits");
    EXPECT_EQ(found.state->mask, "");
  }
}

/// Names that say nothing, and outputs in another order: each layer's next
/// state depends on it and on the layers below.
TEST(Roles, PairsFollowTheDataflow) {
  auto found = Graph()
                   .in("x", "int32 b,s")
                   .in("p", key)
                   .in("q", key)
                   .in("r", key)
                   .out("u", nextKey, {"x", "p", "q", "r"})
                   .out("v", nextKey, {"x", "q"})
                   .out("w", nextKey, {"x", "q", "r"})
                   .out("y", "float16 b,s,64")
                   .find();
  ASSERT_TRUE(found.state) << found.refusal;
  ASSERT_EQ(found.state->tensors.size(), 3u);
  EXPECT_EQ(found.state->tensors[0].output, "u");
  EXPECT_EQ(found.state->tensors[1].output, "v");
  EXPECT_EQ(found.state->tensors[2].output, "w");
  EXPECT_EQ(found.state->ids, "x");
  EXPECT_EQ(found.state->logits, "y");
}

/// One op gives both: names decide.
TEST(Roles, NamesBreakTies) {
  auto found = Graph()
                   .in("input_ids", "int64 b,s")
                   .in("past_key.0", key)
                   .in("past_value.0", key)
                   .out("logits", "float32 b,s,64")
                   .out("present_value.0", nextKey)
                   .out("present_key.0", nextKey)
                   .find();
  ASSERT_TRUE(found.state) << found.refusal;
  EXPECT_EQ(found.state->tensors[0].output, "present_key.0");
  EXPECT_EQ(found.state->tensors[1].output, "present_value.0");
}

TEST(Roles, OtherInputs) {
  Graph graph;
  graph.in("input_ids", "int64 b,s")
      .in("attention_mask", "bool b,total")
      .in("position_ids", "int64 b,s")
      .in("cache_position", "int64 s")
      .in("num_logits_to_keep", "int64")
      .in("use_cache_branch", "bool 1")
      .in("lengths", "int32 b")
      .in("past_conv.0", "float32 b,8,3")
      .out("logits", "float32 b,d4,64")
      .out("present_conv.0", "float32 b,8,3");
  graph.uses.numbers["lengths"] = "last";
  auto found = graph.find();
  ASSERT_TRUE(found.state) << found.refusal;
  EXPECT_EQ(found.state->mask, "attention_mask");
  EXPECT_EQ(found.state->positions, "position_ids");
  std::map<std::string, bundle::Number> numbers;
  for (const bundle::NumberInput &number : found.state->numbers)
    numbers[number.input] = number.value;
  EXPECT_EQ(numbers, (std::map<std::string, bundle::Number>{
                         {"cache_position", bundle::Number::Positions},
                         {"num_logits_to_keep", bundle::Number::One},
                         {"use_cache_branch", bundle::Number::Continues},
                         {"lengths", bundle::Number::Last}}));
}

TEST(Roles, Buffers) {
  Graph graph;
  graph.in("input_ids", "int64 b,s")
      .in("cache_position", "int64 s")
      .in("key_cache.0", "float32 b,2,32,16")
      .out("logits", "float32 b,s,64")
      .out("key_cache_out.0", "float32 b,2,32,16");
  // Nothing says which places are filled.
  EXPECT_NE(graph.find().refusal.find("fixed number of past positions"),
            std::string::npos)
      << graph.find().refusal;
  graph.uses.buffers["key_cache.0"] = 2;
  auto found = graph.find();
  ASSERT_TRUE(found.state) << found.refusal;
  EXPECT_EQ(found.state->tensors[0].places, 2);
  EXPECT_EQ(found.state->tensors[0].grows, -1);
}

TEST(Roles, NoStates) {
  // A prefill without a cache; a model of no tokens; what has a place for each
  // token is no state.
  EXPECT_FALSE(Graph()
                   .in("input_ids", "int64 b,s")
                   .out("logits", "float32 b,s,64")
                   .find()
                   .carriesStates);
  EXPECT_FALSE(Graph()
                   .in("x", "float32 b,8")
                   .out("y", "float32 b,8")
                   .find()
                   .carriesStates);
  EXPECT_FALSE(Graph()
                   .in("input_ids", "int64 b,s")
                   .in("bias", "float32 b,s,8")
                   .out("logits", "float32 b,s,64")
                   .out("hidden", "float32 b,s,8")
                   .find()
                   .carriesStates);
}

/// What is not understood, and the options that would state it.
TEST(Roles, Refusals) {
  Graph graph;
  graph.in("first", "int64 b,s")
      .in("second", "int64 b,s")
      .in("past_conv.0", "float32 b,8,3")
      .out("logits", "float32 b,s,64")
      .out("present_conv.0", "float32 b,8,3");
  // Without token ids nothing is taken for a state.
  EXPECT_FALSE(graph.find().carriesStates);
  auto found = graph.find(stated({{"ids", "first"}}));
  ASSERT_TRUE(found.state) << found.refusal;
  EXPECT_EQ(found.state->positions, "second");

  graph.in("past_conv.1", "float32 b,9,3")
      .out("extra", "float32 b,9,3", {"first"});
  found = graph.find(stated({{"ids", "first"}}));
  EXPECT_FALSE(found.state);
  EXPECT_EQ(found.refusal,
            "a session cannot fill the input 'past_conv.1' float32 [b, 9, 3] "
            "(may be stated by --state=past_conv.1:extra)");
  found =
      graph.find(stated({{"ids", "first"}, {"state", "past_conv.1:extra"}}));
  EXPECT_TRUE(found.state) << found.refusal;
}

TEST(Roles, StatedWrongly) {
  Graph graph;
  graph.in("a", "int64 b,s")
      .in("c:0", "float32 b,8,3")
      .out("y", "float32 b,s,64")
      .out("z:0", "float32 b,8,3");
  EXPECT_TRUE(
      graph.find(stated({{"ids", "a"}, {"logits", "y"}, {"state", "c:0:z:0"}}))
          .state);
  EXPECT_EQ(
      graph.error(stated({{"ids", "tokens"}})),
      "--ids: the model has no input 'tokens'; its inputs are 'a', 'c:0'");
  EXPECT_EQ(graph.error(stated({{"ids", "c:0"}})),
            "--ids: input 'c:0' is float32 [b, 8, 3], and must be int64 or "
            "int32 of [batch, tokens] or [tokens]");
  EXPECT_EQ(graph.error(stated({{"ids", "a"}, {"mask", "a"}})),
            "--mask: input 'a' has another role already");
  EXPECT_EQ(
      graph.error(stated({{"logits", "x"}})),
      "--logits: the model has no output 'x'; its outputs are 'y', 'z:0'");
  EXPECT_EQ(graph.error(stated({{"state", "c"}})),
            "--state: 'c' is not INPUT:OUTPUT, the names of a state and of its "
            "next value");
  EXPECT_EQ(graph.error(stated({{"state", "c:y"}})),
            "--state: the model has no input 'c'; its inputs are 'a', 'c:0'");
  EXPECT_EQ(graph.error(stated({{"state", "c:0:y"}})),
            "--state: input 'c:0' is float32 [b, 8, 3] and output 'y' is "
            "float32 [b, s, 64]; a state and its next value are of one type, "
            "and of one shape but for a dimension that counts the past");
  EXPECT_EQ(graph.error(stated({{"state", "c:0:z:0"}, {"state", "c:0:z:0"}})),
            "--state: 'c:0:z:0': input 'c:0' has another role already");
}

} // namespace
