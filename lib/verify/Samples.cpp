#include "lib/verify/Samples.h"

#include "lib/reference/tensor/Handlers.h"
#include "lib/verify/Limits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cctype>
#include <random>

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {
namespace {

Attribute attributeOf(func::FuncOp function, bool isResult, unsigned number,
                      StringRef name) {
  for (StringRef dialect : {"hybrid.", "onnx."}) {
    std::string full = (dialect + name).str();
    if (Attribute attribute = isResult ? function.getResultAttr(number, full)
                                       : function.getArgAttr(number, full))
      return attribute;
  }
  return {};
}

/// A recursive descent over sums, products and parentheses.
class Parser {
public:
  Parser(StringRef text, const Sizes &sizes) : text(text), sizes(sizes) {}
  std::optional<int64_t> parse() {
    auto value = sum();
    return text.ltrim().empty() ? value : std::nullopt;
  }

private:
  bool take(char c) {
    text = text.ltrim();
    return text.consume_front(StringRef(&c, 1));
  }
  std::optional<int64_t> sum() {
    auto value = product();
    for (;;) {
      bool minus = false;
      if (!take('+') && !(minus = take('-')))
        return value;
      auto other = product();
      if (!value || !other)
        return std::nullopt;
      *value += minus ? -*other : *other;
    }
  }
  std::optional<int64_t> product() {
    auto value = factor();
    while (take('*')) {
      auto other = factor();
      if (!value || !other)
        return std::nullopt;
      *value *= *other;
    }
    return value;
  }
  std::optional<int64_t> factor() {
    if (take('-')) {
      auto value = factor();
      return value ? std::optional(-*value) : value;
    }
    if (take('(')) {
      auto value = sum();
      return take(')') ? value : std::nullopt;
    }
    text = text.ltrim();
    StringRef word = text.take_until([](char c) {
      return std::isspace(static_cast<unsigned char>(c)) ||
             StringRef("+-*()").contains(c);
    });
    text = text.drop_front(word.size());
    int64_t number;
    if (!word.getAsInteger(10, number))
      return number;
    auto found = sizes.find(word.str());
    return found == sizes.end() ? std::nullopt : std::optional(found->second);
  }

  StringRef text;
  const Sizes &sizes;
};

uint64_t hashOfText(StringRef text) {
  uint64_t hash = 0;
  for (char c : text)
    hash = mixed(hash ^ static_cast<unsigned char>(c));
  return hash;
}

template <class Real> Real drawReal(std::mt19937_64 &random) {
  if constexpr (std::is_same_v<Real, double>)
    return static_cast<float>(static_cast<double>(random() >> 40) * 0x1p-23 -
                              1);
  else
    return Real::drawn(random());
}

/// Later sequences of a batch are padded on the left, each by one more, but for
/// their last position.
void drawMask(std::vector<int64_t> &mask, const Shape &shape) {
  int64_t length = shape.empty() ? 1 : shape.back();
  for (size_t i = 0; i < mask.size(); ++i) {
    int64_t row = static_cast<int64_t>(i) / length,
            at = static_cast<int64_t>(i) % length;
    mask[i] = at >= std::min(row, length - 1);
  }
}
} // namespace

std::string nameOf(func::FuncOp function, bool isResult, unsigned number) {
  if (auto name = dyn_cast_if_present<StringAttr>(
          attributeOf(function, isResult, number, "name")))
    return name.str();
  return (isResult ? "result " : "argument ") + std::to_string(number);
}

std::vector<std::string> dimsOf(func::FuncOp function, bool isResult,
                                unsigned number) {
  Type type = isResult ? function.getResultTypes()[number]
                       : function.getArgumentTypes()[number];
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (!shaped)
    return {};
  std::vector<std::string> dims;
  auto names = dyn_cast_if_present<ArrayAttr>(
      attributeOf(function, isResult, number, "dims"));
  for (auto [d, size] : llvm::enumerate(shaped.getShape())) {
    auto name = names && d < names.size() ? dyn_cast<StringAttr>(names[d])
                                          : StringAttr();
    if (!ShapedType::isDynamic(size))
      dims.push_back(std::to_string(size));
    else if (name && name != "?")
      dims.push_back(name.str());
    else
      dims.push_back((isResult ? "result" : "arg") + std::to_string(number) +
                     "." + std::to_string(d));
  }
  return dims;
}

std::optional<int64_t> evaluate(const std::string &expression,
                                const Sizes &sizes) {
  // Names may have any characters: a whole name comes first.
  auto found = sizes.find(expression);
  return found == sizes.end() ? Parser(expression, sizes).parse()
                              : found->second;
}

std::vector<std::string> symbolsOf(func::FuncOp function) {
  std::vector<std::string> symbols;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    for (const std::string &dim : dimsOf(function, false, i)) {
      SmallVector<StringRef> words;
      llvm::SplitString(dim, words, " +-*()");
      for (StringRef word : words)
        if (!std::isdigit(static_cast<unsigned char>(word.front())) &&
            !llvm::is_contained(symbols, word))
          symbols.push_back(word.str());
    }
  return symbols;
}

namespace {
enum class Role { Batch, Length, Past, All, Window };

/// What a symbol stands for, from its name and from where it is used first:
/// graphs that were traced call their symbols s44.
Role roleOf(func::FuncOp function, const std::string &symbol) {
  StringRef name(symbol);
  if (name.contains_insensitive("batch"))
    return Role::Batch;
  if (name.contains_insensitive("past"))
    return Role::Past;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    std::vector<std::string> dims = dimsOf(function, false, i);
    auto found = llvm::find(dims, symbol);
    if (found == dims.end())
      continue;
    std::string text = nameOf(function, false, i);
    StringRef argument(text);
    if (argument.contains_insensitive("conv"))
      return found == dims.begin() ? Role::Batch : Role::Window;
    if (name.contains_insensitive("seq"))
      return Role::Length;
    if (found == dims.begin() && dims.size() > 1)
      return Role::Batch;
    if (argument.contains_insensitive("mask"))
      return Role::All;
    return argument.contains_insensitive("key") ||
                   argument.contains_insensitive("value")
               ? Role::Past
               : Role::Length;
  }
  return Role::Length;
}
} // namespace

std::vector<Sizes> smallSizes(func::FuncOp function) {
  std::vector<std::string> symbols = symbolsOf(function);
  bool hasLength = llvm::any_of(symbols, [&](const std::string &symbol) {
    return roleOf(function, symbol) == Role::Length;
  });
  struct Choice {
    int64_t batch, length, past;
  };
  std::vector<Sizes> all;
  for (Choice choice :
       {Choice{1, 1, 0}, Choice{2, 3, 2}, Choice{1, 17, 5}, Choice{1, 16, 4}}) {
    constexpr int64_t window = 4; // of a convolution
    Sizes sizes;
    for (const std::string &symbol : symbols)
      switch (roleOf(function, symbol)) {
      case Role::Batch:
        sizes[symbol] = choice.batch;
        break;
      case Role::Length:
        sizes[symbol] = choice.length;
        break;
      case Role::Past:
        sizes[symbol] = choice.past;
        break;
      case Role::All:
        sizes[symbol] = choice.past + (hasLength ? choice.length : 1);
        break;
      case Role::Window:
        sizes[symbol] = window;
        break;
      }
    if (!llvm::is_contained(all, sizes))
      all.push_back(std::move(sizes));
  }
  return all;
}

void countPositions(std::vector<int64_t> &positions, const Shape &shape,
                    int64_t begin) {
  int64_t length = shape.empty() ? 1 : shape.back();
  for (size_t n = 0; n < positions.size(); ++n)
    positions[n] = begin + static_cast<int64_t>(n) % length;
}

template <class Real>
std::optional<TensorsOf<Real>> drawInputs(func::FuncOp function,
                                          const Sizes &sizes, uint64_t seed,
                                          uint64_t integers) {
  int64_t past = 0;
  for (const std::string &symbol : symbolsOf(function))
    if (auto size = sizes.find(symbol);
        size != sizes.end() && roleOf(function, symbol) == Role::Past)
      past = size->second;
  TensorsOf<Real> inputs;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    Shape shape;
    for (const std::string &dim : dimsOf(function, false, i)) {
      auto size = evaluate(dim, sizes);
      if (!size || *size < 0)
        return std::nullopt;
      shape.push_back(*size);
    }
    std::string name = nameOf(function, false, i);
    if (numbersOf(shape) > static_cast<double>(kMostNumbers))
      return std::nullopt;
    TensorOf<Real> input(elementTypeOf(function.getArgumentTypes()[i]), shape);
    std::mt19937_64 random(mixed(seed) ^ hashOfText(name));
    for (Real &value : input.reals)
      value = drawReal<Real>(random);
    if (StringRef(name).contains_insensitive("mask") ||
        input.dtype == DType::boolean) {
      drawMask(input.ints, shape);
    } else if (StringRef(name).contains_insensitive("position")) {
      countPositions(input.ints, shape, past);
    } else {
      for (int64_t &value : input.ints)
        value = static_cast<int64_t>(random() % integers);
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

template std::optional<TensorsOf<double>>
drawInputs(func::FuncOp, const Sizes &, uint64_t, uint64_t);
template std::optional<TensorsOf<Exact>> drawInputs(func::FuncOp, const Sizes &,
                                                    uint64_t, uint64_t);

} // namespace jarana::verify
