// A bundle whose manifest or weights are damaged, and a session's saved state:
// all through the C interface.
#include "jarana/session.hpp"
#include "toy/ToyBundle.h"

#include <unistd.h>

using namespace jarana;

namespace {
/// A toy bundle of this process, removed at the end.
struct Folder {
  Folder()
      : path(std::filesystem::temp_directory_path() /
             ("jarana_fuzz_" + std::to_string(getpid()) + ".jarana")) {
    toy::writeBundle(path);
    manifest = toy::readAll(path / "manifest.json");
    weights = toy::readAll(path / "weights.safetensors");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
  std::string manifest, weights;
};
} // namespace

/// The first byte says what the rest is: a manifest (m), weights (w), or what a
/// saved state differs in (s).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Folder folder;
  if (size == 0)
    return 0;
  std::string bytes(reinterpret_cast<const char *>(data + 1), size - 1);
  bool isManifest = data[0] == 'm', isWeights = data[0] == 'w';
  toy::writeAll(folder.path / "manifest.json",
                isManifest ? bytes : folder.manifest);
  toy::writeAll(folder.path / "weights.safetensors",
                isWeights ? bytes : folder.weights);
  try {
    Bundle bundle(folder.path, 0);
    if (data[0] == 's') {
      Session session(bundle);
      std::vector<std::byte> saved = session.save();
      for (size_t i = 0; i < bytes.size(); ++i)
        saved[i % saved.size()] ^= std::byte(bytes[i]);
      session.load(saved);
    }
  } catch (const RuntimeError &) {
  }
  return 0;
}
