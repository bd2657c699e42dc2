// The linker, in this process: a machine that compiles models needs none.
#include "jarana/error.h"
#include "lib/pipeline/Codegen.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

namespace jarana::pipeline {
namespace {

/// A folder that goes with its files.
struct TemporaryFolder {
  llvm::SmallString<128> path;
  TemporaryFolder() {
    if (std::error_code error =
            llvm::sys::fs::createUniqueDirectory("jarana-link", path))
      throw Error("cannot make a folder for temporary files: " +
                  error.message());
  }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }
  std::string file(llvm::StringRef name) const {
    llvm::SmallString<128> result = path;
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
};

} // namespace

std::string linkSharedObject(llvm::StringRef object) {
  TemporaryFolder folder;
  std::string input = folder.file("model.o"), output = folder.file("model.so");
  {
    std::error_code error;
    llvm::raw_fd_ostream stream(input, error);
    if (!error) {
      stream << object;
      stream.close();
      error = stream.error();
      stream.clear_error();
    }
    if (error)
      throw Error("cannot write the temporary file '" + input +
                  "': " + error.message());
  }
  // lld keeps its state in globals.
  static std::mutex mutex;
  static bool usable = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (!usable)
    throw Error("the linker cannot run again in this process after it crashed");
  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "--build-id=none",
                             "--hash-style=gnu",
                             "-soname=model.so",
                             "--gc-sections",
                             "-znoexecstack",
                             "-znow",
                             "-o",
                             output.c_str(),
                             input.c_str()};
  std::string out, errors;
  llvm::raw_string_ostream outStream(out), errorStream(errors);
  lld::Result result = lld::lldMain(arguments, outStream, errorStream,
                                    {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  if (result.retCode != 0)
    throw Error("linking failed: " + errors);
  auto buffer = llvm::MemoryBuffer::getFile(output);
  if (!buffer)
    throw Error("cannot read the temporary file '" + output +
                "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

} // namespace jarana::pipeline
