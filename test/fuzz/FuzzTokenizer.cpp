// A tokenizer.json, and text for it: the text is what follows the last line
// break.
#include "lib/tokenizer/Tokenizer.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace jarana;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::string path =
      std::filesystem::temp_directory_path() /
      ("jarana_fuzz_" + std::to_string(getpid()) + ".json");
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t end = input.rfind('\n');
  std::string_view text =
      end == std::string_view::npos ? "" : input.substr(end + 1);
  std::ofstream(path, std::ios::binary) << input.substr(0, end);
  try {
    (void)tokenizer::Tokenizer::load(path).encode(text);
  } catch (const Error &) {
  }
  std::filesystem::remove(path);
  return 0;
}
