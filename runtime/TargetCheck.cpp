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
  // The extensions that code generation makes use of; __builtin_cpu_supports
  // only takes literals.
  const Feature features[] = {
      {"sse3", bool(__builtin_cpu_supports("sse3"))},
      {"ssse3", bool(__builtin_cpu_supports("ssse3"))},
      {"sse4.1", bool(__builtin_cpu_supports("sse4.1"))},
      {"sse4.2", bool(__builtin_cpu_supports("sse4.2"))},
      {"popcnt", bool(__builtin_cpu_supports("popcnt"))},
      {"avx", bool(__builtin_cpu_supports("avx"))},
      {"avx2", bool(__builtin_cpu_supports("avx2"))},
      {"fma", bool(__builtin_cpu_supports("fma"))},
      {"f16c", bool(__builtin_cpu_supports("f16c"))},
      {"bmi", bool(__builtin_cpu_supports("bmi"))},
      {"bmi2", bool(__builtin_cpu_supports("bmi2"))},
      {"avx512f", bool(__builtin_cpu_supports("avx512f"))},
      {"avx512bw", bool(__builtin_cpu_supports("avx512bw"))},
      {"avx512dq", bool(__builtin_cpu_supports("avx512dq"))},
      {"avx512vl", bool(__builtin_cpu_supports("avx512vl"))},
      {"avx512vnni", bool(__builtin_cpu_supports("avx512vnni"))},
      {"avx512bf16", bool(__builtin_cpu_supports("avx512bf16"))},
      {"avx512fp16", bool(__builtin_cpu_supports("avx512fp16"))},
      {"amx-tile", bool(__builtin_cpu_supports("amx-tile"))},
      {"amx-bf16", bool(__builtin_cpu_supports("amx-bf16"))},
      {"amx-int8", bool(__builtin_cpu_supports("amx-int8"))},
  };
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
