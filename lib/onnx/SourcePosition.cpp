#include "lib/onnx/SourcePosition.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

using llvm::StringRef;

namespace jarana::onnx {

/// Names longer than this are no file's.
static constexpr size_t longestName = 100;

/// "x.py:614"; empty for code that no file holds, and where there is no number.
static std::string positionOf(StringRef path, StringRef line) {
  StringRef name = path.substr(path.find_last_of("/\\") + 1);
  bool isNumber = !line.empty() && line.size() < 10 &&
                  line.find_first_not_of("0123456789") == StringRef::npos;
  bool isName = name.ends_with(".py") && name.size() <= longestName &&
                llvm::all_of(name, [](char letter) {
                  return letter > ' ' && letter < 127;
                });
  return isNumber && isName ? (llvm::Twine(name) + ":" + line).str()
                            : std::string();
}

std::string sourcePosition(std::string_view trace) {
  std::string best;
  bool isBestOwn = false; // PyTorch's
  StringRef rest(trace);
  while (!rest.empty()) {
    StringRef text;
    std::tie(text, rest) = rest.split('\n');
    text = text.trim();
    StringRef path, line;
    bool innermostLast = text.consume_front("File \"");
    if (innermostLast) {
      std::tie(path, line) = text.split("\", line ");
      line = line.split(',').first;
    } else {
      size_t end = text.find("): ");
      if (end == StringRef::npos)
        continue;
      std::tie(path, line) = text.substr(0, end).rsplit('(');
    }
    std::string position = positionOf(path, line);
    if (position.empty())
      continue;
    bool isOwn = path.contains("/torch/");
    bool nearer = innermostLast ? isBestOwn || !isOwn : isBestOwn && !isOwn;
    if (best.empty() || nearer) {
      best = std::move(position);
      isBestOwn = isOwn;
    }
  }
  return best;
}

std::optional<std::string_view> stackTraceOf(std::string_view entry) {
  // StringStringEntryProto: 1 is the key, 2 the value, both text.
  std::string_view fields[3];
  for (size_t at = 0; at < entry.size();) {
    auto tag = static_cast<unsigned char>(entry[at++]);
    if ((tag & 7) != 2 || tag >> 3 < 1 || tag >> 3 > 2)
      return std::nullopt;
    uint64_t length = 0;
    for (int shift = 0;; shift += 7) {
      if (at >= entry.size() || shift > 56)
        return std::nullopt;
      auto byte = static_cast<unsigned char>(entry[at++]);
      length |= uint64_t(byte & 127) << shift;
      if (byte < 128)
        break;
    }
    if (length > entry.size() - at)
      return std::nullopt;
    fields[tag >> 3] = entry.substr(at, length);
    at += length;
  }
  if (fields[1] != "pkg.torch.onnx.stack_trace")
    return std::nullopt;
  return fields[2];
}

} // namespace jarana::onnx
