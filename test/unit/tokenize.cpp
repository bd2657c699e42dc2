// Prints the ids of a file's text, one per line: test/python compares them with
// the tokenizers package.
#include "lib/tokenizer/Tokenizer.h"

#include <cstdio>
#include <fstream>
#include <iterator>

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: tokenize TOKENIZER.json TEXT\n");
    return 2;
  }
  try {
    std::ifstream file(argv[2], std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    for (int64_t id : jarana::tokenizer::Tokenizer::load(argv[1]).encode(text))
      std::printf("%lld\n", static_cast<long long>(id));
    return 0;
  } catch (const jarana::Error &e) {
    std::fprintf(stderr, "tokenize: %s\n", e.what());
    return 1;
  }
}
