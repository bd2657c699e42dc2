#include "runtime/Call.h"
#include "runtime/Status.h"

#include <cstring>

namespace jarana::runtime {

static bool isAligned(const void *data) {
  return reinterpret_cast<uintptr_t>(data) % 64 == 0;
}

Call::Call(std::shared_ptr<const Bundle> bundle, const std::string &entry,
           uint32_t threads)
    : executor(bundle, entry, makeTeam(*bundle, threads)) {
  inputs.resize(executor.entry().inputs.size());
  outputs.resize(executor.entry().outputs.size());
}

void Call::setInput(const std::string &name, const jarana_tensor &tensor) {
  size_t index = executor.entry().input(name);
  if (tensor.rank > 64 || (tensor.rank > 0 && !tensor.shape))
    refuse("input '" + name + "' has no valid shape");
  Shape shape(tensor.shape, tensor.shape + tensor.rank);
  executor.checkInput(index, tensor.dtype, shape);
  if (!tensor.data && tensorBytes(tensor.dtype, shape) > 0)
    refuse("input '" + name + "' has no data");
  inputs[index].set = true;
  inputs[index].data = tensor.data;
  inputs[index].shape = std::move(shape);
}

void Call::setOutput(const std::string &name, void *data, uint64_t bytes) {
  Output &output = outputs[executor.entry().output(name)];
  output.given = data;
  output.capacity = data ? bytes : 0;
  output.result = nullptr;
}

void Call::run() {
  finished = false;
  const Entry &entry = executor.entry();
  std::vector<Shape> shapes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Parameter &parameter = entry.inputs[i];
    if (!inputs[i].set && !parameter.value)
      refuse("input '" + parameter.name + "' was not given");
    shapes.push_back(inputs[i].set ? inputs[i].shape : parameter.shape);
  }
  const std::vector<Shape> &outputShapes = executor.plan(shapes);

  std::vector<const std::byte *> inputData;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Input &input = inputs[i];
    if (!input.set) {
      inputData.push_back(entry.inputs[i].value->data());
      continue;
    }
    int64_t bytes = tensorBytes(entry.inputs[i].dtype, input.shape);
    if (bytes > 0 && isAligned(input.data)) {
      inputData.push_back(static_cast<const std::byte *>(input.data));
      continue;
    }
    input.copy.reserve(bytes);
    if (bytes > 0)
      std::memcpy(input.copy.data(), input.data, bytes);
    inputData.push_back(input.copy.data());
  }

  std::vector<std::byte *> outputData;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Output &output = outputs[i];
    output.shape = outputShapes[i];
    uint64_t bytes = tensorBytes(entry.outputs[i].dtype, output.shape);
    if (output.given && output.capacity < bytes)
      refuse("the buffer of output '" + entry.outputs[i].name + "' has " +
             std::to_string(output.capacity) + " bytes, " +
             print(output.shape) + " needs " + std::to_string(bytes));
    bool direct = output.given && isAligned(output.given);
    if (!direct)
      output.own.reserve(bytes);
    outputData.push_back(direct ? static_cast<std::byte *>(output.given)
                                : output.own.data());
  }
  executor.run(inputData, outputData);

  for (size_t i = 0; i < outputs.size(); ++i) {
    Output &output = outputs[i];
    output.result = outputData[i];
    if (!output.given || output.given == outputData[i])
      continue;
    std::memcpy(output.given, outputData[i],
                tensorBytes(entry.outputs[i].dtype, output.shape));
    output.result = static_cast<std::byte *>(output.given);
  }
  finished = true;
}

jarana_tensor Call::output(const std::string &name) const {
  size_t index = executor.entry().output(name);
  const Output &output = outputs[index];
  if (!finished || !output.result)
    refuse("output '" + name + "' has no value: run first");
  return {executor.entry().outputs[index].dtype, output.shape.size(),
          output.shape.data(), output.result};
}

} // namespace jarana::runtime
