#include "runtime/Session.h"
#include "runtime/Status.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace jarana::runtime {
namespace {

/// Writes `value` as an element of `dtype`; positions and masks come in several
/// types.
void store(jarana_dtype dtype, std::byte *data, int64_t index, int64_t value) {
  auto put = [&](auto typed) {
    std::memcpy(data + index * sizeof typed, &typed, sizeof typed);
  };
  switch (dtype) {
  case JARANA_INT64:
  case JARANA_UINT64:
    return put(value);
  case JARANA_INT32:
  case JARANA_UINT32:
    return put(static_cast<int32_t>(value));
  case JARANA_INT16:
  case JARANA_UINT16:
    return put(static_cast<int16_t>(value));
  case JARANA_FLOAT32:
    return put(static_cast<float>(value));
  case JARANA_FLOAT64:
    return put(static_cast<double>(value));
  case JARANA_INT8:
  case JARANA_UINT8:
  case JARANA_BOOL:
    return put(static_cast<int8_t>(value));
  case JARANA_FLOAT16:
    return put(static_cast<uint16_t>(value ? 0x3c00 : 0));
  case JARANA_BFLOAT16:
    return put(static_cast<uint16_t>(
        std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16));
  default:
    refuse(std::string("sessions cannot fill inputs of dtype ") +
           dtypeName(dtype));
  }
}

bool isInteger(jarana_dtype dtype) {
  return dtype == JARANA_INT64 || dtype == JARANA_INT32;
}

const bundle::StateSpec &stateSpec(const Bundle &bundle) {
  if (!bundle.manifest().state)
    refuse("the bundle has no states that a session could keep: it takes whole "
           "inputs only" +
           (bundle.manifest().stateRefusal.empty()
                ? std::string()
                : ". The reason: " + bundle.manifest().stateRefusal));
  return *bundle.manifest().state;
}

void copyBuffer(Buffer &to, const Buffer &from, int64_t bytes) {
  to.reserve(bytes);
  if (bytes > 0)
    std::memcpy(to.data(), from.data(), bytes);
}

} // namespace

Session::Session(std::shared_ptr<const Bundle> bundle,
                 const jarana_session_options &wanted)
    : executor(bundle, stateSpec(*bundle).entry,
               makeTeam(*bundle, wanted.threads)),
      options(wanted), roles(&*bundle->manifest().state) {
  if (options.batch < 1)
    refuse("batch must be at least 1");
  if (!roles->decode.empty())
    decoder.emplace(bundle, roles->decode, executor.workers());
  bindRoles();
  for (const bundle::StateTensor &tensor : roles->tensors)
    addState(tensor);
  checkRoles();
  inputs.resize(executor.entry().inputs.size());
  otherOutputs.resize(executor.entry().outputs.size());
  next.shapes.resize(states.size());
  next.values.resize(states.size());
  current.values.resize(states.size());
  reset();
}

void Session::bindRoles() {
  const Entry &entry = executor.entry();
  idsInput = static_cast<int>(entry.input(roles->ids));
  if (!roles->mask.empty())
    maskInput = static_cast<int>(entry.input(roles->mask));
  if (!roles->positions.empty())
    positionsInput = static_cast<int>(entry.input(roles->positions));
  for (const bundle::NumberInput &number : roles->numbers)
    numbers.emplace_back(entry.input(number.input), number.value);
  logitsOutput = entry.output(roles->logits);

  const Parameter &ids = entry.inputs[idsInput];
  if (ids.shape.empty() || ids.shape.size() > 2 || !isInteger(ids.dtype))
    refuse("input '" + ids.name +
           "' must be int64 or int32 of shape [batch, tokens] for a session");
  if (ids.shape.size() == 2) {
    batchSymbol = ids.symbols[0];
    if (ids.shape[0] >= 0 && ids.shape[0] != options.batch)
      refuse("the model has a fixed batch of " + std::to_string(ids.shape[0]) +
             ", not " + std::to_string(options.batch));
  } else if (options.batch != 1) {
    refuse("the model takes one sequence, not a batch of " +
           std::to_string(options.batch));
  }
  pieceLength = ids.shape.back();
  for (int role : {maskInput, positionsInput})
    if (role >= 0 &&
        (entry.inputs[role].shape.empty() ||
         entry.inputs[role].shape.size() > (role == maskInput ? 2u : 3u)))
      refuse("input '" + entry.inputs[role].name +
             "' must be of shape [batch, tokens] for a session");
  const Parameter &logits = entry.outputs[logitsOutput];
  bool isFloat =
      logits.dtype == JARANA_FLOAT32 || logits.dtype == JARANA_FLOAT16 ||
      logits.dtype == JARANA_BFLOAT16 || logits.dtype == JARANA_FLOAT64;
  if (!isFloat || logits.shape.empty() || logits.shape.size() > 3)
    refuse("output '" + logits.name +
           "' must be a float tensor of shape [batch, tokens, vocabulary] for "
           "a session");
}

void Session::addState(const bundle::StateTensor &tensor) {
  const Entry &entry = executor.entry();
  State state{entry.input(tensor.input), entry.output(tensor.output),
              tensor.grows, tensor.places};
  const Parameter &parameter = entry.inputs[state.input];
  bool isSaid = tensor.grows >= 0 || tensor.places >= 0,
       mayGrow = tensor.kind == "key" || tensor.kind == "value";
  for (size_t d = 0; !isSaid && d < parameter.shape.size(); ++d) {
    if (parameter.symbols[d].empty() || parameter.symbols[d] == batchSymbol)
      continue;
    if (!mayGrow) {
      // A batch may have a name of its own.
      if (d == 0)
        continue;
      refuse("state '" + parameter.name + "' has the size '" +
             parameter.symbols[d] +
             "', which a session that starts from nothing cannot know; run the "
             "model by its own signature instead");
    }
    if (state.pastDim >= 0)
      refuse("state '" + parameter.name + "' has two sizes that vary: '" +
             parameter.symbols[state.pastDim] + "' and '" +
             parameter.symbols[d] + "'");
    state.pastDim = static_cast<int>(d);
  }
  if (state.placesDim >= 0)
    addPlaces(state);
  states.push_back(state);
}

/// A buffer of positions limits how many there can be.
void Session::addPlaces(const State &state) {
  const Parameter &parameter = executor.entry().inputs[state.input];
  int64_t size = parameter.shape[state.placesDim];
  if (size < 0) {
    if (options.context == 0)
      refuse("state '" + parameter.name + "' is a buffer of '" +
             parameter.symbols[state.placesDim] +
             "' positions: the session needs to be told how many (context)");
    size = static_cast<int64_t>(std::min<uint64_t>(options.context, INT64_MAX));
    placesSymbol = parameter.symbols[state.placesDim];
  }
  places = places < 0 ? size : std::min(places, size);
}

void Session::checkRoles() const {
  const Entry &entry = executor.entry();
  for (size_t i = 0; i < entry.inputs.size(); ++i) {
    bool bound = int(i) == idsInput || int(i) == maskInput ||
                 int(i) == positionsInput || entry.inputs[i].value;
    for (const State &state : states)
      bound = bound || state.input == i;
    for (const auto &[input, number] : numbers)
      bound = bound || input == i;
    if (!bound)
      refuse("sessions cannot fill the model's input '" + entry.inputs[i].name +
             "'; run the model by its own signature instead");
  }
}

Shape Session::initialShape(const State &state) const {
  const Parameter &parameter = executor.entry().inputs[state.input];
  Shape shape = parameter.shape;
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] < 0)
      shape[d] = int(d) == state.pastDim     ? 0
                 : int(d) == state.placesDim ? places
                                             : options.batch;
  return shape;
}

/// A padded sequence must give what it gives alone: compiling decided.
void Session::checkPads() const {
  if (maskInput < 0)
    refuse("the model has no mask, so it cannot leave out padding");
  if (!roles->pads)
    refuse("padding would change what the model computes: " +
           (roles->padRefusal.empty()
                ? "the bundle does not say that it does not"
                : roles->padRefusal) +
           ". Feed sequences of different length in sessions of their own");
}

void Session::pad(const uint64_t *padding) {
  if (current.position != 0)
    refuse("padding is at the beginning, and " +
           std::to_string(current.position) + " tokens were fed already");
  std::vector<uint64_t> counts(padding, padding + options.batch);
  bool any = std::any_of(counts.begin(), counts.end(),
                         [](uint64_t count) { return count != 0; });
  if (any)
    checkPads();
  for (uint64_t count : counts)
    if (count > uint64_t(INT64_MAX))
      refuse("too much padding: " + std::to_string(count));
  current.padding = any ? std::move(counts) : std::vector<uint64_t>();
}

void Session::reset() {
  current.position = 0;
  current.padding.clear();
  current.shapes.clear();
  for (size_t i = 0; i < states.size(); ++i) {
    jarana_dtype dtype = executor.entry().inputs[states[i].input].dtype;
    Shape shape = initialShape(states[i]);
    if (states[i].pastDim >= 0) {
      Shape whole = shape;
      whole[states[i].pastDim] =
          static_cast<int64_t>(std::min<uint64_t>(options.context, INT64_MAX));
      for (Buffer *buffer : {&current.values[i], &next.values[i]})
        buffer->reserve(tensorBytes(dtype, whole));
    }
    int64_t bytes = tensorBytes(dtype, shape);
    current.values[i].reserve(bytes);
    std::memset(current.values[i].data(), 0, bytes);
    current.shapes.push_back(std::move(shape));
  }
  lastLogits.present = false;
}

void Session::checkIds(const int64_t *ids, size_t count) const {
  int64_t vocabulary = executor.entry().outputs[logitsOutput].shape.back();
  for (size_t i = 0; i < count * options.batch; ++i)
    if (ids[i] < 0 || (vocabulary >= 0 && ids[i] >= vocabulary))
      refuse("token " + std::to_string(ids[i]) + " (number " +
             std::to_string(i) + ") is outside of the vocabulary of " +
             std::to_string(vocabulary));
}

void Session::step(const int64_t *ids, size_t count) {
  if (count == 0)
    refuse("there must be at least one token");
  if (count > uint64_t(INT32_MAX) ||
      current.position > uint64_t(INT64_MAX) - count)
    refuse("too many tokens: " + std::to_string(count));
  if (places >= 0 && current.position + count > uint64_t(places))
    refuse("the model's states have room for " + std::to_string(places) +
           " positions: " + std::to_string(count) + " after " +
           std::to_string(current.position) + " are too many");
  checkIds(ids, count);
  if (pieceLength < 0)
    return advance(ids, count);

  // The model takes a fixed number of tokens: feed it piece by piece, and on an
  // error go back to the state before the first.
  if (pieceLength == 0 || count % pieceLength != 0)
    refuse("the model takes " + std::to_string(pieceLength) +
           " tokens at a time; " + std::to_string(count) +
           " is not a multiple");
  if (int64_t(count) == pieceLength)
    return advance(ids, count);
  StateValues before = copyState();
  try {
    std::vector<int64_t> piece(options.batch * pieceLength);
    for (size_t at = 0; at < count; at += pieceLength) {
      for (uint32_t b = 0; b < options.batch; ++b)
        std::copy_n(ids + b * count + at, pieceLength,
                    piece.begin() + b * pieceLength);
      advance(piece.data(), pieceLength);
    }
  } catch (...) {
    restore(before);
    throw;
  }
}

/// A mask is of all positions, of the places for them, or of the new tokens.
int64_t Session::maskLength(int64_t tokens) const {
  const Entry &entry = executor.entry();
  const Parameter &mask = entry.inputs[maskInput],
                  &ids = entry.inputs[idsInput];
  const std::string &symbol = mask.symbols.back();
  if (places >= 0 &&
      (symbol.empty() ? mask.shape.back() == places : symbol == placesSymbol))
    return places;
  if (!symbol.empty() && symbol != "?" && symbol == ids.symbols.back())
    return tokens;
  return checkedSum(static_cast<int64_t>(current.position), tokens);
}

void Session::fillInputs(const int64_t *ids, size_t count) {
  const Entry &entry = executor.entry();
  int64_t past = static_cast<int64_t>(current.position),
          tokens = static_cast<int64_t>(count);
  // Axes but the last are sequences, and what stands before them.
  auto fill = [&](int role, int64_t length, auto value) {
    if (role < 0)
      return;
    const Parameter &parameter = entry.inputs[role];
    Input &input = inputs[role];
    input.shape = parameter.shape;
    for (int64_t &size : input.shape)
      if (size < 0)
        size = options.batch;
    input.shape.back() = length;
    bool perSequence = input.shape.size() > 1;
    // Refuses sizes that overflow.
    input.values.reserve(tensorBytes(parameter.dtype, input.shape));
    int64_t rows = 1;
    for (size_t d = 0; d + 1 < input.shape.size(); ++d)
      rows *= input.shape[d];
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < length; ++i)
        store(parameter.dtype, input.values.data(), row * length + i,
              value(perSequence ? row % input.shape.end()[-2] : -1, i));
  };
  fill(idsInput, tokens, [&](int64_t b, int64_t i) {
    return ids[std::max<int64_t>(b, 0) * tokens + i];
  });
  // What has no axis of sequences counts positions as they are stored.
  auto padding = [&](int64_t b) {
    return current.padding.empty() || b < 0
               ? 0
               : static_cast<int64_t>(current.padding[b]);
  };
  if (maskInput >= 0) {
    int64_t length = maskLength(tokens), first = length == tokens ? past : 0;
    fill(maskInput, length, [&](int64_t b, int64_t i) {
      return first + i >= padding(b) && first + i < past + tokens;
    });
  }
  auto position = [&](int64_t b, int64_t i) {
    return std::max<int64_t>(0, past + i - padding(b));
  };
  fill(positionsInput, tokens, position);
  for (const auto &[input, number] : numbers)
    if (number == bundle::Number::Positions)
      fill(static_cast<int>(input), tokens, position);
  fillNumbers(tokens);
}

/// Inputs of one number, or of one for each sequence.
void Session::fillNumbers(int64_t tokens) {
  int64_t past = static_cast<int64_t>(current.position);
  for (const auto &[index, number] : numbers) {
    int64_t value = 0;
    switch (number) {
    case bundle::Number::One:
      value = 1;
      break;
    case bundle::Number::Past:
      value = past;
      break;
    case bundle::Number::Last:
      value = past + tokens - 1;
      break;
    case bundle::Number::Total:
      value = past + tokens;
      break;
    case bundle::Number::Continues:
      value = past > 0;
      break;
    case bundle::Number::Positions:
      continue;
    }
    const Parameter &parameter = executor.entry().inputs[index];
    Input &input = inputs[index];
    input.shape = parameter.shape;
    for (int64_t &size : input.shape)
      if (size < 0)
        size = options.batch;
    int64_t bytes = tensorBytes(parameter.dtype, input.shape);
    input.values.reserve(bytes);
    int64_t count = bytes / static_cast<int64_t>(dtypeBytes(parameter.dtype));
    for (int64_t i = 0; i < count; ++i)
      store(parameter.dtype, input.values.data(), i, value);
  }
}

void Session::advance(const int64_t *ids, size_t count) {
  Executor &executor = count == 1 && decoder ? *decoder : this->executor;
  const Entry &entry = executor.entry();
  fillInputs(ids, count);
  std::vector<Shape> shapes(entry.inputs.size());
  std::vector<const std::byte *> data(entry.inputs.size());
  for (size_t i = 0; i < entry.inputs.size(); ++i)
    if (entry.inputs[i].value)
      shapes[i] = entry.inputs[i].shape,
      data[i] = entry.inputs[i].value->data();
    else
      shapes[i] = inputs[i].shape, data[i] = inputs[i].values.data();
  for (size_t i = 0; i < states.size(); ++i)
    shapes[states[i].input] = current.shapes[i],
    data[states[i].input] = current.values[i].data();
  for (size_t i = 0; i < shapes.size(); ++i)
    executor.checkInput(i, entry.inputs[i].dtype, shapes[i]);

  const std::vector<Shape> &outputShapes = executor.plan(shapes);
  std::vector<std::byte *> outputs(entry.outputs.size());
  auto place = [&](size_t output, Buffer &buffer) {
    buffer.reserve(
        tensorBytes(entry.outputs[output].dtype, outputShapes[output]));
    outputs[output] = buffer.data();
  };
  for (size_t i = 0; i < states.size(); ++i) {
    next.shapes[i] = outputShapes[states[i].output];
    executor.checkInput(states[i].input, entry.inputs[states[i].input].dtype,
                        next.shapes[i]);
    place(states[i].output, next.values[i]);
  }
  // One buffer: logits of a whole prefill are large, and after an error nobody
  // needs the old ones.
  lastLogits.present = false;
  lastLogits.shape = outputShapes[logitsOutput];
  place(logitsOutput, lastLogits.values);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i])
      place(i, otherOutputs[i]);
  executor.run(data, outputs);

  next.position = current.position + count;
  next.padding = current.padding;
  lastLogits.present = true;
  std::swap(current, next);
}

const Logits &Session::logits() const {
  if (!lastLogits.present)
    refuse("there are no logits yet: prefill or decode first");
  return lastLogits;
}

std::vector<int64_t> Session::sample(const jarana_sampling &how) const {
  const Logits &from = logits();
  int64_t vocabulary = from.shape.back(), rows = 1;
  for (size_t d = 0; d + 1 < from.shape.size(); ++d)
    rows *= from.shape[d];
  if (rows % options.batch != 0 || rows == 0)
    refuse("the logits " + print(from.shape) +
           " do not divide among a batch of " + std::to_string(options.batch));
  std::vector<int64_t> result;
  std::vector<float> row(vocabulary);
  for (uint32_t b = 0; b < options.batch; ++b) {
    int64_t last = (b + 1) * (rows / options.batch) - 1;
    for (int64_t i = 0; i < vocabulary; ++i)
      row[i] =
          floatAt(logitsDtype(), from.values.data(), last * vocabulary + i);
    result.push_back(
        runtime::sample(row, how, current.position * options.batch + b));
  }
  return result;
}

StateValues Session::copyState() const {
  StateValues copy;
  copy.position = current.position;
  copy.padding = current.padding;
  copy.shapes = current.shapes;
  copy.values.resize(states.size());
  for (size_t i = 0; i < states.size(); ++i)
    copyBuffer(copy.values[i], current.values[i],
               tensorBytes(executor.entry().inputs[states[i].input].dtype,
                           current.shapes[i]));
  return copy;
}

void Session::restore(const StateValues &state) {
  for (size_t i = 0; i < states.size(); ++i)
    copyBuffer(next.values[i], state.values[i],
               tensorBytes(executor.entry().inputs[states[i].input].dtype,
                           state.shapes[i]));
  next.shapes = state.shapes;
  next.position = state.position;
  next.padding = state.padding;
  std::swap(current, next);
  lastLogits.present = false;
}

std::unique_ptr<Session> Session::fork() const {
  auto copy = std::make_unique<Session>(executor.owner(), options);
  copy->restore(current);
  if (lastLogits.present) {
    copy->lastLogits.shape = lastLogits.shape;
    copyBuffer(copy->lastLogits.values, lastLogits.values,
               tensorBytes(logitsDtype(), lastLogits.shape));
    copy->lastLogits.present = true;
  }
  return copy;
}

} // namespace jarana::runtime
