// What recognisers read from constants and attributes.
#pragma once

#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// The numbers in an integer tensor that shape arithmetic knows; nothing where
/// one of them depends on the input's shape, or the tensor is absent.
std::optional<mlir::SmallVector<int64_t>> integersOf(Graph &graph,
                                                     mlir::Value value);
/// The float that all elements of a constant are, through casts of it.
std::optional<double> numberOf(mlir::Value value);
/// The dimension counted from the end for negative `axis`, as known by now.
symbolic::Expr dim(Graph &graph, mlir::Value value, int64_t axis);
int64_t rankOf(mlir::Value value);
mlir::Type elementOf(mlir::Value value);
bool isFloat(mlir::Value value);
/// f32, f16 or bf16: what the named operators of the hybrid form take.
bool isCommonFloat(mlir::Value value);
/// Whether two values provably have the same dimensions.
bool sameShape(Graph &graph, mlir::Value lhs, mlir::Value rhs);
/// The only op that uses the value, those that only ask for its shape aside;
/// null where none or several do, or the function returns it.
mlir::Operation *onlyUser(mlir::Value value);
/// `value * sigmoid(value)` where nothing else uses `value`; null otherwise.
mlir::Value siluOf(mlir::Value value);

/// `Slice` of one axis to [begin, end).
mlir::Value sliceAxis(OnnxBuilder &build, mlir::Value value, int64_t axis,
                      int64_t begin, int64_t end);

} // namespace jarana::raise::recognise
