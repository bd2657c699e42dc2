// jarana-compile: an ONNX model becomes a bundle.
#include "Memory.h"
#include "jarana/compiler.h"
#include "tools/common/Options.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Signals.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <unistd.h>

using namespace jarana;
using tools::Options;
using tools::UsageError;

namespace {

constexpr const char *synopsis =
    R"(usage: jarana-compile MODEL.onnx -o OUT.jarana [options]
       jarana-compile MODEL.onnx --emit=FORM [-o FILE] [options]

Compiles an ONNX model into a bundle that jarana-run and the runtime take.

examples:
  jarana-compile model.onnx -o model.jarana
  jarana-compile model.onnx -o model.jarana --mcpu=x86-64-v3 --bind=batch=1
  jarana-compile model.onnx --emit=hybrid | less
  jarana-compile model.onnx -o model.jarana --report=raise)";

/// "batch=1,use_cache=true,sizes=[2,3]"
std::map<std::string, std::string> parseBindings(const std::string &text) {
  std::map<std::string, std::string> bindings;
  for (size_t start = 0; start < text.size();) {
    size_t equals = text.find('=', start), list = text.find('[', start);
    size_t end = text.find(',', start);
    if (list != std::string::npos && list == equals + 1) // its commas are not
      end = text.find(',', std::min(text.find(']', list), text.size()));
    end = std::min(end, text.size());
    std::string item = text.substr(start, end - start);
    equals = item.rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == item.size())
      throw UsageError("--bind: '" + item +
                       "' is not NAME=NUMBER, such as batch=1, or "
                       "NAME=[NUMBER,...]");
    if (!bindings.emplace(item.substr(0, equals), item.substr(equals + 1))
             .second)
      throw UsageError("--bind: '" + item.substr(0, equals) +
                       "' is given twice");
    start = end + 1;
  }
  return bindings;
}

/// "raise", "state", "memory" or "all", and ",json"
void parseReport(const std::string &text, CompileOptions &result) {
  std::string what = text.substr(0, text.find(','));
  std::string how =
      what.size() == text.size() ? "" : text.substr(what.size() + 1);
  if (what == "plan")
    throw UsageError("--report=plan is not there yet; raise, state, memory and "
                     "all are");
  if (what == "all")
    result.reports = {"raise", "state", "memory"};
  else if (what == "raise" || what == "state" || what == "memory")
    result.reports = {what};
  if (result.reports.empty() || (!how.empty() && how != "json"))
    throw UsageError("--report: there is no '" + text +
                     "'; use raise, state, memory or all, and ,json behind it");
  result.reportJson = how == "json";
}

/// Texts one after the other, or one JSON object with a member per report.
void printReports(const CompileOptions &options, const CompileResult &result,
                  uint64_t batch, uint64_t length) {
  bool memory = result.ok && std::ranges::count(options.reports, "memory") > 0;
  nlohmann::ordered_json all = nlohmann::ordered_json::object();
  for (const std::string &text : result.reports) {
    if (options.reportJson)
      all.update(nlohmann::ordered_json::parse(text));
    else
      std::cout << text;
  }
  if (memory) {
    nlohmann::ordered_json report = tools::memoryReport(
        result.memory, options.emit.empty() ? options.output : "", batch,
        length);
    if (options.reportJson)
      all["memory"] = report;
    else
      std::cout << tools::printMemoryReport(report);
  }
  if (options.reportJson && !options.reports.empty())
    std::cout << all.dump(1) << "\n";
  std::cout << std::flush;
}

/// "length", "batch" or "length,batch"
void parseGeneralize(const std::string &text, CompileOptions &result) {
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find(',', start), text.size());
    std::string item = text.substr(start, end - start);
    if (item == "length")
      result.generalizeLength = true;
    else if (item == "batch")
      result.generalizeBatch = true;
    else
      throw UsageError("--generalize: '" + item +
                       "' is not known; use length, batch or length,batch");
    start = end + 1;
  }
}

void refuseFutureOptions(const Options &options) {
  for (const char *name : {"gpu-arch", "weights", "plan"})
    if (options.has(name))
      throw UsageError("--" + std::string(name) + " is not there yet");
}

CompileOptions parse(const Options &options) {
  refuseFutureOptions(options);
  CompileOptions result;
  if (options.positional().size() != 1)
    throw UsageError(options.positional().empty()
                         ? "which model? see --help"
                         : "one model at a time; see --help");
  result.model = options.positional().front();
  result.output = options.text("o");
  result.emit = options.text("emit");
  if (result.output.empty() && result.emit.empty())
    throw UsageError(
        "where shall the bundle go? give -o OUT.jarana, or --emit=FORM");
  if (result.emit == "planned")
    throw UsageError("--emit=planned is not there yet; onnx, hybrid, stateful, "
                     "kernels and llvm are");
  result.target = options.text("target", "cpu");
  if (result.target == "cuda")
    throw UsageError("--target=cuda is not there yet; cpu is");
  if (result.target != "cpu")
    throw UsageError("--target: there is no '" + result.target + "'; cpu is");
  result.triple = options.text("mtriple");
  result.cpu = options.text("mcpu", "native");
  result.features = options.text("mattr");
  result.bind = parseBindings(options.text("bind"));
  if (options.has("report"))
    parseReport(options.text("report"), result);
  result.decode = options.text("decode");
  if (options.has("generalize"))
    parseGeneralize(options.text("generalize"), result);
  result.roles = {options.text("ids"), options.text("mask"),
                  options.text("positions"), options.text("logits"),
                  options.texts("state")};
  for (const char *role : {"ids", "mask", "positions", "logits", "state"})
    if (std::ranges::count(options.texts(role), ""))
      throw UsageError("option '--" + std::string(role) +
                       "' needs the name of an input or output");
  result.errorOnFallback = options.has("error-on-fallback");
  result.verifyPasses = options.has("verify-passes");
  return result;
}

/// The text goes to -o, or to standard output.
void writeText(const std::string &text, const std::string &path) {
  if (path.empty() || path == "-") {
    std::cout << text << std::flush;
    if (!std::cout)
      throw Error("cannot write to standard output");
    return;
  }
  std::ofstream file(path);
  file << text << std::flush;
  if (!file)
    throw Error("cannot write '" + path + "': " + std::strerror(errno));
}

int run(const Options &options) {
  CompileOptions compile = parse(options);
  bool terminal = ::isatty(STDERR_FILENO) != 0;
  auto start = std::chrono::steady_clock::now();
  if (terminal)
    compile.progress = [&](const std::string &line) {
      double seconds = std::chrono::duration<double>(
                           std::chrono::steady_clock::now() - start)
                           .count();
      std::fprintf(stderr, "\r\033[K[%5.1f s] %s", seconds, line.c_str());
      std::fflush(stderr);
    };
  // Nothing half-written is left by an interrupt.
  compile.temporary = [](const std::string &path, bool made) {
    if (made)
      llvm::sys::RemoveFileOnSignal(path);
    else
      llvm::sys::DontRemoveFileOnSignal(path);
  };
  CompileResult result = compileModel(compile);
  if (terminal)
    std::fprintf(stderr, "\r\033[K");
  for (const std::string &warning : result.warnings)
    std::fprintf(stderr, "jarana-compile: warning: %s\n", warning.c_str());
  for (const std::string &error : result.errors)
    std::fprintf(stderr, "jarana-compile: error: %s\n", error.c_str());
  printReports(compile, result, options.number("report-batch", 1, 1),
               options.number("report-length", 512, 1));
  if (!result.ok)
    return result.badOption ? 2 : 1;
  if (!compile.emit.empty())
    writeText(result.text, compile.output);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  Options options(
      synopsis,
      {{"o", "PATH", "the bundle to make (or the file for --emit)"},
       {"target", "cpu", "what to make code for"},
       {"mtriple", "TRIPLE", "LLVM's target triple; default: this machine's"},
       {"mcpu", "CPU", "LLVM's name of the processor; default: native"},
       {"mattr", "FEATURES", "features on top of it: +avx2,-avx512f"},
       {"bind", "NAME=N,...",
        "fix dimensions and inputs: batch=1,use_cache=true"},
       {"decode", "DECODE.onnx",
        "the decode graph exported with the model: the entry 'step' of the "
        "bundle, sharing its weights"},
       {"ids", "INPUT", "the input of token ids, for sessions"},
       {"mask", "INPUT", "the input that masks positions, for sessions"},
       {"positions", "INPUT",
        "the input of the tokens' positions, for sessions"},
       {"logits", "OUTPUT", "the output of logits, for sessions"},
       {"state", "IN:OUT",
        "a state and the output that is its next value, for sessions; as "
        "often as there are states to be told",
        true},
       {"generalize", "DIMS",
        "length, batch or both: make a graph that was traced at fixed sizes "
        "valid for all"},
       {"emit", "FORM",
        "print a form instead: onnx, hybrid, stateful, kernels or llvm"},
       {"report", "WHAT[,json]",
        "raise: what was recognised, and what was not, and why; state: what a "
        "session keeps; memory; all"},
       {"report-batch", "N", "sequences for --report=memory; default: 1"},
       {"report-length", "N", "their tokens; default: 512"},
       {"error-on-fallback", "",
        "fail where an operator stays on a slow generic path"},
       {"verify-passes", "",
        "check that each pass on tensors keeps what the model computes, "
        "exactly, on small inputs"},
       {"gpu-arch", "ARCH", "not there yet"},
       {"weights", "FORMAT", "not there yet"},
       {"plan", "PLAN", "not there yet"}});
  return tools::runTool("jarana-compile", options, argc, argv, run);
}
