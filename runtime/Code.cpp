// A file is loaded through its descriptor, /proc/self/fd/N: that very file was
// checked. The dynamic linker tells libraries apart by name, so the path of a
// bundle that was replaced on disk while an older one is in use would give the
// old code; a descriptor's name cannot be another library's as long as it is
// open, and it stays open until the library is unloaded (hence one Code per
// file, however often it is opened).
#include "runtime/Code.h"
#include "runtime/Status.h"

#include <dlfcn.h>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace jarana::runtime {
namespace {

using FileId = std::pair<dev_t, ino_t>;
struct Loaded {
  std::mutex mutex;
  std::map<FileId, Code *> files;
};
Loaded &loaded() {
  static Loaded instance;
  return instance;
}

} // namespace

std::shared_ptr<Code> Code::load(int descriptor, const std::string &path) {
  std::unique_ptr<Code, void (*)(Code *)> code(new Code,
                                               [](Code *c) { delete c; });
  code->descriptor = descriptor;
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    throw StatusError(JARANA_BAD_BUNDLE, "cannot read '" + path + "'");
  std::lock_guard lock(loaded().mutex);
  Code *&known = loaded().files[{status.st_dev, status.st_ino}];
  if (!known) {
    code->handle =
        ::dlopen(("/proc/self/fd/" + std::to_string(descriptor)).c_str(),
                 RTLD_NOW | RTLD_LOCAL);
    if (!code->handle) {
      loaded().files.erase({status.st_dev, status.st_ino});
      throw StatusError(JARANA_BAD_BUNDLE,
                        "cannot load '" + path + "': " + ::dlerror());
    }
    known = code.release();
  }
  ++known->users;
  return {known, &Code::release};
}

// Under the lock, so that nobody can load the file between the last use and the
// unloading.
void Code::release(Code *code) {
  std::lock_guard lock(loaded().mutex);
  if (--code->users > 0)
    return;
  std::erase_if(loaded().files,
                [&](const auto &item) { return item.second == code; });
  delete code;
}

Code::~Code() {
  if (handle)
    ::dlclose(handle);
  if (descriptor >= 0)
    ::close(descriptor);
}

void *Code::symbol(const std::string &name) const {
  return ::dlsym(handle, name.c_str());
}

} // namespace jarana::runtime
