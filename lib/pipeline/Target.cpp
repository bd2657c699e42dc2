#include "lib/pipeline/Target.h"
#include "lib/pipeline/X86Features.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <mutex>

namespace jarana::pipeline {
namespace {

void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeX86Disassembler();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
    LLVMInitializeAArch64Disassembler();
  });
}

/// Whether vdpbf16ps is worth its use: having it is not enough. Zen 4 and 5
/// do it at the rate of f32's FMA, with twice the multiply-adds; Sapphire
/// Rapids does half as many as with FMA (61 and 121 per ns and core, measured).
bool hasFastDotBf16(llvm::StringRef cpu) {
  return cpu == "znver4" || cpu == "znver5";
}

/// x86's extensions whose instructions usedFeatures does not know, as "-name".
/// None that serves these models is among them.
void withoutUnknown(const llvm::Triple &triple, llvm::StringRef cpu,
                    llvm::SubtargetFeatures &features) {
  if (!triple.isX86())
    return;
  llvm::SmallVector<llvm::StringRef> known;
  llvm::X86::getFeaturesForCPU(cpu, known);
  std::set<std::string> present;
  for (llvm::StringRef name : known)
    present.insert(name.str());
  for (const std::string &feature : features.getFeatures())
    if (feature.front() == '+')
      present.insert(feature.substr(1));
  for (const std::string &name : present)
    if (!isKnownX86Feature(name))
      features.AddFeature(name, false);
}

llvm::SubtargetFeatures hostFeatures() {
  llvm::SubtargetFeatures list;
  for (const auto &[name, on] : llvm::sys::getHostCPUFeatures())
    list.AddFeature(name, on);
  return list;
}

} // namespace

CpuTarget makeCpuTarget(std::string tripleText, std::string cpu,
                        const std::string &extra) {
  initializeTargets();
  llvm::Triple host(llvm::sys::getProcessTriple());
  llvm::Triple triple = tripleText.empty()
                            ? host
                            : llvm::Triple(llvm::Triple::normalize(tripleText));
  if (!triple.isX86_64() && !triple.isAArch64())
    throw OptionError("--mtriple: '" + triple.str() +
                      "' is not supported; x86_64 and aarch64 are");
  if (!triple.isOSLinux() || !triple.isOSBinFormatELF())
    throw OptionError("--mtriple: '" + triple.str() +
                      "' is not supported: code is made for Linux, such as " +
                      triple.getArchName().str() + "-unknown-linux-gnu");
  llvm::SubtargetFeatures list;
  if (cpu.empty() || cpu == "native") {
    if (triple.getArch() == host.getArch()) {
      cpu = llvm::sys::getHostCPUName().str();
      list = hostFeatures();
    } else if (cpu == "native" && tripleText.empty()) {
      throw OptionError("--mcpu=native: this machine is not known");
    } else {
      cpu = "generic"; // "native" is the default, and says nothing of another
                       // architecture
    }
  }
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    throw OptionError("--mtriple: " + message);
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (cpu != "generic" && !info->isCPUStringValid(cpu)) {
    std::string known;
    for (const auto &entry : info->getAllProcessorDescriptions())
      known += std::string(known.empty() ? "" : ", ") + entry.Key;
    throw OptionError("--mcpu: no processor '" + cpu + "' of " +
                      triple.getArchName().str() + "; there are " + known);
  }
  llvm::SubtargetFeatures wanted(extra);
  for (const std::string &feature : wanted.getFeatures()) {
    llvm::StringRef name = llvm::StringRef(feature).drop_front();
    if (llvm::none_of(info->getAllProcessorFeatures(),
                      [&](const auto &known) { return name == known.Key; }))
      throw OptionError("--mattr: no feature '" + name.str() + "' of " +
                        triple.getArchName().str());
  }

  CpuTarget result;
  withoutUnknown(triple, cpu, list);
  for (const std::string &feature : wanted.getFeatures()) {
    list.AddFeature(feature);
    if (feature.front() == '+')
      result.wantedFeatures.insert(feature.substr(1));
  }
  std::string features = list.getString();
  result.triple = triple.str();
  result.cpu = cpu;
  llvm::TargetOptions options;
  // Products and sums may become one rounding; nothing else is relaxed.
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  result.machine.reset(target->createTargetMachine(
      triple, cpu, features, options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Default));
  info.reset(target->createMCSubtargetInfo(triple, cpu, features));
  auto has = [&](llvm::StringRef name) {
    return info->checkFeatures(("+" + name).str());
  };
  if (triple.isAArch64())
    result.vectorRegisters = 32;
  else if (has("avx512f") && has("avx512vl") && has("avx512dq") &&
           has("avx512bw"))
    result.vectorBits = 512, result.vectorRegisters = 32;
  else if (has("avx2") && has("fma"))
    result.vectorBits = 256;
  result.dotBf16 =
      result.vectorBits == 512 && has("avx512bf16") && hasFastDotBf16(cpu);
  result.convertsF16 = triple.isAArch64() || has("f16c");
  return result;
}

} // namespace jarana::pipeline
