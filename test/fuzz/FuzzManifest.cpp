// A bundle's manifest: what is accepted prints as a manifest of the same
// meaning.
#include "runtime/Manifest.h"

#include <cstdlib>

using namespace jarana;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string printed;
  try {
    printed = bundle::printManifest(
        bundle::parseManifest({reinterpret_cast<const char *>(data), size}));
  } catch (const Error &) {
    return 0;
  }
  // No Error may come from here.
  if (bundle::printManifest(bundle::parseManifest(printed)) != printed)
    std::abort();
  return 0;
}
