// verify-form: checks that a module is in the form it is said to be in.
#include "passes/raise/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace jarana::raise {
#define GEN_PASS_DEF_VERIFYFORMPASS
#include "passes/raise/Passes.h.inc"

namespace {

struct Form {
  StringRef name;
  ArrayRef<StringRef>
      dialects; ///< beside func, builtin and what is listed in `ops`
  ArrayRef<StringRef> ops;
  StringRef nameAttr;
  bool signlessOnly;
};

constexpr StringRef onnxDialects[] = {"onnx"};
constexpr StringRef onnxOps[] = {"hybrid.load_weight"};
constexpr StringRef hybridDialects[] = {"hybrid", "linalg",       "tensor",
                                        "arith",  "math",         "scf",
                                        "affine", "bufferization"};
constexpr Form forms[] = {
    {"onnx", onnxDialects, onnxOps, "onnx.name", false},
    {"hybrid", hybridDialects, {}, "hybrid.name", true},
    {"stateful", hybridDialects, {}, "hybrid.name", true}};

struct VerifyForm : impl::VerifyFormPassBase<VerifyForm> {
  using VerifyFormPassBase::VerifyFormPassBase;

  void runOnOperation() override {
    const auto *wanted = llvm::find_if(
        forms, [&](const Form &known) { return known.name == form; });
    if (wanted == std::end(forms)) {
      getOperation().emitError() << "verify-form: there is no form '" << form
                                 << "' (onnx, hybrid, stateful)";
      return signalPassFailure();
    }
    bool valid = true;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      valid &= checkSignature(function, *wanted);
      function.walk(
          [&](Operation *op) { valid &= checkOp(op, function, *wanted); });
    }
    if (!valid)
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  bool checkSignature(func::FuncOp function, const Form &wanted) {
    if (!function.isPublic())
      return true;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (!function.getArgAttr(i, wanted.nameAttr)) {
        function.emitError()
            << "argument " << i << " has no '" << wanted.nameAttr
            << "', which the form '" << form << "' requires";
        return false;
      }
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (!function.getResultAttr(i, wanted.nameAttr)) {
        function.emitError() << "result " << i << " has no '" << wanted.nameAttr
                             << "', which the form '" << form << "' requires";
        return false;
      }
    bool derived =
        function.getName() == "prefill" || function.getName() == "decode";
    if (form == "stateful" && derived && !function->hasAttr("hybrid.state")) {
      function.emitError() << "has no 'hybrid.state', which the form '" << form
                           << "' requires";
      return false;
    }
    return true;
  }

  bool checkOp(Operation *op, func::FuncOp function, const Form &wanted) {
    if (op == function || isa<func::ReturnOp>(op))
      return true;
    if (!llvm::is_contained(wanted.dialects,
                            op->getName().getDialectNamespace()) &&
        !llvm::is_contained(wanted.ops, op->getName().getStringRef())) {
      op->emitError() << "does not belong to the form '" << form << "'";
      return false;
    }
    for (Type type : op->getResultTypes())
      if (wanted.signlessOnly &&
          getElementTypeOrSelf(type).isUnsignedInteger()) {
        op->emitError() << "has a result of type " << type << "; the form '"
                        << form << "' has no unsigned types";
        return false;
      }
    return true;
  }
};

} // namespace
} // namespace jarana::raise
