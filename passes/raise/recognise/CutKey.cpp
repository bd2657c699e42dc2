#include "passes/raise/recognise/CutKey.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "lib/reference/MlirTensors.h"
#include "lib/reference/Unknowns.h"
#include "llvm/Support/BLAKE3.h"

#include <bit>
#include <map>

using namespace mlir;
using jarana::reference::Tensor;
using jarana::reference::Unknowns;

namespace jarana::raise::recognise {
namespace {

/// Weights with more elements are told apart by their names.
constexpr int64_t mostElementsRead = 1 << 22;

class KeyWriter {
public:
  KeyWriter(ModuleOp slices, OwnNumbers numbers)
      : slices(slices), numbers(numbers), weights(slices) {}

  std::optional<std::string> run() {
    addNumber(static_cast<uint64_t>(numbers));
    for (Operation &op : *slices.getBody())
      if (!isa<hybrid::WeightOp>(op)) // what it holds goes where it is loaded
        op.walk<WalkOrder::PreOrder>([&](Operation *inner) { addOp(*inner); });
    if (numbers == OwnNumbers::Unknown && !anyUnknown)
      return std::nullopt;
    return std::move(key);
  }

private:
  void addNumber(uint64_t number) {
    key.append(reinterpret_cast<const char *>(&number), sizeof number);
  }
  // Names, types and attributes exist once in a context.
  void add(const void *unique) {
    addNumber(reinterpret_cast<uintptr_t>(unique));
  }
  void define(Value value) {
    add(value.getType().getAsOpaquePointer());
    numbered.try_emplace(value, numbered.size());
  }

  void addOp(Operation &op) {
    add(op.getName().getAsOpaquePointer());
    if (auto load = dyn_cast<hybrid::LoadWeightOp>(op))
      addWeight(load);
    else if (!addConstant(op))
      add(op.getAttrDictionary().getAsOpaquePointer());
    addNumber(op.getNumOperands());
    for (Value operand : op.getOperands())
      addNumber(numbered.lookup(operand));
    addNumber(op.getNumResults());
    for (Value result : op.getResults())
      define(result);
    addNumber(op.getNumRegions());
    for (Region &region : op.getRegions()) {
      addNumber(region.getBlocks().size());
      for (Block &block : region) {
        addNumber(block.getNumArguments());
        addNumber(block.getOperations().size());
        for (Value argument : block.getArguments())
          define(argument);
      }
    }
  }

  void addWeight(hybrid::LoadWeightOp load) {
    auto type = dyn_cast<RankedTensorType>(load.getType());
    try {
      if (type && type.hasStaticShape() &&
          type.getNumElements() <= mostElementsRead) {
        addTensor(*weights.get(load.getWeight()), /*always=*/true);
        return;
      }
    } catch (const Error &) { // the evaluation tells
    }
    addNumber(0);
    add(load.getWeightAttr().getAsOpaquePointer());
    Operation *weight = SymbolTable::lookupSymbolIn(slices, load.getWeight());
    add(weight ? weight->getAttrDictionary().getAsOpaquePointer() : nullptr);
  }

  /// False where the constant is one by its attributes.
  bool addConstant(Operation &op) {
    if (numbers == OwnNumbers::Known || !isa<::mlir::onnx::ConstantOp>(op))
      return false;
    auto elements = op.getAttrOfType<ElementsAttr>("value");
    if (!elements || !isa<FloatType>(elements.getElementType()) ||
        elements.getNumElements() > mostElementsRead)
      return false;
    try {
      return addTensor(reference::tensorOf(elements), /*always=*/false);
    } catch (const Error &) {
      return false;
    }
  }

  /// What is known of a tensor; `always`: also where that is all of it.
  bool addTensor(const Tensor &tensor, bool always) {
    std::string digest = reference::digestOf(tensor);
    Unknowns unknowns;
    if (numbers == OwnNumbers::Unknown)
      unknowns = reference::unknownsOf(tensor);
    if (unknowns.of.empty()) {
      if (always) {
        addNumber(1);
        key += digest;
      }
      return always;
    }
    anyUnknown = true;
    addNumber(2);
    // Those that are equal are drawn alike.
    addNumber(drawn.try_emplace(digest, drawn.size()).first->second);
    std::vector<uint64_t> words;
    words.reserve(tensor.reals.size());
    for (auto [of, real] : llvm::zip_equal(unknowns.of, tensor.reals)) {
      words.push_back(static_cast<uint64_t>(of));
      if (of == Unknowns::none)
        words.push_back(std::bit_cast<uint64_t>(real));
    }
    llvm::BLAKE3 hash;
    hash.update(
        ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(words.data()),
                          words.size() * sizeof words[0]));
    auto bytes = hash.final();
    key.append(bytes.begin(), bytes.end());
    return true;
  }

  ModuleOp slices;
  OwnNumbers numbers;
  reference::Weights weights;
  std::string key;
  DenseMap<Value, size_t> numbered;
  std::map<std::string, size_t> drawn; ///< by digest
  bool anyUnknown = false;
};

} // namespace

std::optional<std::string> keyOf(ModuleOp slices, OwnNumbers numbers) {
  return KeyWriter(slices, numbers).run();
}

} // namespace jarana::raise::recognise
