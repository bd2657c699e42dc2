// The loaded model.so of one or more open bundles.
#pragma once

#include <memory>
#include <string>

namespace jarana::runtime {

class Code {
public:
  /// Loads the shared object that `descriptor` (which this takes over) is open
  /// on; opening the same file again gives the same Code. `path` is what
  /// messages call it. Throws StatusError (JARANA_BAD_BUNDLE).
  static std::shared_ptr<Code> load(int descriptor, const std::string &path);
  Code(const Code &) = delete;
  Code &operator=(const Code &) = delete;
  void *symbol(const std::string &name) const; // null where it is not exported

private:
  Code() = default;
  ~Code();
  static void release(Code *code);

  unsigned users = 0;
  int descriptor = -1;
  void *handle = nullptr;
};

} // namespace jarana::runtime
