#include "lib/tokenizer/Tokenizer.h"
#include "lib/tokenizer/Split.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace jarana::tokenizer {
namespace {

std::string
utf8(uint32_t code) { // below U+0800: all that byte-level spelling needs
  if (code < 0x80)
    return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6),
          static_cast<char>(0x80 | (code & 0x3F))};
}

/// GPT-2's spelling of bytes: printable Latin-1 characters stand for
/// themselves, the others for U+0100 and up, in order.
void spellBytes(std::string (&spelled)[256]) {
  uint32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    bool printable = (byte >= 0x21 && byte <= 0x7E) ||
                     (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    spelled[byte] = utf8(printable ? byte : next++);
  }
}

/// Whether the pre-tokenizer is Llama 3's; throws where it is neither that nor
/// GPT-2's.
bool isLlama3(const json &preTokenizer) {
  auto byteLevel = [](const json &part, bool withPattern) {
    return part.value("type", "") == "ByteLevel" &&
           part.value("use_regex", true) == withPattern &&
           !part.value("add_prefix_space", true);
  };
  if (preTokenizer.is_object() && byteLevel(preTokenizer, true))
    return false;
  if (preTokenizer.is_object() &&
      preTokenizer.value("type", "") == "Sequence") {
    const json &parts = preTokenizer.at("pretokenizers");
    if (parts.size() == 2 && parts[0].value("type", "") == "Split" &&
        parts[0].value("behavior", "") == "Isolated" &&
        !parts[0].value("invert", false) &&
        parts[0].at("pattern").value("Regex", "") == llama3Pattern &&
        byteLevel(parts[1], false))
      return true;
  }
  throw Error("this pre-tokenizer is not supported; there are: ByteLevel "
              "without a prefix space, and Llama 3's Split and ByteLevel");
}

} // namespace

Tokenizer Tokenizer::load(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error("cannot open '" + path + "'");
  try {
    json root = json::parse(file);
    const json &model = root.at("model");
    if (model.value("type", "BPE") != "BPE")
      throw Error("the model is " + model.at("type").get<std::string>() +
                  ", only BPE is supported");
    if (!root.value("normalizer", json()).is_null())
      throw Error("normalizers are not supported");
    for (const char *option :
         {"continuing_subword_prefix", "end_of_word_suffix", "dropout"})
      if (const json &value = model.value(option, json());
          !value.is_null() && value != "")
        throw Error(std::string("'") + option + "' is not supported");
    Tokenizer result;
    spellBytes(result.byteText);
    result.llama3 = isLlama3(root.value("pre_tokenizer", json()));
    result.ignoreMerges = model.value("ignore_merges", false);
    for (const auto &[token, id] : model.at("vocab").items())
      result.vocabulary.emplace(token, id.get<int64_t>());
    auto id = [&](const std::string &token) {
      auto found = result.vocabulary.find(token);
      if (found == result.vocabulary.end())
        throw Error("merges name the token '" + token +
                    "', which is not in the vocabulary");
      return found->second;
    };
    int64_t rank = 0;
    for (const json &merge : model.at("merges")) {
      std::string left, right;
      if (merge.is_array()) {
        left = merge.at(0).get<std::string>(),
        right = merge.at(1).get<std::string>();
      } else {
        std::string text = merge.get<std::string>();
        size_t space = text.find(' ');
        left = text.substr(0, space),
        right = space == std::string::npos ? "" : text.substr(space + 1);
      }
      result.merges.emplace(Pair{id(left), id(right)},
                            Merge{rank++, id(left + right)});
    }
    for (const json &token : root.value("added_tokens", json::array())) {
      if (token.value("single_word", false) || token.value("lstrip", false) ||
          token.value("rstrip", false))
        throw Error("added tokens with single_word, lstrip or rstrip are not "
                    "supported");
      result.added.emplace_back(token.at("content").get<std::string>(),
                                token.at("id").get<int64_t>());
    }
    std::sort(result.added.begin(), result.added.end(),
              [](const auto &a, const auto &b) {
                return a.first.size() > b.first.size();
              });
    return result;
  } catch (const std::exception &e) {
    throw Error("'" + path + "': " + e.what());
  }
}

std::vector<int64_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int64_t> ids;
  while (!text.empty()) {
    // The first added token in the text; of those that start at one place, the
    // longest.
    size_t at = std::string_view::npos;
    const std::pair<std::string, int64_t> *token = nullptr;
    for (const auto &candidate : added)
      if (size_t found = candidate.first.empty() ? std::string_view::npos
                                                 : text.find(candidate.first);
          found < at)
        at = found, token = &candidate;
    encodeText(text.substr(0, at), ids);
    if (!token)
      break;
    ids.push_back(token->second);
    text.remove_prefix(at + token->first.size());
  }
  return ids;
}

void Tokenizer::encodeText(std::string_view text,
                           std::vector<int64_t> &ids) const {
  for (std::string_view piece : llama3 ? splitLlama3(text) : splitGpt2(text)) {
    auto found = known.find(std::string(piece));
    if (found == known.end())
      found = known.emplace(std::string(piece), encodePiece(piece)).first;
    ids.insert(ids.end(), found->second.begin(), found->second.end());
  }
}

std::vector<int64_t> Tokenizer::encodePiece(std::string_view piece) const {
  std::string spelled;
  for (unsigned char byte : piece)
    spelled += byteText[byte];
  if (ignoreMerges)
    if (auto whole = vocabulary.find(spelled); whole != vocabulary.end())
      return {whole->second};
  std::vector<int64_t> parts;
  for (unsigned char byte : piece) {
    auto found = vocabulary.find(byteText[byte]);
    if (found == vocabulary.end())
      throw Error("the vocabulary has no token for the byte " +
                  std::to_string(byte));
    parts.push_back(found->second);
  }
  for (;;) {
    const Merge *best = nullptr;
    size_t place = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i)
      if (auto merge = merges.find({parts[i], parts[i + 1]});
          merge != merges.end() && (!best || merge->second.rank < best->rank))
        best = &merge->second, place = i;
    if (!best)
      return parts;
    parts[place] = best->result;
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

} // namespace jarana::tokenizer
