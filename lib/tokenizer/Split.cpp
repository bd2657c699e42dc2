// Two patterns written out by hand: a regular expression engine that knows
// Unicode classes would be a large dependency.
#include "lib/tokenizer/Split.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace jarana::tokenizer {
namespace {

struct CodeRange {
  uint32_t first, last;
};
#include "lib/tokenizer/UnicodeRanges.inc"

template <size_t count>
bool contains(const CodeRange (&ranges)[count], uint32_t code) {
  auto after = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                                [](uint32_t value, const CodeRange &range) {
                                  return value < range.first;
                                });
  return after != std::begin(ranges) && code <= std::prev(after)->last;
}

bool isLetter(uint32_t code) { return contains(letterRanges, code); }
bool isNumber(uint32_t code) { return contains(numberRanges, code); }
bool isSpace(uint32_t code) { // Unicode's White_Space
  return (code >= 9 && code <= 13) || code == 0x20 || code == 0x85 ||
         code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
         code == 0x3000;
}
bool isOther(uint32_t code) {
  return !isSpace(code) && !isLetter(code) && !isNumber(code);
}
bool isLineEnd(uint32_t code) { return code == '\r' || code == '\n'; }

/// Text as code points, with the byte where each starts. Bytes that are not
/// UTF-8 are code points of their own.
struct Decoded {
  std::vector<uint32_t> codes;
  std::vector<size_t> starts; // one more than codes

  explicit Decoded(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      unsigned char lead = text[at];
      size_t length = lead < 0x80    ? 1
                      : lead >= 0xF0 ? 4
                      : lead >= 0xE0 ? 3
                      : lead >= 0xC0 ? 2
                                     : 1;
      length = std::min(length, text.size() - at);
      uint32_t code = length == 1 ? lead : lead & (0xFF >> (length + 1));
      for (size_t i = 1; i < length; ++i)
        code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
      codes.push_back(code);
      starts.push_back(at);
      at += length;
    }
    starts.push_back(text.size());
  }
  size_t size() const { return codes.size(); }
  template <class Is>
  size_t skip(size_t at, Is is, size_t most = SIZE_MAX) const {
    for (; at < size() && most > 0 && is(codes[at]); --most)
      ++at;
    return at;
  }
};

/// The end of a contraction ('s, 't, 're, 've, 'm, 'll, 'd) at `at`, or `at`.
size_t contraction(const Decoded &text, size_t at, bool anyCase) {
  if (text.codes[at] != '\'')
    return at;
  auto letter = [&](size_t i) -> uint32_t {
    uint32_t code = i < text.size() ? text.codes[i] : 0;
    return anyCase && code >= 'A' && code <= 'Z' ? code + 32
           : anyCase && code == 0x17F            ? 's'
                                                 : code; // U+017F folds to s
  };
  uint32_t first = letter(at + 1), second = letter(at + 2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return at + 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
      (first == 'l' && second == 'l'))
    return at + 3;
  return at;
}

/// White space: all of it at the end of the text, otherwise all but the last,
/// which belongs to what follows; at least one.
size_t spaces(const Decoded &text, size_t at) {
  size_t end = text.skip(at, isSpace);
  return end == text.size() || end - at < 2 ? end : end - 1;
}

template <class Next>
std::vector<std::string_view> split(std::string_view text, Next next) {
  Decoded decoded(text);
  std::vector<std::string_view> pieces;
  for (size_t at = 0; at < decoded.size();) {
    size_t end = next(decoded, at);
    pieces.push_back(text.substr(decoded.starts[at],
                                 decoded.starts[end] - decoded.starts[at]));
    at = end;
  }
  return pieces;
}

} // namespace

std::vector<std::string_view> splitGpt2(std::string_view text) {
  return split(text, [](const Decoded &t, size_t at) {
    if (size_t end = contraction(t, at, false); end > at)
      return end;
    size_t start = at + (t.codes[at] == ' ' && at + 1 < t.size() ? 1 : 0);
    if (size_t end = t.skip(start, isLetter); end > start)
      return end;
    if (size_t end = t.skip(start, isNumber); end > start)
      return end;
    if (size_t end = t.skip(start, isOther); end > start)
      return end;
    return spaces(t, at);
  });
}

const char *const llama3Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

std::vector<std::string_view> splitLlama3(std::string_view text) {
  return split(text, [](const Decoded &t, size_t at) {
    if (size_t end = contraction(t, at, true); end > at)
      return end;
    uint32_t code = t.codes[at];
    size_t word =
        at + (!isLineEnd(code) && !isLetter(code) && !isNumber(code) ? 1 : 0);
    if (size_t end = t.skip(word, isLetter); end > word)
      return end;
    if (size_t end = t.skip(at, isNumber, 3); end > at)
      return end;
    size_t sign = at + (code == ' ' ? 1 : 0);
    if (size_t end = t.skip(sign, isOther); end > sign)
      return t.skip(end, isLineEnd);
    size_t end = t.skip(at, isSpace), lineEnd = end;
    while (lineEnd > at && !isLineEnd(t.codes[lineEnd - 1]))
      --lineEnd;
    return lineEnd > at ? lineEnd : spaces(t, at);
  });
}

} // namespace jarana::tokenizer
