// Safetensors files: what was written reads back, and damage anywhere in the
// header is an error, never a crash.
#include "lib/safetensors/Safetensors.h"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace jarana;

namespace {

std::vector<std::byte> fileOf(const std::string &header, size_t dataBytes) {
  std::vector<std::byte> bytes(8 + header.size() + dataBytes);
  uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string errorOf(const std::vector<std::byte> &bytes) {
  try {
    safetensors::File::view(bytes.data(), bytes.size(), "t");
  } catch (const Error &e) {
    return e.what();
  }
  return "";
}

std::map<std::string, safetensors::Entry> sample() {
  static const float floats[6] = {1, 2, 3, 4, 5, 6};
  static const int64_t ints[2] = {7, -8};
  static const bool flags[3] = {true, false, true};
  auto bytes = [](const void *p) { return static_cast<const std::byte *>(p); };
  return {{"a", {"BOOL", {3}, bytes(flags), 3}},
          {"b", {"F32", {2, 3}, bytes(floats), 24}},
          {"c", {"I64", {2}, bytes(ints), 16}},
          {"empty", {"F32", {0, 4}, nullptr, 0}},
          {"scalar", {"F32", {}, bytes(floats), 4}}};
}

TEST(Safetensors, RoundTrip) {
  std::string path = testing::TempDir() + "jarana_roundtrip.safetensors";
  auto tensors = sample();
  safetensors::write(path, tensors, {{"key", "value"}});
  auto file = safetensors::File::open(path);
  EXPECT_EQ(file->metadata().at("key"), "value");
  ASSERT_EQ(file->entries().size(), tensors.size());
  for (const auto &[name, entry] : tensors) {
    const safetensors::Entry &read = file->at(name);
    EXPECT_EQ(read.dtype, entry.dtype);
    EXPECT_EQ(read.shape, entry.shape);
    ASSERT_EQ(read.bytes, entry.bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read.data) %
                  safetensors::byteSize(read.dtype),
              0u);
    if (entry.bytes) {
      EXPECT_EQ(std::memcmp(read.data, entry.data, entry.bytes), 0);
    }
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->base()) % 64, 0u);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  try {
    file->at("missing");
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("it has: a, b, c"), std::string::npos)
        << e.what();
  }
  std::filesystem::remove(path);
}

TEST(Safetensors, EveryTruncationIsAnError) {
  std::vector<std::byte> bytes = safetensors::serialize(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::vector<std::byte> cut(bytes.begin(), bytes.begin() + size);
    EXPECT_NE(errorOf(cut), "") << size;
  }
}

TEST(Safetensors, BitFlipsNeverCrash) {
  std::vector<std::byte> bytes = safetensors::serialize(sample());
  size_t headerEnd = bytes.size() - 47, refused = 0;
  for (size_t at = 0; at < headerEnd; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<std::byte> damaged = bytes;
      damaged[at] ^= std::byte(1 << bit);
      try {
        auto file =
            safetensors::File::view(damaged.data(), damaged.size(), "t");
        // A flip inside a name, or one that turns a space into another kind of
        // space, cannot be seen; all data stays inside.
        for (const auto &[name, entry] : file->entries())
          EXPECT_LE(entry.data + entry.bytes, damaged.data() + damaged.size());
      } catch (const Error &) {
        ++refused;
      }
    }
  EXPECT_GT(refused, headerEnd * 8 / 2);
}

TEST(Safetensors, MalformedHeaders) {
  struct Case {
    const char *header;
    size_t data;
    const char *expected;
  } cases[] = {
      {"[]", 0, "not a JSON object"},
      {"{\"a\":1}", 0, "tensor 'a'"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8,
       "its shape and dtype need 4"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
       "non-negative"},
      {"{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
       "unknown dtype 'F99'"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_"
       "offsets\":[0,4]}}",
       4, "overflow"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
       "its data starts at 4"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{"
       "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
       4, "its data starts at 0"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}}", 8,
       "lies outside"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{"
       "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
       8, "listed twice"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8,
       "cover 4 bytes"},
      {"{\"__metadata__\":{\"x\":1}}", 0, "strings"},
      {"{\"a\":[[[[[[[[]]]]]]]]}", 0, "nested too deeply"},
  };
  for (const Case &c : cases)
    EXPECT_NE(errorOf(fileOf(c.header, c.data)).find(c.expected),
              std::string::npos)
        << c.header << "\n"
        << errorOf(fileOf(c.header, c.data));
  EXPECT_NE(errorOf(fileOf(std::string(1000000, '['), 0)), "");
}

TEST(Safetensors, MapsTheFileThatIsOpen) {
  std::string path = testing::TempDir() + "jarana_replaced.safetensors";
  safetensors::write(path, sample());
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  static const float other = 9;
  safetensors::write(
      path,
      {{"other", {"F32", {}, reinterpret_cast<const std::byte *>(&other), 4}}});
  auto file = safetensors::File::map(descriptor, path);
  ::close(descriptor);
  EXPECT_EQ(file->entries().count("other"), 0u);
  EXPECT_EQ(file->entries().size(), sample().size());
  std::filesystem::remove(path);
}

TEST(Safetensors, WriteFailuresLeaveNothing) {
  std::string folder =
      testing::TempDir() + "jarana_missing_folder/x.safetensors";
  EXPECT_THROW(safetensors::write(folder, sample()), Error);
  if (std::filesystem::exists("/dev/full")) {
    std::string link = testing::TempDir() + "jarana_full.safetensors";
    std::filesystem::remove(link + ".part");
    std::filesystem::create_symlink("/dev/full", link + ".part");
    EXPECT_THROW(safetensors::write(link, sample()), Error);
    EXPECT_FALSE(std::filesystem::exists(
        std::filesystem::symlink_status(link + ".part")));
    EXPECT_FALSE(std::filesystem::exists(link));
  }
}

} // namespace
