#include "runtime/TargetCheck.h"
#include "runtime/Status.h"

namespace jarana::runtime {
namespace {

#if defined(__x86_64__)
constexpr const char *architecture = "x86_64";

struct Feature {
  const char *name; // as LLVM spells it
  bool present;
};

bool missing(const std::string &name) {
  // The extensions that code generation makes use of by itself;
  // __builtin_cpu_supports only takes literals.
#define JARANA_FEATURE(name)                                                   \
  {                                                                            \
    name, bool(__builtin_cpu_supports(name))                                   \
  }
  static const Feature features[] = {
      JARANA_FEATURE("sse3"),         JARANA_FEATURE("ssse3"),
      JARANA_FEATURE("sse4.1"),       JARANA_FEATURE("sse4.2"),
      JARANA_FEATURE("sse4a"),        JARANA_FEATURE("popcnt"),
      JARANA_FEATURE("lzcnt"),        JARANA_FEATURE("movbe"),
      JARANA_FEATURE("aes"),          JARANA_FEATURE("pclmul"),
      JARANA_FEATURE("gfni"),         JARANA_FEATURE("vaes"),
      JARANA_FEATURE("vpclmulqdq"),   JARANA_FEATURE("avx"),
      JARANA_FEATURE("avx2"),         JARANA_FEATURE("avxvnni"),
      JARANA_FEATURE("fma"),          JARANA_FEATURE("fma4"),
      JARANA_FEATURE("xop"),          JARANA_FEATURE("f16c"),
      JARANA_FEATURE("bmi"),          JARANA_FEATURE("bmi2"),
      JARANA_FEATURE("tbm"),          JARANA_FEATURE("adx"),
      JARANA_FEATURE("avx512f"),      JARANA_FEATURE("avx512cd"),
      JARANA_FEATURE("avx512bw"),     JARANA_FEATURE("avx512dq"),
      JARANA_FEATURE("avx512vl"),     JARANA_FEATURE("avx512ifma"),
      JARANA_FEATURE("avx512vbmi"),   JARANA_FEATURE("avx512vbmi2"),
      JARANA_FEATURE("avx512bitalg"), JARANA_FEATURE("avx512vpopcntdq"),
      JARANA_FEATURE("avx512vnni"),   JARANA_FEATURE("avx512bf16"),
      JARANA_FEATURE("avx512fp16"),   JARANA_FEATURE("amx-tile"),
      JARANA_FEATURE("amx-bf16"),     JARANA_FEATURE("amx-int8"),
  };
#undef JARANA_FEATURE
  for (const Feature &feature : features)
    if (name == feature.name)
      return !feature.present;
  return false;
}
#else
#if defined(__aarch64__)
constexpr const char *architecture = "aarch64";
#else
constexpr const char *architecture = "unknown";
#endif
bool missing(const std::string &) { return false; }
#endif

} // namespace

void checkTarget(const bundle::Target &target) {
  std::string arch = target.triple.substr(0, target.triple.find('-'));
  if (arch == "arm64")
    arch = "aarch64";
  if (arch != architecture || target.triple.find("linux") == std::string::npos)
    throw StatusError(JARANA_BAD_BUNDLE,
                      "the bundle was compiled for " + target.triple +
                          ", this machine is " + architecture + "-linux");
  std::string lacking;
  for (size_t at = 0; at < target.features.size();) {
    size_t end =
        std::min(target.features.find(',', at), target.features.size());
    if (target.features[at] == '+' &&
        missing(target.features.substr(at + 1, end - at - 1)))
      lacking += (lacking.empty() ? "" : ", ") +
                 target.features.substr(at + 1, end - at - 1);
    at = end + 1;
  }
  if (!lacking.empty())
    throw StatusError(JARANA_BAD_BUNDLE,
                      "the bundle was compiled for " +
                          (target.cpu.empty() ? target.triple : target.cpu) +
                          "; this processor lacks: " + lacking +
                          " (compile with another --mcpu)");
}

} // namespace jarana::runtime
