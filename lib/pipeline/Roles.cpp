#include "lib/pipeline/Roles.h"
#include "lib/pipeline/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

namespace jarana::pipeline {
namespace {

using bundle::Dim;
using bundle::Number;
using bundle::TensorSpec;

bool isInteger(const TensorSpec &spec) {
  return llvm::StringRef(spec.dtype).contains("int");
}
bool isFloat(const TensorSpec &spec) {
  return llvm::StringRef(spec.dtype).contains("float");
}
/// The types of ids and positions that a session fills.
bool isIndex(const TensorSpec &spec) {
  return spec.dtype == "int64" || spec.dtype == "int32";
}

std::string textOf(const Dim &dim) {
  return dim.symbol.empty() ? std::to_string(dim.size) : dim.symbol;
}

bool contains(const std::string &name,
              std::initializer_list<llvm::StringRef> parts) {
  std::string lower = llvm::StringRef(name).lower();
  return llvm::any_of(parts, [&](llvm::StringRef part) {
    return llvm::StringRef(lower).contains(part);
  });
}

/// Numbers of positions and the like, by parts of their names.
struct NumberName {
  llvm::StringLiteral part;
  Number value;
};
constexpr NumberName numberNames[] = {{"logits_to_keep", Number::One},
                                      {"num_logits", Number::One},
                                      {"use_cache_branch", Number::Continues},
                                      {"seqlens_k", Number::Last},
                                      {"nonpad_kv_seqlen", Number::Total},
                                      {"total_seq", Number::Total},
                                      {"total_length", Number::Total},
                                      {"write_ind", Number::Past},
                                      {"past_seq", Number::Past},
                                      {"past_len", Number::Past},
                                      {"cache_len", Number::Past},
                                      {"start_pos", Number::Past},
                                      {"input_pos", Number::Past},
                                      {"cache_position", Number::Past}};

class Finder {
public:
  Finder(const bundle::EntrySpec &signature, const Dependencies &dependencies,
         const InputUses &uses, const SessionRoles &stated)
      : signature(signature), dependencies(dependencies), uses(uses),
        stated(stated), takenInputs(signature.inputs.size()),
        takenOutputs(signature.outputs.size()) {
    for (size_t i = 0; i < signature.inputs.size(); ++i)
      if (!signature.inputs[i].value.empty())
        takenInputs.set(i); // a session leaves it at its default
  }

  FoundRoles run(const std::string &entry) {
    FoundRoles found;
    takeStated();
    if (!ids)
      findIds();
    if (ids)
      readTokenSizes();
    takeStatedPairs();
    findNumbers();
    if (!positions)
      findPositions();
    if (!mask)
      findMask();
    if (ids)
      llvm::append_range(pairs, pairStates(signature, dependencies, tokens,
                                           takenInputs, takenOutputs));
    llvm::sort(pairs,
               [](StatePair a, StatePair b) { return a.input < b.input; });
    for (StatePair pair : pairs)
      takenInputs.set(pair.input), takenOutputs.set(pair.output);
    found.carriesStates = !pairs.empty();
    if (!found.carriesStates)
      return found;
    if (!logits)
      findLogits();
    bundle::StateSpec state;
    state.entry = entry;
    for (StatePair pair : pairs)
      addState(pair, state);
    found.refusal = whyNot();
    if (!found.refusal.empty())
      return found;
    state.ids = signature.inputs[*ids].name;
    state.logits = signature.outputs[*logits].name;
    if (mask)
      state.mask = signature.inputs[*mask].name;
    if (positions)
      state.positions = signature.inputs[*positions].name;
    state.numbers = numbers;
    found.state = std::move(state);
    return found;
  }

private:
  //===- what was stated
  //---------------------------------------------------===//

  static size_t indexOf(const std::vector<TensorSpec> &list,
                        const std::string &name, const std::string &option,
                        const char *what) {
    std::string names;
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].name == name)
        return i;
      names += (i ? ", '" : "'") + list[i].name + "'";
    }
    throw OptionError("--" + option + ": the model has no " + what + " '" +
                      name + "'; its " + what + "s are " +
                      (names.empty() ? "none" : names));
  }

  std::optional<size_t> input(const std::string &name, const char *option,
                              bool fits(const TensorSpec &),
                              const char *expected) {
    if (name.empty())
      return std::nullopt;
    size_t index = indexOf(signature.inputs, name, option, "input");
    if (!fits(signature.inputs[index]))
      throw OptionError("--" + std::string(option) + ": input '" + name +
                        "' is " + describe(signature.inputs[index]) +
                        ", and must be " + expected);
    if (takenInputs[index])
      throw OptionError("--" + std::string(option) + ": input '" + name +
                        "' has another role already");
    takenInputs.set(index);
    return index;
  }

  static bool fitsIds(const TensorSpec &spec) {
    return isIndex(spec) && (spec.shape.size() == 1 || spec.shape.size() == 2);
  }
  static bool fitsPositions(const TensorSpec &spec) {
    return isIndex(spec) && spec.shape.size() >= 1 && spec.shape.size() <= 3;
  }
  static bool fitsMask(const TensorSpec &spec) {
    return spec.shape.size() == 1 || spec.shape.size() == 2;
  }
  static bool fitsLogits(const TensorSpec &spec) {
    return isFloat(spec) && spec.shape.size() >= 1 && spec.shape.size() <= 3;
  }

  void takeStated() {
    ids = input(stated.ids, "ids", fitsIds,
                "int64 or int32 of [batch, tokens] or [tokens]");
    mask = input(stated.mask, "mask", fitsMask, "of [batch, positions]");
    positions =
        input(stated.positions, "positions", fitsPositions,
              "int64 or int32 of [batch, tokens], [tokens] or [.., batch, "
              "tokens]");
    if (stated.logits.empty())
      return;
    size_t index =
        indexOf(signature.outputs, stated.logits, "logits", "output");
    if (!fitsLogits(signature.outputs[index]))
      throw OptionError("--logits: output '" + stated.logits + "' is " +
                        describe(signature.outputs[index]) +
                        ", and must be floats of [batch, tokens, vocabulary]");
    takenOutputs.set(index);
    logits = index;
  }

  /// "IN:OUT"; names may have colons themselves.
  StatePair split(const std::string &text) const {
    auto has = [](const std::vector<TensorSpec> &list, llvm::StringRef name) {
      return llvm::any_of(
          list, [&](const TensorSpec &spec) { return spec.name == name; });
    };
    size_t first = text.find(':'), at = first;
    if (first == std::string::npos)
      throw OptionError("--state: '" + text +
                        "' is not INPUT:OUTPUT, the names of a state and of "
                        "its next value");
    while (at != std::string::npos &&
           !(has(signature.inputs, text.substr(0, at)) &&
             has(signature.outputs, text.substr(at + 1))))
      at = text.find(':', at + 1);
    if (at == std::string::npos)
      at = first;
    return {indexOf(signature.inputs, text.substr(0, at), "state", "input"),
            indexOf(signature.outputs, text.substr(at + 1), "state", "output")};
  }

  void takeStatedPairs() {
    for (const std::string &text : stated.states) {
      StatePair pair = split(text);
      const TensorSpec &from = signature.inputs[pair.input],
                       &to = signature.outputs[pair.output];
      int grows = -1;
      if (!canBePair(from, to, tokens, grows))
        throw OptionError("--state: input '" + from.name + "' is " +
                          describe(from) + " and output '" + to.name + "' is " +
                          describe(to) +
                          "; a state and its next value are of one type, and "
                          "of one shape but for a dimension that counts the "
                          "past");
      if (takenInputs[pair.input] || takenOutputs[pair.output])
        throw OptionError("--state: '" + text + "': " +
                          (takenInputs[pair.input] ? "input '" + from.name
                                                   : "output '" + to.name) +
                          "' has another role already");
      takenInputs.set(pair.input);
      takenOutputs.set(pair.output);
      pairs.push_back(pair);
    }
  }

  //===- what is found out
  //-------------------------------------------------===//

  /// The only free input that fits, or the only one whose name has one of the
  /// parts too; none where there is a choice.
  std::optional<size_t>
  choose(llvm::function_ref<bool(const TensorSpec &)> fits,
         std::initializer_list<std::initializer_list<llvm::StringRef>> parts,
         bool byTypeAlone) {
    std::vector<size_t> possible;
    for (size_t i = 0; i < signature.inputs.size(); ++i)
      if (!takenInputs[i] && fits(signature.inputs[i]))
        possible.push_back(i);
    for (const auto &names : parts) {
      std::vector<size_t> named;
      llvm::copy_if(possible, std::back_inserter(named), [&](size_t i) {
        return contains(signature.inputs[i].name, names);
      });
      if (named.size() == 1)
        return take(named.front());
    }
    return byTypeAlone && possible.size() == 1 ? take(possible.front())
                                               : std::nullopt;
  }

  std::optional<size_t> take(size_t index) {
    takenInputs.set(index);
    return index;
  }

  void findIds() {
    ids = choose(
        [&](const TensorSpec &spec) {
          return fitsIds(spec) && !uses.numbers.contains(spec.name) &&
                 !contains(spec.name, {"mask", "pos", "type", "segment", "len",
                                       "keep", "write_ind"});
        },
        {{"input_ids"}, {"ids"}, {"token"}}, true);
  }

  void readTokenSizes() {
    const TensorSpec &spec = signature.inputs[*ids];
    tokens.length = textOf(spec.shape.back());
    if (spec.shape.size() == 2)
      tokens.batch = textOf(spec.shape.front());
  }

  bool isOfTokens(const TensorSpec &spec) const {
    return ids && !spec.shape.empty() &&
           textOf(spec.shape.back()) == tokens.length;
  }

  void findNumbers() {
    for (size_t i = 0; i < signature.inputs.size(); ++i) {
      const TensorSpec &spec = signature.inputs[i];
      bool single = spec.shape.empty() ||
                    (spec.shape.size() == 1 && spec.shape[0].symbol.empty() &&
                     spec.shape[0].size == 1);
      bool perSequence = spec.shape.size() == 1 && ids &&
                         textOf(spec.shape[0]) == tokens.batch;
      if (takenInputs[i] || !(single || perSequence) ||
          !(isInteger(spec) || spec.dtype == "bool"))
        continue;
      if (auto use = uses.numbers.find(spec.name); use != uses.numbers.end()) {
        addNumber(i, use->second == "past"   ? Number::Past
                     : use->second == "last" ? Number::Last
                                             : Number::Total);
        continue;
      }
      for (const NumberName &name : numberNames)
        if (contains(spec.name, {name.part})) {
          addNumber(i, name.value);
          break;
        }
    }
  }

  void addNumber(size_t index, Number value) {
    takenInputs.set(index);
    numbers.push_back({signature.inputs[index].name, value});
  }

  void findPositions() {
    auto fits = [&](const TensorSpec &spec) {
      return fitsPositions(spec) && isOfTokens(spec) &&
             !contains(spec.name, {"mask", "type", "segment"});
    };
    positions = choose(fits, {{"position_ids"}, {"position"}, {"pos"}}, true);
    // Exports of transformers have positions with and without the batch.
    for (size_t i = 0; positions && i < signature.inputs.size(); ++i)
      if (!takenInputs[i] && fits(signature.inputs[i]) &&
          contains(signature.inputs[i].name, {"pos"}))
        addNumber(i, Number::Positions);
  }

  void findMask() {
    mask = choose(
        [&](const TensorSpec &spec) {
          return fitsMask(spec) && !contains(spec.name, {"encoder", "cross"});
        },
        {{"attention_mask"}, {"mask"}}, false);
    if (mask)
      return;
    // Of any name: one flag per sequence and position, which nothing hands on.
    mask = choose(
        [&](const TensorSpec &spec) {
          bool flags = spec.dtype == "bool" || isInteger(spec);
          return flags && spec.shape.size() == 2 && ids &&
                 textOf(spec.shape[0]) == tokens.batch &&
                 !spec.shape[1].symbol.empty() && !isOfTokens(spec) &&
                 !contains(spec.name, {"type", "segment", "encoder", "cross"});
        },
        {}, true);
  }

  void findLogits() {
    std::vector<size_t> possible, named;
    for (size_t i = 0; i < signature.outputs.size(); ++i) {
      const TensorSpec &spec = signature.outputs[i];
      if (takenOutputs[i] || !fitsLogits(spec) ||
          !spec.shape.back().symbol.empty())
        continue;
      possible.push_back(i);
      if (contains(spec.name, {"logits"}))
        named.push_back(i);
    }
    if (named.size() == 1)
      logits = named.front();
    else if (possible.size() == 1)
      logits = possible.front();
    else
      for (size_t i : named)
        if (signature.outputs[i].name == "logits")
          logits = i;
    if (logits)
      takenOutputs.set(*logits);
  }

  void addState(StatePair pair, bundle::StateSpec &state) {
    const TensorSpec &from = signature.inputs[pair.input],
                     &to = signature.outputs[pair.output];
    bundle::StateTensor tensor{from.name, to.name, "", -1, -1};
    canBePair(from, to, tokens, tensor.grows);
    tensor.kind = kindOfState(from.name, tensor.grows >= 0);
    auto buffer = uses.buffers.find(from.name);
    if (tensor.grows < 0 && buffer != uses.buffers.end() &&
        tensor.kind != "conv" && tensor.kind != "ssm") {
      tensor.places = static_cast<int>(buffer->second);
      tensor.kind = kindOfState(from.name, true);
    } else if (tensor.grows < 0 &&
               (tensor.kind == "key" || tensor.kind == "value")) {
      refusals.push_back(
          "state '" + from.name + "' " + describe(from) +
          " holds a fixed number of past positions, and nothing says which of "
          "them are filled (export it with a symbolic number of them)");
    }
    for (size_t d = 0; d < from.shape.size(); ++d)
      if (!from.shape[d].symbol.empty() && int(d) != tensor.grows &&
          int(d) != tensor.places && textOf(from.shape[d]) != tokens.batch &&
          textOf(to.shape[d]) != tokens.batch)
        refusals.push_back("state '" + from.name + "' has the size '" +
                           from.shape[d].symbol +
                           "', which a session that starts from nothing "
                           "cannot know (--bind may fix it)");
    state.tensors.push_back(std::move(tensor));
  }

  //===- why there is no session
  //-------------------------------------------===//

  /// "input 'x' float32 [b, 4] (--state=x:OUT, where OUT is 'y' or 'z')"
  std::string notUnderstood(size_t index) const {
    const TensorSpec &spec = signature.inputs[index];
    std::vector<std::string> ways;
    if (!ids && fitsIds(spec))
      ways.push_back("--ids=" + spec.name);
    if (!positions && fitsPositions(spec) && isOfTokens(spec))
      ways.push_back("--positions=" + spec.name);
    if (!mask && spec.shape.size() == 2)
      ways.push_back("--mask=" + spec.name);
    for (size_t o = 0; o < signature.outputs.size() && ways.size() < 4; ++o) {
      int grows = -1;
      if (!takenOutputs[o] &&
          canBePair(spec, signature.outputs[o], tokens, grows))
        ways.push_back("--state=" + spec.name + ":" +
                       signature.outputs[o].name);
    }
    std::string text = "'" + spec.name + "' " + describe(spec);
    for (size_t i = 0; i < ways.size(); ++i)
      text += (i ? " or " : " (may be stated by ") + ways[i];
    return text + (ways.empty() ? "" : ")");
  }

  std::string whyNot() {
    std::vector<std::string> reasons;
    if (!ids)
      reasons.push_back("it is not clear which input is the token ids: state "
                        "it by --ids");
    if (!logits) {
      std::string names;
      for (size_t i = 0; i < signature.outputs.size(); ++i)
        if (!takenOutputs[i])
          names +=
              (names.empty() ? "'" : ", '") + signature.outputs[i].name + "'";
      reasons.push_back("it is not clear which output is the logits: state it "
                        "by --logits (there are " +
                        (names.empty() ? "none left" : names) + ")");
    }
    std::string list;
    size_t count = 0;
    for (size_t i = 0; i < signature.inputs.size(); ++i)
      if (!takenInputs[i] && ++count <= 4)
        list += (list.empty() ? "" : ", ") + notUnderstood(i);
    if (count)
      reasons.push_back(
          "a session cannot fill " +
          std::string(count == 1 ? "the input " : "the inputs ") + list +
          (count > 4 ? " and " + std::to_string(count - 4) + " more" : ""));
    llvm::append_range(reasons, refusals);
    std::string text;
    for (const std::string &reason : reasons)
      text += (text.empty() ? "" : "; ") + reason;
    return text;
  }

  const bundle::EntrySpec &signature;
  const Dependencies &dependencies;
  const InputUses &uses;
  const SessionRoles &stated;
  llvm::BitVector takenInputs, takenOutputs;
  TokenSizes tokens;
  std::optional<size_t> ids, mask, positions, logits;
  std::vector<StatePair> pairs;
  std::vector<bundle::NumberInput> numbers;
  std::vector<std::string> refusals;
};

} // namespace

FoundRoles findRoles(const std::string &entry,
                     const bundle::EntrySpec &signature,
                     const Dependencies &dependencies, const InputUses &uses,
                     const SessionRoles &stated) {
  return Finder(signature, dependencies, uses, stated).run(entry);
}

bool isStated(const SessionRoles &roles) {
  return !roles.ids.empty() || !roles.mask.empty() ||
         !roles.positions.empty() || !roles.logits.empty() ||
         !roles.states.empty();
}

} // namespace jarana::pipeline
