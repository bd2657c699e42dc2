// Where exceptions end. MLIR is compiled without them: what our own code throws
// (limits of symbolic expressions and of the reference evaluator,
// jarana::Error) must not reach a frame of MLIR's.
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "llvm/Support/LogicalResult.h"

#include <exception>
#include <new>

namespace jarana {

/// What `body` gives, or failure where it throws: that is an error at `loc`,
/// whose message begins with `who`.
template <class Body>
llvm::LogicalResult guarded(mlir::Location loc, const llvm::Twine &who,
                            Body body) {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return mlir::emitError(loc) << who << ": out of memory";
  } catch (const std::exception &error) {
    return mlir::emitError(loc) << who << ": " << error.what();
  }
}

/// At an op, by its name.
template <class Body>
llvm::LogicalResult guarded(mlir::Operation *op, Body body) {
  return guarded(op->getLoc(), "'" + op->getName().getStringRef() + "'", body);
}

} // namespace jarana
