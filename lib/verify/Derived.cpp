#include "lib/verify/Derived.h"

#include "lib/reference/MlirTensors.h"
#include "lib/reference/operators/Support.h"
#include "lib/verify/Compare.h"

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {
namespace {

/// What derive-state says of a function's arguments and results.
constexpr StringLiteral stateAttr = "hybrid.state";

/// Positions [begin, end) of an axis.
ExactTensor positions(const ExactTensor &x, int64_t axis, int64_t begin,
                      int64_t end) {
  Shape shape = x.shape, strides = stridesOf(x.shape);
  shape[axis] = end - begin;
  return strided(x, shape, strides, begin * strides[axis]);
}

/// A derived function and the one that it comes from, by the names of the plan.
class Pieces {
public:
  Pieces(func::FuncOp derived, func::FuncOp main, DictionaryAttr plan)
      : derived(derived), main(main), ids(text(plan, "ids")),
        mask(text(plan, "mask")), positionIds(text(plan, "positions")),
        logits(text(plan, "logits")) {
    if (auto tensors = plan.getAs<ArrayAttr>("tensors"))
      for (auto tensor : tensors.getAsRange<DictionaryAttr>())
        states[text(tensor, "input")] = text(tensor, "output");
  }

  /// The number of tokens that the function takes at once; 0: any.
  int64_t tokensAtOnce() {
    for (unsigned i = 0; i < derived.getNumArguments(); ++i)
      if (nameOf(derived, false, i) == ids) {
        auto type = cast<RankedTensorType>(derived.getArgumentTypes()[i]);
        return type.isDynamicDim(1) ? 0 : type.getDimSize(1);
      }
    return 0;
  }

  std::optional<int64_t> lengthOf(const ExactTensors &whole) {
    const ExactTensor *found = named(whole, ids);
    return found && found->rank() == 2 ? std::optional(found->shape[1])
                                       : std::nullopt;
  }

  /// The function's inputs for positions [begin, end) of a whole sequence.
  std::optional<ExactTensors> inputs(const ExactTensors &whole, int64_t begin,
                                     int64_t end) {
    const ExactTensor *tokens = named(whole, ids);
    Sizes sizes;
    for (const std::string &symbol : symbolsOf(derived))
      sizes[symbol] =
          StringRef(symbol).contains_insensitive("past") ? begin : end - begin;
    sizes[firstSymbol()] = tokens->shape[0];
    ExactTensors result;
    for (unsigned i = 0; i < derived.getNumArguments(); ++i) {
      std::string name = nameOf(derived, false, i);
      if (auto carried = carriedStates.find(name);
          carried != carriedStates.end()) {
        result.push_back(carried->second);
      } else if (states.contains(name)) {
        Shape shape;
        for (const std::string &dim : dimsOf(derived, false, i)) {
          auto size = evaluate(dim, sizes);
          if (!size || *size < 0)
            return std::nullopt;
          shape.push_back(*size);
        }
        auto type = cast<RankedTensorType>(derived.getArgumentTypes()[i]);
        result.emplace_back(dtypeOf(type.getElementType()), shape);
      } else if (const ExactTensor *own = named(whole, name)) {
        bool isMask = name == mask;
        result.push_back(
            isMask || name == ids || name == positionIds
                ? positions(*own, own->rank() - 1, isMask ? 0 : begin, end)
                : *own);
      } else if (name == positionIds) {
        result.push_back(countedFrom(begin, i, sizes));
      } else {
        return std::nullopt;
      }
    }
    return result;
  }

  /// Keeps the next states, and gives the logits.
  const ExactTensor *take(ExactTensors &outputs) {
    const ExactTensor *result = nullptr;
    for (unsigned i = 0; i < outputs.size(); ++i) {
      std::string name = nameOf(derived, true, i);
      if (name == logits)
        result = &outputs[i];
      for (const auto &[input, output] : states)
        if (output == name)
          carriedStates[input] = outputs[i];
    }
    return result;
  }

  /// Where the states differ from those that `other` has; empty: nowhere.
  std::string differenceOfStates(const Pieces &other) const {
    for (const auto &[name, state] : carriedStates) {
      auto found = other.carriedStates.find(name);
      if (found == other.carriedStates.end())
        return "there is no '" + name + "'";
      if (std::string where = difference(found->second, state); !where.empty())
        return "'" + name + "' differs " + where;
    }
    return "";
  }

  const ExactTensor *logitsOf(const ExactTensors &outputs) {
    for (unsigned i = 0; i < outputs.size(); ++i)
      if (nameOf(main, true, i) == logits)
        return &outputs[i];
    return nullptr;
  }

private:
  static std::string text(DictionaryAttr plan, StringRef name) {
    auto attribute = plan.getAs<StringAttr>(name);
    return attribute ? attribute.str() : "";
  }
  /// Positions from `begin` on, for an argument that @main does not have.
  ExactTensor countedFrom(int64_t begin, unsigned argument,
                          const Sizes &sizes) {
    Shape shape;
    for (const std::string &dim : dimsOf(derived, false, argument))
      shape.push_back(evaluate(dim, sizes).value_or(0));
    ExactTensor result(DType::i64, shape);
    countPositions(result.ints, shape, begin);
    return result;
  }
  const ExactTensor *named(const ExactTensors &whole, const std::string &name) {
    for (unsigned i = 0; i < whole.size(); ++i)
      if (nameOf(main, false, i) == name)
        return &whole[i];
    return nullptr;
  }
  /// The batch's.
  std::string firstSymbol() {
    for (unsigned i = 0; i < derived.getNumArguments(); ++i)
      if (nameOf(derived, false, i) == ids)
        return dimsOf(derived, false, i).front();
    return "";
  }

  func::FuncOp derived, main;
  std::string ids, mask, positionIds, logits;
  std::map<std::string, std::string> states;
  std::map<std::string, ExactTensor> carriedStates;
};

/// Where the logits of the pieces of a sequence differ from the whole's; empty:
/// nowhere. `declined` is set where a piece is not taken. `atOnce`: all
/// positions are one piece.
std::string compare(Evaluator &evaluator, func::FuncOp derived,
                    func::FuncOp main, const Run &whole, Pieces &pieces,
                    bool atOnce, std::string &declined) {
  const ExactTensor *expected = pieces.logitsOf(whole.outputs);
  auto length = pieces.lengthOf(whole.inputs);
  if (!expected || !length || expected->rank() < 2) {
    declined = "its plan names no logits or no tokens of @main";
    return "";
  }
  int64_t step = pieces.tokensAtOnce();
  for (int64_t begin = 0, end; begin < *length; begin = end) {
    end = step != 0               ? begin + step
          : begin == 0 && !atOnce ? (*length + 1) / 2
                                  : *length;
    if (end > *length)
      break;
    auto inputs = pieces.inputs(whole.inputs, begin, end);
    if (!inputs) {
      declined = "an input's size or value is not known";
      return "";
    }
    Run run = evaluator.run(derived, std::move(*inputs), whole.weights);
    std::string where = "positions " + std::to_string(begin) + " to " +
                        std::to_string(end) + " of " + std::to_string(*length);
    if (run.refused) {
      declined = where + " are refused";
      return "";
    }
    if (!run.error.empty())
      return where + ": " + run.error;
    const ExactTensor *found = pieces.take(run.outputs);
    if (!found)
      return "it gives no logits";
    // A graph may give the last position alone.
    int64_t at = expected->shape[1] == *length ? end - 1 : 0;
    std::string differs =
        end == *length || expected->shape[1] == *length
            ? difference(positions(*expected, 1, at, at + 1), *found)
            : "";
    if (!differs.empty())
      return "after " + where +
             ", fed piece by piece, the logits differ from " + "those of @" +
             main.getName().str() + " " + differs;
  }
  return "";
}
} // namespace

bool isDerived(func::FuncOp function) { return function->hasAttr(stateAttr); }

Derivation checkDerived(Evaluator &evaluator, func::FuncOp derived) {
  Derivation result;
  auto main =
      derived->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>("main");
  auto plan = derived->getAttrOfType<DictionaryAttr>(stateAttr);
  auto once = derived->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(
      "prefill");
  if (once && !isDerived(once))
    once = {};
  if (!main || !plan) {
    result.declined = "there is no @main or no plan of the states";
    return result;
  }
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (main.getArgAttr(i, "hybrid.default")) {
      result.declined = "an input of @main has a default value, which the "
                        "derived functions take as a constant";
      return result;
    }
  result.declined = "no small sequence is taken by @main";
  for (const Sizes &sizes : smallSizes(main)) {
    constexpr uint64_t weightsSeed = 1;
    auto inputs = drawInputs<Exact>(main, sizes, 1);
    if (!inputs)
      continue;
    Run whole = evaluator.run(main, std::move(*inputs), weightsSeed);
    if (!whole.succeeded())
      continue;
    std::string declined;
    Pieces pieces(derived, main, plan);
    result.difference = compare(evaluator, derived, main, whole, pieces,
                                /*atOnce=*/false, declined);
    if (once && declined.empty() && result.difference.empty()) {
      Pieces all(once, main, once->getAttrOfType<DictionaryAttr>(stateAttr));
      result.difference = compare(evaluator, once, main, whole, all,
                                  /*atOnce=*/true, declined);
      if (std::string states = pieces.differenceOfStates(all);
          declined.empty() && result.difference.empty() && !states.empty())
        result.difference = "after a sequence that is fed piece by piece, " +
                            states + " from what @" + once.getName().str() +
                            " leaves of it at once";
    }
    if (!result.difference.empty())
      return result;
    if (declined.empty())
      ++result.checks;
    else
      result.declined = declined;
  }
  return result;
}

} // namespace jarana::verify
