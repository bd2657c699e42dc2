// The linker, in this process: a machine that compiles models needs none.
#include "jarana/error.h"
#include "lib/pipeline/Codegen.h"

#include "lld/Common/Driver.h"
#include "llvm/InterfaceStub/ELFObjHandler.h"
#include "llvm/InterfaceStub/IFSStub.h"
#include "llvm/Object/ELFObjectFile.h"
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

/// Writes what stands for the C library and libm while linking: all that the
/// object leaves undefined is looked up in these two where the code is loaded,
/// and in nothing else that a process has.
std::vector<std::string> writeLibraries(const TemporaryFolder &folder,
                                        const std::string &input) {
  auto file = llvm::object::ObjectFile::createObjectFile(input);
  if (!file)
    throw Error("cannot read the temporary file '" + input +
                "': " + llvm::toString(file.takeError()));
  auto *elf = llvm::cast<llvm::object::ELFObjectFileBase>(file->getBinary());
  std::vector<std::string> paths;
  for (const char *name : {"libm.so.6", "libc.so.6"}) {
    llvm::ifs::IFSStub stub;
    stub.IfsVersion = llvm::VersionTuple(3, 0);
    stub.SoName = name;
    stub.Target.Arch = elf->getEMachine();
    stub.Target.ArchString = std::nullopt;
    stub.Target.BitWidth = llvm::ifs::IFSBitWidthType::IFS64;
    stub.Target.Endianness = llvm::ifs::IFSEndiannessType::Little;
    paths.push_back(folder.file(name));
    if (llvm::Error error = llvm::ifs::writeBinaryStub(paths.back(), stub))
      throw Error("cannot write the temporary file '" + paths.back() +
                  "': " + llvm::toString(std::move(error)));
  }
  return paths;
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
  std::vector<std::string> libraries = writeLibraries(folder, input);
  // lld keeps its state in globals.
  static std::mutex mutex;
  static bool usable = true;
  std::lock_guard<std::mutex> lock(mutex);
  if (!usable)
    throw Error("the linker cannot run again in this process after it crashed");
  const char *arguments[] = {
      "ld.lld", "-shared", "--build-id=none", "--hash-style=gnu",
      "-soname=model.so", "--gc-sections", "-znoexecstack", "-znow",
      "--no-as-needed",
      // Writing through a mapping would install handlers
      // of signals, for a file that goes with its folder.
      "--no-mmap-output-file", "-o", output.c_str(), input.c_str(),
      libraries[0].c_str(), libraries[1].c_str()};
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
