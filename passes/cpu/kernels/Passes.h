// cpu-expand-kernels: the CPU code of the hybrid ops.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace jarana::cpu {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/cpu/kernels/Passes.h.inc"

/// Whether the pass has code for `op`, which may be on tensors still.
bool hasKernel(mlir::Operation *op);
} // namespace jarana::cpu
