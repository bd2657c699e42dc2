// What the operators of each opset look like: arity, attributes and their
// types. Made at build time from the schemas of the onnx package
// (scripts/gen_onnx_ods.py), and by hand for com.microsoft.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace jarana::onnx {

/// One version of an operator.
struct OperatorVersion {
  llvm::StringRef domain; ///< "" is ai.onnx
  llvm::StringRef name;
  int since;              ///< the first opset that it belongs to
  llvm::StringRef inputs; ///< one letter per input: 's' required, '?' optional,
                          ///< '*' any number (last)
  int minInputs;
  llvm::StringRef outputs;
  int minOutputs;
  llvm::StringRef attributes; ///< "axis:i body:g!": i f s t g I F S T G as in
                              ///< AttributeProto, '!' required

  bool variadicInputs() const { return inputs.ends_with("*"); }
  bool variadicOutputs() const { return outputs.ends_with("*"); }
  /// The letter of an attribute's type, 0 where it has no such attribute.
  char attributeKind(llvm::StringRef attribute) const;
};

inline constexpr int oldestOpset = 7;
inline constexpr int newestOpset = 28;

/// The version that `opset` of `domain` means, or nullptr.
const OperatorVersion *findVersion(llvm::StringRef domain, llvm::StringRef name,
                                   int64_t opset);
/// The newest version, or nullptr.
const OperatorVersion *newestVersion(llvm::StringRef domain,
                                     llvm::StringRef name);
/// The oldest version, or nullptr.
const OperatorVersion *oldestVersion(llvm::StringRef domain,
                                     llvm::StringRef name);
/// The name of the operator of the domain that `name` is likely a misspelling
/// of; empty where none is that near.
std::string nearestOperator(llvm::StringRef domain, llvm::StringRef name);
/// All versions of all operators.
llvm::ArrayRef<OperatorVersion> allVersions();

} // namespace jarana::onnx
