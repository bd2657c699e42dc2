#include "tools/common/Options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace jarana::tools {

const Options::Spec *Options::find(const std::string &name) const {
  auto found = std::find_if(specs.begin(), specs.end(), [&](const Spec &spec) {
    return spec.name == name;
  });
  return found == specs.end() ? nullptr : &*found;
}

void Options::parse(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument.size() < 2 || argument[0] != '-') {
      arguments.push_back(argument);
      continue;
    }
    size_t start = argument[1] == '-' ? 2 : 1, equals = argument.find('=');
    std::string name =
        argument.substr(start, equals == std::string::npos ? std::string::npos
                                                           : equals - start);
    const Spec *spec = find(name);
    if (!spec)
      throw UsageError("unknown option '--" + name + "'; see --help");
    std::string value;
    if (equals != std::string::npos)
      value = argument.substr(equals + 1);
    if (spec->placeholder.empty() && equals != std::string::npos)
      throw UsageError("option '--" + name + "' takes no value");
    if (!spec->placeholder.empty() && equals == std::string::npos) {
      if (++i == argc)
        throw UsageError("option '--" + name + "' needs a value: --" + name +
                         "=" + spec->placeholder);
      value = argv[i];
    }
    if (has(name) && !spec->repeatable)
      throw UsageError("option '--" + name + "' is given twice");
    values.emplace(name, value);
  }
}

std::string Options::text(const std::string &name,
                          const std::string &otherwise) const {
  auto found = values.find(name);
  return found == values.end() ? otherwise : found->second;
}

std::vector<std::string> Options::texts(const std::string &name) const {
  std::vector<std::string> result;
  auto [first, last] = values.equal_range(name);
  for (; first != last; ++first)
    result.push_back(first->second);
  return result;
}

uint64_t Options::number(const std::string &name, uint64_t otherwise,
                         uint64_t least, uint64_t most) const {
  if (!has(name))
    return otherwise;
  std::string value = text(name);
  uint64_t result = 0;
  auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() ||
      value.empty() || result < least || result > most)
    throw UsageError("option '--" + name + "' must be an integer from " +
                     std::to_string(least) + " to " + std::to_string(most) +
                     ", not '" + value + "'");
  return result;
}

double Options::real(const std::string &name, double otherwise) const {
  if (!has(name))
    return otherwise;
  std::string value = text(name);
  double result = 0;
  auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() ||
      value.empty() || !std::isfinite(result))
    throw UsageError("option '--" + name + "' must be a number, not '" + value +
                     "'");
  return result;
}

std::vector<int64_t> Options::numbers(const std::string &name) const {
  std::vector<int64_t> result;
  std::stringstream list(text(name));
  for (std::string item; std::getline(list, item, ',');) {
    size_t first = item.find_first_not_of(' ');
    item.erase(0, std::min(first, item.size()));
    item.erase(item.find_last_not_of(' ') + 1);
    int64_t value = 0;
    auto [end, error] =
        std::from_chars(item.data(), item.data() + item.size(), value);
    if (error != std::errc() || end != item.data() + item.size() ||
        item.empty())
      throw UsageError("option '--" + name +
                       "' must be integers separated by commas, not '" +
                       text(name) + "'");
    result.push_back(value);
  }
  if (result.empty())
    throw UsageError("option '--" + name + "' needs at least one integer");
  return result;
}

void Options::exclude(const std::vector<std::string> &names,
                      const std::string &what) const {
  for (const std::string &name : names)
    if (has(name))
      throw UsageError("option '--" + name + "' does not go with " + what);
}

std::string Options::help() const {
  std::string text = synopsis + "\noptions:\n";
  for (const Spec &spec : specs) {
    std::string left = "  --" + spec.name +
                       (spec.placeholder.empty() ? "" : "=" + spec.placeholder);
    left.resize(std::max<size_t>(left.size() + 1, 28), ' ');
    text += left + spec.help + "\n";
  }
  return text;
}

int runTool(const char *name, Options &options, int argc, char **argv,
            int (*body)(const Options &)) {
  try {
    options.parse(argc, argv);
    if (options.has("help")) {
      std::fputs(options.help().c_str(), stdout);
      return 0;
    }
    int status = body(options);
    if (std::fflush(stdout) != 0)
      throw Error("cannot write to the standard output");
    return status;
  } catch (const UsageError &e) {
    std::fprintf(stderr, "%s: %s\n", name, e.what());
    return 2;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s: error: %s\n", name, e.what());
    return 1;
  }
}

} // namespace jarana::tools
