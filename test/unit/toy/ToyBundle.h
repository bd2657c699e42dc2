// A bundle around toy_model.c, written without the compiler.
#pragma once

#include "lib/safetensors/Safetensors.h"
#include "runtime/Manifest.h"
#include "runtime/Sha256.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace jarana::toy {

inline std::string readAll(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeAll(const std::filesystem::path &path,
                     const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string sha256(const std::string &bytes) {
  Sha256 sha;
  sha.update(bytes.data(), bytes.size());
  return sha.finish();
}

inline float weight(int token, int i) {
  return static_cast<float>((token * 5 + i * 3) % 7 - 3) / 4;
}

inline bundle::Manifest manifest() {
  bundle::Manifest m;
  m.generator = "toy";
#if defined(__aarch64__)
  m.target = {"aarch64-unknown-linux-gnu", "generic", ""};
#else
  m.target = {"x86_64-unknown-linux-gnu", "x86-64", "+sse2"};
#endif
  bundle::Dim b{-1, "batch"}, n{-1, "tokens"}, p{-1, "past"},
      all{-1, "past + tokens"};
  auto number = [](int64_t size) { return bundle::Dim{size, ""}; };
  bundle::EntrySpec entry;
  entry.inputs = {{"ids", "int64", {b, n}},
                  {"mask", "int64", {b, all}},
                  {"positions", "int64", {b, n}},
                  {"past.state", "float32", {b, number(3)}},
                  {"past.key", "float32", {b, number(1), p, number(2)}}};
  entry.outputs = {{"logits", "float32", {b, n, number(8)}},
                   {"present.state", "float32", {b, number(3)}},
                   {"present.key", "float32", {b, number(1), all, number(2)}}};
  entry.checks = {"dimension 1 of input 'mask' must be past + tokens"};
  m.entries["main"] = entry;
  bundle::StateSpec state;
  state.ids = "ids";
  state.mask = "mask";
  state.positions = "positions";
  state.logits = "logits";
  state.pads = true;
  state.tensors = {{"past.state", "present.state", "ssm"},
                   {"past.key", "present.key", "key"}};
  m.state = state;
  return m;
}

/// Writes `m`, with sizes and checksums filled in, and the files beside it.
inline void writeBundle(const std::string &folder,
                        bundle::Manifest m = manifest(),
                        const std::string &codePath = TOY_MODEL) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::string code = readAll(codePath);
  writeAll(folder + "/model.so", code);
  float table[8][3];
  for (int token = 0; token < 8; ++token)
    for (int i = 0; i < 3; ++i)
      table[token][i] = weight(token, i);
  safetensors::write(folder + "/weights.safetensors",
                     {{"table",
                       {"F32",
                        {8, 3},
                        reinterpret_cast<const std::byte *>(table),
                        sizeof table}}});
  std::string weights = readAll(folder + "/weights.safetensors");
  m.weights = {"weights.safetensors", weights.size(), sha256(weights)};
  m.code = {"model.so", code.size(), sha256(code)};
  writeAll(folder + "/manifest.json", bundle::printManifest(m));
}

} // namespace jarana::toy
