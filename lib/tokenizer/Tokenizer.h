// Byte-level BPE as Hugging Face's tokenizer.json files describe it (GPT-2's
// and Llama 3's pre-tokenizers). Encoding only: what a perplexity needs.
#pragma once

#include "jarana/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace jarana::tokenizer {

class Tokenizer {
public:
  /// Throws Error naming the file and the part of it that is not supported.
  static Tokenizer load(const std::string &path);

  /// The ids of `text` (UTF-8). Added tokens are recognised in it; none are put
  /// around it.
  std::vector<int64_t> encode(std::string_view text) const;

private:
  struct Merge {
    int64_t rank, result;
  };
  using Pair = std::pair<int64_t, int64_t>;
  struct PairHash {
    size_t operator()(const Pair &pair) const {
      return std::hash<uint64_t>()(uint64_t(pair.first) << 32 ^
                                   uint64_t(pair.second));
    }
  };

  std::vector<int64_t> encodePiece(std::string_view piece) const;
  void encodeText(std::string_view text, std::vector<int64_t> &ids) const;

  std::unordered_map<std::string, int64_t> vocabulary;
  std::unordered_map<Pair, Merge, PairHash> merges;
  std::vector<std::pair<std::string, int64_t>> added; // longest first
  std::string byteText[256]; // how a byte is spelled in the vocabulary
  bool llama3 = false, ignoreMerges = false;
  mutable std::unordered_map<std::string, std::vector<int64_t>> known;
};

} // namespace jarana::tokenizer
