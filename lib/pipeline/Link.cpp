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
    llvm::SmallString<128> parent;
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, parent);
    llvm::SmallString<128> name = parent;
    llvm::sys::path::append(name, "jarana-link");
    if (std::error_code error =
            llvm::sys::fs::createUniqueDirectory(name, path))
      throw Error("cannot make a folder for temporary files in '" +
                  parent.str().str() + "': " + error.message() +
                  "; TMPDIR names another place for them");
  }
  ~TemporaryFolder() { llvm::sys::fs::remove_directories(path); }
  std::string file(llvm::StringRef name) const {
    llvm::SmallString<128> result = path;
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
};

} // namespace

namespace {

/// Links `inputs` into a shared object of that name.
void link(const std::string &soname, const std::string &output,
          const std::vector<std::string> &inputs) {
  std::string name = "-soname=" + soname;
  std::vector<const char *> arguments = {"ld.lld",          "-shared",
                                         "--build-id=none", "--hash-style=gnu",
                                         name.c_str(),      "--gc-sections",
                                         "-znoexecstack",   "-znow",
                                         "--no-as-needed",  "-o",
                                         output.c_str()};
  for (const std::string &input : inputs)
    arguments.push_back(input.c_str());
  // lld keeps its state in globals.
  static std::mutex mutex;
  static bool usable = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (!usable)
    throw Error("the linker cannot run again in this process after it crashed");
  std::string out, errors;
  llvm::raw_string_ostream outStream(out), errorStream(errors);
  lld::Result result = lld::lldMain(arguments, outStream, errorStream,
                                    {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  if (result.retCode != 0)
    throw Error("linking failed: " + errors);
}

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
  // The code names the libraries of its functions, so that they are looked up
  // there and need not be visible in the process. What stands for a library
  // while linking only has its name.
  std::vector<std::string> inputs = {input};
  for (const char *library : {"libm.so.6", "libc.so.6"}) {
    link(library, folder.file(library), {input});
    inputs.push_back(folder.file(library));
  }
  link("model.so", output, inputs);
  auto buffer = llvm::MemoryBuffer::getFile(output);
  if (!buffer)
    throw Error("cannot read the temporary file '" + output +
                "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

} // namespace jarana::pipeline
