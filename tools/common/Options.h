// Command lines of the tools that run bundles: --name=value, --name value,
// --flag, and positional arguments.
#pragma once

#include "jarana/error.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace jarana::tools {

/// A wrong command line: exit status 2.
class UsageError : public Error {
public:
  using Error::Error;
};

class Options {
public:
  /// One option that a tool takes; `placeholder` is empty for a flag.
  struct Spec {
    std::string name, placeholder, help;
    bool repeatable = false;
  };

  /// synopsis: the usage lines and examples of --help, which each tool takes
  /// besides `specs`.
  Options(std::string synopsis, std::vector<Spec> specs)
      : synopsis(std::move(synopsis)), specs(std::move(specs)) {
    this->specs.push_back({"help", "", "print this"});
  }

  /// Throws UsageError for what is not an option, or lacks its value, or is
  /// given twice.
  void parse(int argc, char **argv);

  bool has(const std::string &name) const { return values.count(name) > 0; }
  std::string text(const std::string &name,
                   const std::string &otherwise = "") const;
  /// The values of a repeatable option, in the order that they were given in.
  std::vector<std::string> texts(const std::string &name) const;
  /// An integer in [least, most]; throws UsageError.
  uint64_t number(const std::string &name, uint64_t otherwise,
                  uint64_t least = 0, uint64_t most = UINT32_MAX) const;
  double real(const std::string &name, double otherwise) const;
  /// Integers separated by commas.
  std::vector<int64_t> numbers(const std::string &name) const;
  const std::vector<std::string> &positional() const { return arguments; }
  /// Throws UsageError where one of `names` was given, saying that it does not
  /// go with `what`.
  void exclude(const std::vector<std::string> &names,
               const std::string &what) const;

  std::string help() const;

private:
  const Spec *find(const std::string &name) const;

  std::string synopsis;
  std::vector<Spec> specs;
  std::multimap<std::string, std::string> values;
  std::vector<std::string> arguments;
};

/// Runs a tool's body: parses, prints --help, and turns exceptions into a
/// message and the exit status (1, or 2 for usage).
int runTool(const char *name, Options &options, int argc, char **argv,
            int (*body)(const Options &));

} // namespace jarana::tools
