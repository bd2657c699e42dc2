// aarch64's assembler knows which features an instruction needs. So each kind
// of instruction in the object is written out once, and the text is assembled
// for the target without a feature: where that fails, the code uses it. Last,
// it is assembled for a processor that has the features found and no others.
// (x86's assembler takes any instruction: X86Features.h.)
#include "lib/pipeline/UsedFeatures.h"
#include "lib/pipeline/X86Features.h"
#include "runtime/CpuFeatures.h"

#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstPrinter.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCParser/MCAsmParser.h"
#include "llvm/MC/MCParser/MCTargetAsmParser.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/SourceMgr.h"

#include <map>
#include <set>

namespace jarana::pipeline {
namespace {

/// LLVM's assembler and disassembler for a target.
class Machinery {
public:
  explicit Machinery(const CpuTarget &target)
      : triple(target.triple), target(target.machine->getTarget()) {
    registers.reset(this->target.createMCRegInfo(triple));
    info.reset(this->target.createMCAsmInfo(*registers, triple, options));
    instructions.reset(this->target.createMCInstrInfo());
  }

  std::unique_ptr<llvm::MCSubtargetInfo>
  subtarget(llvm::StringRef cpu, llvm::StringRef features) const {
    return std::unique_ptr<llvm::MCSubtargetInfo>(
        target.createMCSubtargetInfo(triple, cpu, features));
  }

  /// Calls `visit` with each instruction of the object's code, and its bytes.
  void
  decode(llvm::StringRef object, const llvm::MCSubtargetInfo &subtarget,
         llvm::function_ref<void(const llvm::MCInst &, llvm::ArrayRef<uint8_t>)>
             visit) const {
    llvm::MCContext context(triple, info.get(), registers.get(), &subtarget);
    std::unique_ptr<llvm::MCDisassembler> disassembler(
        target.createMCDisassembler(subtarget, context));
    auto file = llvm::object::ObjectFile::createELFObjectFile(
        llvm::MemoryBufferRef(object, "model.o"));
    if (!file)
      throw Error("the object file cannot be read back: " +
                  llvm::toString(file.takeError()));
    for (const llvm::object::SectionRef &section : (*file)->sections()) {
      if (!section.isText())
        continue;
      auto bytes = section.getContents();
      if (!bytes)
        throw Error("the object file cannot be read back: " +
                    llvm::toString(bytes.takeError()));
      llvm::ArrayRef<uint8_t> code = llvm::arrayRefFromStringRef(*bytes);
      for (uint64_t at = 0, size = 0; at < code.size(); at += size) {
        llvm::MCInst instruction;
        if (disassembler->getInstruction(instruction, size, code.slice(at), at,
                                         llvm::nulls()) !=
            llvm::MCDisassembler::Success)
          throw Error("code that LLVM generated is not understood by its "
                      "disassembler, at offset " +
                      std::to_string(at));
        visit(instruction, code.slice(at, size));
      }
    }
  }

  /// One line for each kind of instruction in the object's code.
  std::string sample(llvm::StringRef object,
                     const llvm::MCSubtargetInfo &subtarget) const {
    std::unique_ptr<llvm::MCInstPrinter> printer(target.createMCInstPrinter(
        triple, info->getAssemblerDialect(), *info, *instructions, *registers));
    std::map<unsigned, std::string> lines; // by opcode
    decode(object, subtarget,
           [&](const llvm::MCInst &instruction, llvm::ArrayRef<uint8_t>) {
             std::string &line = lines[instruction.getOpcode()];
             if (!line.empty())
               return;
             llvm::raw_string_ostream stream(line);
             printer->printInst(&instruction, 0, "", subtarget, stream);
           });
    std::string text = ".text\n";
    for (const auto &[opcode, line] : lines)
      text += line + "\n";
    return text;
  }

  /// Empty where the text assembles for the subtarget, else the first error.
  std::string assemble(llvm::StringRef text,
                       const llvm::MCSubtargetInfo &subtarget) const {
    std::string error;
    llvm::SourceMgr sources;
    sources.setDiagHandler(
        [](const llvm::SMDiagnostic &diagnostic, void *first) {
          auto &error = *static_cast<std::string *>(first);
          if (error.empty() &&
              diagnostic.getKind() == llvm::SourceMgr::DK_Error)
            error = (diagnostic.getMessage() + ": " +
                     diagnostic.getLineContents().trim())
                        .str();
        },
        &error);
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(text),
                               llvm::SMLoc());
    llvm::MCContext context(triple, info.get(), registers.get(), &subtarget,
                            &sources, &options);
    std::unique_ptr<llvm::MCObjectFileInfo> objectInfo(
        target.createMCObjectFileInfo(context, /*PIC=*/true));
    context.setObjectFileInfo(objectInfo.get());
    std::unique_ptr<llvm::MCStreamer> streamer(
        target.createNullStreamer(context));
    std::unique_ptr<llvm::MCAsmParser> parser(
        llvm::createMCAsmParser(sources, context, *streamer, *info));
    std::unique_ptr<llvm::MCTargetAsmParser> targetParser(
        target.createMCAsmParser(subtarget, *parser, *instructions, options));
    parser->setTargetParser(*targetParser);
    if (parser->Run(/*NoInitialTextSection=*/true) && error.empty())
      error = "unknown error";
    return error;
  }

  llvm::StringRef nameOf(const llvm::MCInst &instruction) const {
    return instructions->getName(instruction.getOpcode());
  }

private:
  llvm::Triple triple;
  const llvm::Target &target;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> info;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
};

bool isOn(const llvm::MCSubtargetInfo &subtarget, const std::string &name) {
  return llvm::any_of(subtarget.getAllProcessorFeatures(),
                      [&](const auto &feature) {
                        return name == feature.Key &&
                               subtarget.getFeatureBits().test(feature.Value);
                      });
}

std::string usedByX86(llvm::StringRef object, const Machinery &machinery,
                      const llvm::MCSubtargetInfo &whole,
                      const CpuTarget &target) {
  std::set<std::string> needed = target.wantedFeatures;
  machinery.decode(
      object, whole,
      [&](const llvm::MCInst &instruction, llvm::ArrayRef<uint8_t> bytes) {
        addX86Features(machinery.nameOf(instruction), bytes, needed);
      });
  // In the order of the table. What an instruction may need and the target does
  // not have, it does not need: of several with one encoding.
  std::string used;
  for (std::string_view name : x86Features)
    if (needed.contains(std::string(name)) && isOn(whole, std::string(name)))
      used += std::string(used.empty() ? "+" : ",+") + std::string(name);
  return used;
}

std::string usedByArm64(llvm::StringRef object, const Machinery &machinery,
                        const llvm::MCSubtargetInfo &whole,
                        const CpuTarget &target) {
  std::string all = target.machine->getTargetFeatureString().str();
  std::string text = machinery.sample(object, whole);
  if (std::string error = machinery.assemble(text, whole); !error.empty())
    throw Error(
        "code that LLVM generated is not understood by its assembler: " +
        error);
  std::string used;
  for (const Arm64Feature &feature : arm64Features) {
    std::string name(feature.name);
    if (!isOn(whole, name))
      continue;
    // With it goes what implies it.
    auto without = machinery.subtarget(target.cpu,
                                       all + (all.empty() ? "-" : ",-") + name);
    if (!machinery.assemble(text, *without).empty())
      used += (used.empty() ? "+" : ",+") + name;
  }
  auto found = machinery.subtarget("generic", used);
  if (std::string error = machinery.assemble(text, *found); !error.empty())
    throw Error("the code for " + target.cpu +
                " uses an extension that the runtime cannot look for: " +
                error + " (compile with another --mcpu)");
  return used;
}

} // namespace

std::string usedFeatures(llvm::StringRef object, const CpuTarget &target) {
  Machinery machinery(target);
  auto whole =
      machinery.subtarget(target.cpu, target.machine->getTargetFeatureString());
  return llvm::Triple(target.triple).isX86()
             ? usedByX86(object, machinery, *whole, target)
             : usedByArm64(object, machinery, *whole, target);
}

} // namespace jarana::pipeline
