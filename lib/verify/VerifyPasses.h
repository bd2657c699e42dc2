// --verify-passes: every pass at tensor level is checked to keep what the
// functions compute, over residues (docs/exact.md).
#pragma once

#include "lib/reference/Exact.h"
#include "lib/reference/Interpreter.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>
#include <vector>

namespace jarana::verify {

/// What was found, over all pass managers that share it.
struct VerifyLog {
  /// Checks of one function on one sample that found it unchanged.
  int checks = 0;
  /// Set where a difference was reported (as a diagnostic at the function):
  /// the pass's name. Nothing is checked after it.
  std::string wrongPass;
  /// What could not be checked, and why; each once.
  std::vector<std::string> declined;
  double seconds = 0; ///< spent on checking
  /// Those that were read. A log is for modules of one context.
  std::shared_ptr<reference::WeightCacheOf<reference::Exact>> weights =
      std::make_shared<reference::WeightCacheOf<reference::Exact>>();
};

/// Evaluates each public function of tensors before and after each pass of the
/// manager on a few small inputs. An error names the pass, the function, the
/// output, and the first op whose value nothing before the pass explains.
/// Functions of buffers, and passes that change nothing, are left alone;
/// functions derived by derive-state are compared with what they come from.
/// The passes of the context then run on one thread. The log must outlive the
/// manager.
void verifyPasses(mlir::PassManager &, VerifyLog &);

} // namespace jarana::verify
