#include "lib/pipeline/StackNeed.h"

#include "jarana/error.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/DataExtractor.h"

#include <algorithm>
#include <map>

namespace jarana::pipeline {
namespace {

using llvm::object::SectionRef;

template <class T> T get(llvm::Expected<T> value) {
  if (!value)
    throw Error("the object file cannot be read: " +
                llvm::toString(value.takeError()));
  return std::move(*value);
}

/// The size of each function's frame, by its name.
class Frames {
public:
  explicit Frames(llvm::StringRef object) {
    std::unique_ptr<llvm::object::ObjectFile> file =
        get(llvm::object::ObjectFile::createObjectFile(
            llvm::MemoryBufferRef(object, "model.o")));
    for (const llvm::object::SymbolRef &symbol : file->symbols()) {
      if (get(symbol.getType()) != llvm::object::SymbolRef::ST_Function)
        continue;
      SectionRef section = *get(symbol.getSection());
      names[{section.getIndex(), get(symbol.getValue())}] =
          get(symbol.getName());
    }
    for (const SectionRef &relocations : file->sections()) {
      auto section = get(relocations.getRelocatedSection());
      if (section != file->section_end() &&
          get(section->getName()) == ".stack_sizes")
        read(*file, *section, relocations);
    }
  }

  uint64_t of(const llvm::Function &function) const {
    auto found = sizes.find(function.getName());
    if (found == sizes.end())
      throw Error("the frame of '" + function.getName().str() +
                  "' has no known size");
    return found->second;
  }

private:
  /// Each entry is an address, given by a relocation, and a size.
  void read(const llvm::object::ObjectFile &file, const SectionRef &section,
            const SectionRef &relocations) {
    llvm::DataExtractor data(get(section.getContents()), file.isLittleEndian(),
                             file.getBytesInAddress());
    std::map<uint64_t, llvm::object::ELFRelocationRef> targets;
    for (llvm::object::ELFRelocationRef relocation : relocations.relocations())
      targets.emplace(relocation.getOffset(), relocation);
    llvm::DataExtractor::Cursor cursor(0);
    while (cursor && !data.eof(cursor)) {
      auto target = targets.find(cursor.tell());
      if (target == targets.end())
        throw Error("the object file's stack sizes have no addresses");
      data.getU64(cursor);
      uint64_t size = data.getULEB128(cursor);
      llvm::object::SymbolRef symbol = *target->second.getSymbol();
      uint64_t address =
          get(symbol.getValue()) + get(target->second.getAddend());
      auto name = names.find({get(symbol.getSection())->getIndex(), address});
      if (name == names.end())
        throw Error("the object file's stack sizes are of unknown functions");
      sizes[name->second] = size;
    }
    if (llvm::Error error = cursor.takeError())
      throw Error(llvm::toString(std::move(error)));
  }

  std::map<std::pair<uint64_t, uint64_t>, llvm::StringRef> names;
  llvm::StringMap<uint64_t> sizes;
};

class Depth {
public:
  explicit Depth(const Frames &frames) : frames(frames) {}

  /// Of a call of the function. What is called through the runtime is handed to
  /// it as an argument; what is not of this module is of the C library.
  uint64_t of(const llvm::Function &function) {
    if (function.isDeclaration())
      return library;
    auto [known, isNew] = depths.try_emplace(&function, 0);
    if (!isNew)
      return known->second; // code that calls itself is refused before
    uint64_t deepest = 0;
    for (const llvm::Instruction &instruction : llvm::instructions(function))
      for (const llvm::Use &operand : instruction.operands())
        if (auto *callee =
                llvm::dyn_cast<llvm::Function>(operand->stripPointerCasts())) {
          auto *call = llvm::dyn_cast<llvm::CallBase>(&instruction);
          bool isDirect = call && call->isCallee(&operand);
          deepest = std::max(deepest, of(*callee) + (isDirect ? 0 : runtime));
        }
    uint64_t depth = frames.of(function) + around + deepest;
    depths[&function] = depth;
    return depth;
  }

private:
  /// What a frame does not count: the return address, and what alignment costs.
  static constexpr uint64_t around = 128;
  /// Of libc's and libm's functions.
  static constexpr uint64_t library = 2048;
  /// Of the runtime's functions that call one of ours.
  static constexpr uint64_t runtime = 1024;

  const Frames &frames;
  llvm::DenseMap<const llvm::Function *, uint64_t> depths;
};

} // namespace

uint64_t stackNeed(const llvm::Module &module, llvm::StringRef object) {
  Frames frames(object);
  Depth depth(frames);
  uint64_t most = 0;
  for (const llvm::Function &function : module)
    if (!function.isDeclaration())
      most = std::max(most, depth.of(function));
  return most;
}

} // namespace jarana::pipeline
