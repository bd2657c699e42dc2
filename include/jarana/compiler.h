// Compiles a model from C++; what jarana-compile does. No MLIR or LLVM header
// is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace jarana {

/// What a session uses the graph's inputs and outputs for, by their names. What
/// is empty is found out from their types and from what is computed from what.
struct SessionRoles {
  std::string ids, mask, positions, logits;
  std::vector<std::string> states; ///< "INPUT:OUTPUT": a state, and its next
                                   ///< value
};

struct CompileOptions {
  std::string model; ///< path of the .onnx file
  std::string
      output; ///< path of the bundle to make; not used where `emit` is set

  std::string target = "cpu";
  /// LLVM's target triple; empty: this machine's.
  std::string triple;
  /// LLVM's name of the processor; "native" is this machine's, which must be of
  /// the triple's architecture.
  std::string cpu = "native";
  /// Features on top of the processor's: "+avx2,-avx512f".
  std::string features;

  /// Dimensions and inputs fixed at compile time: a symbol's name to its
  /// number, an input's name to its elements ("1", "true", "[1, 2.5]"; one
  /// number is every element).
  std::map<std::string, std::string> bind;
  /// Stop at a form ("onnx", "hybrid", "stateful", "kernels", "llvm") and give
  /// its text.
  std::string emit;
  /// The decode graph that was exported with the model: compiled into the same
  /// bundle as the entry `step`, with the weights of both stored once.
  std::string decode;
  /// For sessions; a name or a type that does not fit is an error, and so is a
  /// model that has no session though a role was stated.
  SessionRoles roles;
  /// Makes a graph that was traced at a fixed length (or batch), or that is
  /// limited to some, valid for all: the raised operators have no such limit.
  bool generalizeLength = false, generalizeBatch = false;
  bool errorOnFallback =
      false; ///< fail where a named operator stays on a slow generic path
  /// Check that each pass on functions of tensors keeps what they compute,
  /// exactly, on a few small inputs: takes about as long as compiling.
  bool verifyPasses = false;
  /// What to say of the model: "raise" (what was recognised), "state" (what a
  /// session keeps, and how each op acts on the sequence), "memory".
  std::vector<std::string> reports;
  bool reportJson = false; ///< as JSON objects, one per report

  /// Called with a line such as "writing weights: 120 of 500 MiB"; may be
  /// empty.
  std::function<void(const std::string &)> progress;
  /// Called with each file of the bundle while it has a temporary name: `made`
  /// when it is there, and not `made` when it is whole or gone. A program that
  /// may be interrupted can remove it. (The linker installs LLVM's handlers of
  /// signals for its own temporary file.)
  std::function<void(const std::string &path, bool made)> temporary;
};

/// Bytes that a model takes. A context's positions take `contextBytes` each for
/// every sequence; if each scan were an attention layer with the model's own
/// keys and values, they would take `transformerBytes` (0: it has no
/// attention), and there would be no state of fixed size.
struct MemoryReport {
  uint64_t weightBytes = 0;
  uint64_t stateBytes = 0; ///< of fixed size, per sequence
  uint64_t contextBytes = 0, transformerBytes = 0;
  unsigned scans = 0, attentions = 0; ///< mixers with a state
};

struct CompileResult {
  bool ok = false;
  /// The options are at fault, not the model: a value that one does not take.
  bool badOption = false;
  /// Messages for a user: what is wrong and where; at least one where `ok` is
  /// false.
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  std::string text; ///< the form that `emit` asked for
  /// The texts of "raise" and "state", where asked for, in this order.
  std::vector<std::string> reports;
  MemoryReport memory; ///< where asked for
};

/// Compiles one model into a bundle: import, raise, code generation, link,
/// write. Nothing is left under `output` unless all of it is there. Does not
/// throw; may be called from several threads at once.
CompileResult compileModel(const CompileOptions &options);

} // namespace jarana
