// Attention, convolutions, norms and rotary embeddings step by step; scans are
// in OwnScanValues.cpp.
#include "passes/raise/recognise/OwnValues.h"

#include "lib/reference/MlirTensors.h"
#include "lib/reference/operators/Support.h"
#include "passes/raise/recognise/Recogniser.h"

using namespace mlir;
using namespace jarana::reference;

namespace jarana::raise::recognise {

ExactTensor apply(const std::string &op, const InputsOf<Exact> &inputs,
                  const Attributes &attributes, size_t result) {
  const OperatorOf<Exact> *found = findOperatorOf<Exact>(op);
  if (!found)
    throw Error("there is no operator " + op);
  return std::move((*found)(inputs, attributes).at(result));
}

ExactTensor OwnValues::add(std::string name, ExactTensor tensor) {
  if (!isFloat(tensor.dtype) || tensor.reals.empty())
    return tensor;
  values.emplace_back(std::move(name), tensor);
  if (values.back().isZero())
    values.pop_back();
  return tensor;
}

void OwnValues::addValuesOf(
    Operation &op, llvm::function_ref<const ExactTensor *(Value)> tensorOf,
    int64_t chunk) {
  SmallVector<const ExactTensor *> operands;
  for (Value operand : op.getOperands())
    operands.push_back(tensorOf(operand));
  StringRef name = opName(&op);
  try {
    if (name == "LinearAttention") {
      addScan(attributesOf(&op), operands, chunk);
    } else if (name == "Attention") {
      Attributes attributes = attributesOf(&op);
      if (auto parts = op.getAttrOfType<DenseF64ArrayAttr>(kUnroundedScale))
        attributes["unrounded_scale"] = std::vector<double>(parts.asArrayRef());
      addAttention(attributes, operands);
    } else if (name == "CausalConvWithState") {
      Operation *state = op.getOperand(3).getDefiningOp();
      addConvolution(attributesOf(&op), operands,
                     opName(state) == "Slice" ? tensorOf(state->getOperand(0))
                                              : nullptr);
    } else if (name == "RMSNormalization") {
      addNorm(attributesOf(&op), operands);
    } else if (name == "RotaryEmbedding") {
      addRotation(attributesOf(&op), operands);
    }
  } catch (const std::exception &) {
    // What an operator refuses has been refused before.
    complete = false;
  }
}

void OwnValues::addAttention(const Attributes &attributes, Operands operands) {
  InputsOf<Exact> inputs(operands.begin(), operands.end());
  const ExactTensor &query = add("the queries", *inputs.at(0)),
                    &key = add("the keys",
                               apply("Attention", inputs, attributes, 1));
  add("the values", apply("Attention", inputs, attributes, 2));
  if (query.rank() != 4)
    return;
  for (size_t past : {4, 5})
    if (past < inputs.size() && inputs[past]) {
      add(past == 4 ? "the new keys" : "the new values", *inputs[past - 3]);
      add(past == 4 ? "the past keys" : "the past values", *inputs[past]);
    }
  // Each head's own: [b, kv heads, r, m or s, d].
  int64_t kvHeads = key.shape[1], repeats = query.shape[1] / kvHeads;
  ExactTensor grouped = reshaped(query, {query.shape[0], kvHeads, repeats,
                                         query.shape[2], query.shape[3]});
  ExactTensor products =
      apply("Einsum", {&grouped, &key}, {{"equation", "bhrmd,bhsd->bhrms"}});
  add("the products of queries and keys",
      reshaped(std::move(products),
               {query.shape[0], query.shape[1], query.shape[2], key.shape[2]}));
  auto scores = [&](int64_t mode) {
    Attributes asked = attributes;
    asked["qk_matmul_output_mode"] = mode;
    return apply("Attention", inputs, asked, 3);
  };
  add("the scaled scores", scores(0));
  add("the capped scores", scores(1));
  const ExactTensor &masked = add("the masked scores", scores(2));
  Attributes last{{"axes", std::vector<int64_t>{3}}, {"keepdims", int64_t(1)}};
  ExactTensor axis(DType::i64, {1});
  axis.ints[0] = 3;
  ExactTensor most = apply("ReduceMax", {&masked, &axis}, last),
              lowered = apply("Sub", {&masked, &most}),
              powers = apply("Exp", {&lowered}),
              sums = apply("ReduceSum", {&powers, &axis}, last);
  add("the greatest scores", most);
  add("the scores without their greatest", lowered);
  add("the powers of the scores", powers);
  add("the sums of the powers", sums);
  add("the weights", scores(3));
  // Rows without keys are 0 in the operator and NaN in a softmax.
  add("the weights as softmax gives them",
      apply("Softmax", {&masked}, {{"axis", int64_t(-1)}}));
  add("the weighted sums of values", apply("Attention", inputs, attributes));
}

void OwnValues::addConvolution(const Attributes &attributes, Operands operands,
                               const ExactTensor *wholeState) {
  const ExactTensor &input = add("the input", *operands[0]),
                    &weight = add("the taps", *operands[1]);
  const ExactTensor *bias = operands[2], *state = operands[3];
  int64_t before = weight.shape[2] - 1;
  auto joined = [](const ExactTensor &a, const ExactTensor &b) {
    return apply("Concat", {&a, &b}, {{"axis", int64_t(2)}});
  };
  auto columns = [](const ExactTensor &x, int64_t begin, int64_t end) {
    return strided(x, {x.shape[0], x.shape[1], end - begin}, stridesOf(x.shape),
                   begin);
  };
  Attributes plain = attributes;
  plain["activation"] = "none";
  auto addSteps = [&](const std::string &where, const ExactTensor &from,
                      const ExactTensor *past) {
    add("the sums of taps" + where,
        apply("CausalConvWithState", {&from, &weight, nullptr, past}, plain));
    const ExactTensor &sums =
        add("the convolution" + where,
            apply("CausalConvWithState", {&from, &weight, bias, past}, plain));
    const ExactTensor &gate =
        add("the convolution's sigmoid" + where, apply("Sigmoid", {&sums}));
    add("the activated convolution" + where, apply("Mul", {&sums, &gate}));
  };
  if (bias)
    add("the bias", *bias);
  if (state) {
    add("the state", *state);
    add("the state and the input", joined(*state, input));
  }
  addSteps("", input, state);
  // Convolutions with padding on both sides go on where the input has ended,
  // and begin with all columns of a state that are there.
  ExactTensor after(input.dtype, {input.shape[0], input.shape[1], before});
  addSteps(" and beyond the end", joined(input, after), state);
  if (wholeState && wholeState->rank() == 3 && wholeState->shape[2] > before) {
    int64_t width = wholeState->shape[2];
    add("the whole state and the input", joined(*wholeState, input));
    ExactTensor first = columns(*wholeState, 0, before),
                rest = joined(columns(*wholeState, before, width), input);
    addSteps(" of the whole state", rest, &first);
  }
}

void OwnValues::addNorm(const Attributes &attributes, Operands operands) {
  const ExactTensor &x = add("the input", *operands[0]);
  ExactTensor axis(DType::i64, {1});
  axis.ints[0] = x.rank() - 1;
  auto epsilon = attributes.find("epsilon");
  double added = epsilon == attributes.end()
                     ? double(1e-5f)
                     : std::get<double>(epsilon->second);
  ExactTensor small(DType::f32, {});
  small.reals[0] = Exact(added);
  const ExactTensor &square = add("the squares", apply("Mul", {&x, &x})),
                    &mean = add("the mean of the squares",
                                apply("ReduceMean", {&square, &axis},
                                      {{"keepdims", int64_t(1)}})),
                    &sum = add("the mean with epsilon",
                               apply("Add", {&mean, &small})),
                    &root = add("the root of the mean", apply("Sqrt", {&sum})),
                    &inverse = add("the inverse of the root",
                                   apply("Reciprocal", {&root})),
                    &normed =
                        add("the normed input", apply("Mul", {&x, &inverse}));
  if (operands.size() > 1 && operands[1]) {
    const ExactTensor &weight = add("the weight", *operands[1]);
    add("the normed input times the weight", apply("Mul", {&normed, &weight}));
  }
}

void OwnValues::addRotation(const Attributes &attributes, Operands operands) {
  const ExactTensor &x = add("the input", *operands[0]),
                    &cos = add("the cosines", *operands[1]),
                    &sin = add("the sines", *operands[2]);
  if (x.rank() != 4 || cos.rank() != 3)
    return;
  int64_t half = cos.shape.back();
  bool interleaved = std::get<int64_t>(attributes.at("interleaved")) != 0;
  auto part = [&](int64_t begin, int64_t step, int64_t count) {
    Shape shape = x.shape, steps = stridesOf(x.shape);
    shape[3] = count;
    steps[3] = step;
    return strided(x, shape, steps, begin);
  };
  auto join = [&](const ExactTensor &a, const ExactTensor &b) {
    return apply("Concat", {&a, &b}, {{"axis", int64_t(-1)}});
  };
  auto perHead = [&](const ExactTensor &table) {
    return reshaped(table, {table.shape[0], 1, table.shape[1], half});
  };
  ExactTensor c = perHead(cos), s = perHead(sin);
  const ExactTensor &rotated = add("what is rotated", part(0, 1, 2 * half));
  const ExactTensor &first = add("the first of each pair",
                                 part(0, interleaved ? 2 : 1, half)),
                    &second = add("the second of each pair",
                                  part(interleaved ? 1 : half,
                                       interleaved ? 2 : 1, half)),
                    &negative = add("the negated second of each pair",
                                    apply("Neg", {&second}));
  add("what is not rotated", part(2 * half, 1, x.shape[3] - 2 * half));
  const ExactTensor &firstCos =
                        add("first times cosine", apply("Mul", {&first, &c})),
                    &firstSin =
                        add("first times sine", apply("Mul", {&first, &s})),
                    &secondCos =
                        add("second times cosine", apply("Mul", {&second, &c})),
                    &secondSin =
                        add("second times sine", apply("Mul", {&second, &s}));
  add("the first of each rotated pair", apply("Sub", {&firstCos, &secondSin}));
  add("the second of each rotated pair", apply("Add", {&firstSin, &secondCos}));
  if (interleaved)
    return;
  const ExactTensor &turned = add("the pairs turned", join(negative, first)),
                    &c2 = add("the cosines twice", join(c, c)),
                    &s2 = add("the sines twice", join(s, s));
  add("what is rotated times cosine", apply("Mul", {&rotated, &c2}));
  add("the pairs turned times sine", apply("Mul", {&turned, &s2}));
}

} // namespace jarana::raise::recognise
