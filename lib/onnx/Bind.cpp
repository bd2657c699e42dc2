#include "lib/onnx/Bind.h"

namespace jarana::onnx {

using namespace mlir;

/// Attributes live as long as the context: what is larger is no option.
static constexpr int64_t mostElements = 4096;

static bool isDimension(const pb::GraphProto &graph, const std::string &name) {
  for (const pb::ValueInfoProto &info : graph.input())
    for (const auto &dim : info.type().tensor_type().shape().dim())
      if (dim.dim_param() == name)
        return true;
  return false;
}

void checkBindings(const pb::GraphProto &graph, const ImportOptions &options) {
  for (const auto &[name, value] : options.bind) {
    std::string dims, inputs;
    bool found = false;
    auto list = [](std::string &known, const std::string &name) {
      std::string quoted = "'" + name + "'";
      if (!name.empty() && known.find(quoted) == std::string::npos)
        known += (known.empty() ? "" : ", ") + quoted;
    };
    for (const pb::ValueInfoProto &info : graph.input()) {
      found |= info.name() == name;
      list(inputs, info.name());
      for (const auto &dim : info.type().tensor_type().shape().dim()) {
        found |= dim.dim_param() == name;
        list(dims, dim.dim_param());
      }
    }
    if (!found)
      throw Error("cannot bind '" + name +
                  "': no input has a dimension of that name (there are: " +
                  (dims.empty() ? "none" : dims) +
                  "), and no input has it (there are: " +
                  (inputs.empty() ? "none" : inputs) + ")");
  }
}

int64_t boundDimension(const std::string &name, const std::string &text) {
  int64_t number = 0;
  if (StringRef(text).getAsInteger(10, number))
    throw Error("cannot bind '" + name + "' to '" + text +
                "': a dimension is a whole number");
  if (number < 0)
    throw Error("cannot bind '" + name + "' to " + text +
                ": a dimension is not negative");
  return number;
}

const std::string *boundInput(const pb::GraphProto &graph,
                              const std::string &name,
                              const ImportOptions &options) {
  auto found = options.bind.find(name);
  return found == options.bind.end() || isDimension(graph, name)
             ? nullptr
             : &found->second;
}

ElementsAttr parseElements(const std::string &name, RankedTensorType type,
                           const std::string &text) {
  std::string what = "cannot bind input '" + name + "' to '" + text + "': ";
  if (!type.hasStaticShape())
    throw Error(what + "its dimensions are not known; bind these too");
  int64_t count = 1;
  for (int64_t dim : type.getShape())
    if (__builtin_mul_overflow(count, dim, &count) || count > mostElements)
      throw Error(what + "it has more than " + std::to_string(mostElements) +
                  " elements; make it an initializer of the model");
  StringRef list = text;
  bool isList = list.consume_front("[");
  if (isList && !list.consume_back("]"))
    throw Error(what + "a list ends with ']'");
  SmallVector<StringRef> words;
  if (!isList || !list.trim().empty())
    list.split(words, ',');
  if (static_cast<int64_t>(words.size()) != count && isList)
    throw Error(what + "it has " + std::to_string(count) + " elements, not " +
                std::to_string(words.size()));
  Type element = type.getElementType();
  SmallVector<Attribute> values;
  for (StringRef word : words) {
    word = word.trim();
    if (auto real = dyn_cast<FloatType>(element)) {
      double number = 0;
      if (word.getAsDouble(number))
        throw Error(what + "'" + word.str() + "' is not a number");
      values.push_back(FloatAttr::get(real, number));
      continue;
    }
    auto integer = cast<IntegerType>(element);
    APInt number;
    StringRef digits = word;
    bool negative = digits.consume_front("-");
    if (integer.getWidth() == 1 && (word == "true" || word == "false"))
      number = APInt(1, word == "true" ? 1 : 0);
    else if (digits.getAsInteger(10, number))
      throw Error(what + "'" + word.str() + "' is not a whole number");
    APSInt wide(number.zext(std::max(number.getBitWidth() + 1, 66U)),
                /*isUnsigned=*/false);
    if (negative)
      wide = APSInt(-wide, /*isUnsigned=*/false);
    bool isUnsigned = integer.isUnsigned() || integer.getWidth() == 1;
    if (isUnsigned ? wide.isNegative() || !wide.isIntN(integer.getWidth())
                   : !wide.isSignedIntN(integer.getWidth()))
      throw Error(what + "'" + word.str() + "' is not of its element type");
    values.push_back(IntegerAttr::get(integer, wide.trunc(integer.getWidth())));
  }
  return DenseElementsAttr::get(type, values);
}

} // namespace jarana::onnx
