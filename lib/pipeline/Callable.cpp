#include "lib/pipeline/Callable.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace mlir;

namespace jarana::pipeline {
namespace {

// The list: what a bundle takes from libc and libm, which its code names as its
// dependencies. Everything else comes through the context that it is given.
constexpr llvm::StringLiteral callable[] = {
    // libc: LLVM makes these of loops.
    "memcpy", "memmove", "memset", "memcmp", "bcmp",
    // libm, from MLIR's math dialect and from LLVM's intrinsics where the
    // target has no instruction (rounding without SSE4.1, fma without FMA).
    "acosf", "acoshf", "asinf", "asinhf", "atan2f", "atanf", "atanhf", "cbrtf",
    "ceilf", "cosf", "coshf", "erfcf", "erff", "exp10f", "exp2f", "expf",
    "expm1f", "floorf", "fmaf", "fmaxf", "fminf", "fmodf", "ldexpf", "log10f",
    "log1pf", "log2f", "logf", "lrintf", "nearbyintf", "powf", "rintf",
    "roundevenf", "roundf", "sincosf", "sinf", "sinhf", "sqrtf", "tanf",
    "tanhf", "truncf", //
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil",
    "cos", "cosh", "erf", "erfc", "exp", "exp10", "exp2", "expm1", "floor",
    "fma", "fmax", "fmin", "fmod", "ldexp", "log", "log10", "log1p", "log2",
    "lrint", "nearbyint", "pow", "rint", "round", "roundeven", "sin", "sincos",
    "sinh", "sqrt", "tan", "tanh", "trunc",
    // What the linker defines.
    "_GLOBAL_OFFSET_TABLE_"};

/// The functions of an object, by section and address.
class Functions {
public:
  explicit Functions(const llvm::object::ELFObjectFileBase &file) {
    for (const llvm::object::ELFSymbolRef symbol : file.symbols()) {
      if (symbol.getELFType() != llvm::ELF::STT_FUNC)
        continue;
      auto section = symbol.getSection();
      auto name = symbol.getName();
      auto address = symbol.getAddress();
      if (section && name && address && *section != file.section_end())
        starts[{(*section)->getIndex(), *address}] = name->str();
      consumeError(section.takeError());
      consumeError(name.takeError());
      consumeError(address.takeError());
    }
  }
  /// The one that an address lies in; empty where there is none.
  std::string at(uint64_t section, uint64_t address) const {
    auto next = starts.upper_bound({section, address});
    if (next == starts.begin() || std::prev(next)->first.first != section)
      return "";
    return std::prev(next)->second;
  }

private:
  std::map<std::pair<uint64_t, uint64_t>, std::string> starts;
};

/// The symbols outside of the list that an object needs, each with the
/// functions whose code refers to it.
llvm::Expected<std::map<std::string, std::set<std::string>>>
foreignSymbols(llvm::StringRef object) {
  auto binary = llvm::object::ObjectFile::createELFObjectFile(
      llvm::MemoryBufferRef(object, "model.o"));
  if (!binary)
    return binary.takeError();
  auto &file = llvm::cast<llvm::object::ELFObjectFileBase>(**binary);
  std::map<std::string, std::set<std::string>> foreign;
  for (const llvm::object::ELFSymbolRef symbol : file.symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags)
      return flags.takeError();
    if (!name)
      return name.takeError();
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty() &&
        !isCallable(*name))
      foreign[name->str()];
  }
  if (foreign.empty())
    return foreign;
  Functions functions(file);
  for (const llvm::object::SectionRef &section : file.sections()) {
    auto code = section.getRelocatedSection();
    if (!code)
      return code.takeError();
    if (*code == file.section_end())
      continue;
    for (const llvm::object::RelocationRef &relocation :
         section.relocations()) {
      auto symbol = relocation.getSymbol();
      if (symbol == file.symbol_end())
        continue;
      auto name = symbol->getName();
      if (!name)
        return name.takeError();
      if (auto known = foreign.find(name->str()); known != foreign.end())
        known->second.insert(
            functions.at((*code)->getIndex(), relocation.getOffset()));
    }
  }
  return foreign;
}

} // namespace

bool isCallable(llvm::StringRef symbol) {
  static const llvm::StringSet<> list = [] {
    llvm::StringSet<> result;
    for (llvm::StringRef name : callable)
      result.insert(name);
    return result;
  }();
  return list.contains(symbol);
}

LogicalResult checkCalls(ModuleOp module, llvm::StringRef object,
                         const CpuTarget &target) {
  auto foreign = foreignSymbols(object);
  if (!foreign)
    return module.emitError("the object file cannot be read back: ")
           << llvm::toString(foreign.takeError());
  for (const auto &[symbol, functions] : *foreign) {
    auto complain =
        [&, &symbol = symbol](Location location) {
          emitError(location)
              << "its code for " << target.cpu << " calls '" << symbol
              << "', which the runtime does not have: this is a bug; another "
                 "--mcpu may do without";
        };
    // What the llvm form calls by this name.
    bool found = false;
    module.walk([&, &symbol = symbol](LLVM::CallOp call) {
      if (call.getCallee() && *call.getCallee() == symbol) {
        complain(call.getLoc());
        found = true;
      }
    });
    if (found)
      continue;
    // What LLVM made: a function is outlined of one node, or of the loops of
    // one.
    for (const std::string &name : functions) {
      auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
      complain(function ? function.getLoc() : module.getLoc());
      found = true;
    }
    if (!found)
      complain(module.getLoc());
  }
  return success(foreign->empty());
}

} // namespace jarana::pipeline
