// Pre-tokenization: cuts text into the pieces that byte-level BPE works on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jarana::tokenizer {

/// GPT-2's pattern: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+|
/// ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::vector<std::string_view> splitGpt2(std::string_view text);

/// Llama 3's: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
/// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::vector<std::string_view> splitLlama3(std::string_view text);

/// The text of the second pattern, as tokenizer.json files spell it.
extern const char *const llama3Pattern;

} // namespace jarana::tokenizer
