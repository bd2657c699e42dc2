// Which inputs and outputs of a graph are states, in each exporter's spelling.
#include "lib/pipeline/StateNames.h"

#include <gtest/gtest.h>

using namespace jarana;

namespace {

bundle::EntrySpec signature(std::vector<std::string> inputs,
                            std::vector<std::string> outputs) {
  bundle::EntrySpec entry;
  for (std::string &name : inputs)
    entry.inputs.push_back({name, "float32", {}});
  for (std::string &name : outputs)
    entry.outputs.push_back({name, "float32", {}});
  return entry;
}

struct Case {
  std::string input, output, kind;
};

TEST(StateNames, Spellings) {
  const Case cases[] = {
      {"past_key_values.0.conv_state", "present.0.conv_state", "conv"},
      {"past_key_values.0.ssm_state", "present.0.ssm_state", "ssm"},
      {"past_key_values.0.recurrent_state", "present.0.recurrent_state", "ssm"},
      {"past_key_values.12.key", "present.12.key", "key"},
      {"past_key_values.12.value", "present.12.value", "value"},
      {"past_states.3.conv_state", "present.3.conv_state", "conv"},
      {"past_conv.1", "present_conv.1", "conv"},
      {"past_ssm.1", "present_ssm.1", "ssm"},
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
  };
  for (const Case &c : cases) {
    auto state = pipeline::findStates(
        "main", signature({"input_ids", c.input}, {"logits", c.output}));
    ASSERT_TRUE(state) << c.input;
    ASSERT_EQ(state->tensors.size(), 1u) << c.input;
    EXPECT_EQ(state->tensors[0].input, c.input);
    EXPECT_EQ(state->tensors[0].output, c.output);
    EXPECT_EQ(state->tensors[0].kind, c.kind) << c.input;
    EXPECT_EQ(state->ids, "input_ids");
    EXPECT_EQ(state->logits, "logits");
    EXPECT_EQ(state->mask, "");
  }
}

TEST(StateNames, Roles) {
  auto state = pipeline::findStates(
      "main",
      signature({"input_ids", "attention_mask", "position_ids", "past_conv.0"},
                {"logits", "present_conv.0"}));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->mask, "attention_mask");
  EXPECT_EQ(state->positions, "position_ids");
}

TEST(StateNames, NoStates) {
  // A prefill without a cache, a state that is not handed on, no logits.
  EXPECT_FALSE(
      pipeline::findStates("main", signature({"input_ids"}, {"logits"})));
  EXPECT_FALSE(pipeline::findStates(
      "main", signature({"input_ids", "past_conv.0"}, {"logits"})));
  EXPECT_FALSE(pipeline::findStates(
      "main", signature({"input_ids", "past_conv.0"}, {"present_conv.0"})));
}

} // namespace
