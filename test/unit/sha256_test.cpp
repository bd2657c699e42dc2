// SHA-256 against NIST's examples (FIPS 180-4 examples and the SHAVS short
// vectors), in both code paths.
#include "runtime/Sha256.h"

#include <gtest/gtest.h>
#include <vector>

using jarana::Sha256;

namespace {

std::string digest(const std::string &text, bool portable,
                   size_t piece = 1000000) {
  Sha256 sha;
  if (portable)
    sha.usePortableCode();
  for (size_t at = 0; at < text.size(); at += piece)
    sha.update(text.data() + at, std::min(piece, text.size() - at));
  return sha.finish();
}

class Sha256Test : public testing::TestWithParam<bool> {};

TEST_P(Sha256Test, Vectors) {
  bool portable = GetParam();
  EXPECT_EQ(digest("", portable),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc", portable),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                   portable),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest("\xbd", portable),
            "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
  EXPECT_EQ(digest(std::string(1000000, 'a'), portable),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_P(Sha256Test, PiecesDoNotMatter) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += static_cast<char>(i * 7 + i / 3);
  for (size_t piece : {1, 3, 55, 56, 63, 64, 65, 127, 128, 129})
    EXPECT_EQ(digest(text, GetParam(), piece), digest(text, !GetParam()))
        << piece;
}

INSTANTIATE_TEST_SUITE_P(Paths, Sha256Test, testing::Values(true, false));

} // namespace
