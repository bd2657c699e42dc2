#include "runtime/TargetCheck.h"
#include "runtime/CpuFeatures.h"
#include "runtime/Status.h"

#include <algorithm>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace jarana::runtime {
namespace {

bool contains(const auto &names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

#if defined(__x86_64__)
Machine findMachine() {
  return {"x86_64", [](std::string_view name) {
            // __builtin_cpu_supports takes literals alone.
            struct Feature {
              std::string_view name;
              bool present;
            };
            static const Feature features[] = {
#define JARANA_FEATURE(name) {name, bool(__builtin_cpu_supports(name))},
                JARANA_X86_FEATURES(JARANA_FEATURE)
#undef JARANA_FEATURE
            };
            return contains(x86Baseline, name) ||
                   std::any_of(std::begin(features), std::end(features),
                               [&](const Feature &feature) {
                                 return feature.name == name && feature.present;
                               });
          }};
}
#elif defined(__aarch64__)
Machine findMachine() {
  return arm64Machine(::getauxval(AT_HWCAP), ::getauxval(AT_HWCAP2));
}
#else
Machine findMachine() {
  return {"unknown", [](std::string_view) { return false; }};
}
#endif

} // namespace

const Machine &thisMachine() {
  static const Machine machine = findMachine();
  return machine;
}

Machine arm64Machine(uint64_t hwcap, uint64_t hwcap2) {
  return {"aarch64", [=](std::string_view name) {
            return contains(arm64Baseline, name) ||
                   std::any_of(std::begin(arm64Features),
                               std::end(arm64Features),
                               [&](const Arm64Feature &feature) {
                                 return feature.name == name &&
                                        (~hwcap & feature.hwcap) == 0 &&
                                        (~hwcap2 & feature.hwcap2) == 0;
                               });
          }};
}

void checkTarget(const bundle::Target &target, const Machine &machine) {
  std::string arch = target.triple.substr(0, target.triple.find('-'));
  if (arch == "arm64")
    arch = "aarch64";
  if (arch != machine.architecture ||
      target.triple.find("linux") == std::string::npos)
    throw StatusError(JARANA_BAD_BUNDLE, "the bundle was compiled for " +
                                             target.triple +
                                             ", this machine is " +
                                             machine.architecture + "-linux");
  std::string lacking;
  for (size_t at = 0; at < target.features.size();) {
    size_t end =
        std::min(target.features.find(',', at), target.features.size());
    std::string name = target.features.substr(at, end - at);
    if (name.starts_with('+') && !machine.has(name.substr(1)))
      lacking += (lacking.empty() ? "" : ", ") + name.substr(1);
    at = end + 1;
  }
  if (!lacking.empty())
    throw StatusError(JARANA_BAD_BUNDLE,
                      "the bundle was compiled for " +
                          (target.cpu.empty() ? target.triple : target.cpu) +
                          ", and its code uses what this processor lacks: " +
                          lacking + " (compile with another --mcpu)");
}

} // namespace jarana::runtime
