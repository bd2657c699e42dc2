// Weights and constants of a model as scalars of an evaluation: as they are, or
// drawn.
#pragma once

#include "lib/reference/MlirTensors.h"

#include <map>
#include <memory>
#include <tuple>

namespace jarana::reference {

/// How an evaluation over residues takes a graph; one over floats takes it as
/// it is written.
struct Reading {
  /// As recognise-operators takes it. Onnx operators on single numbers that
  /// nothing drawn enters are computed in floats, rounding included, as a
  /// compiler folds them; the exponential of a weight and the product with a
  /// matrix of weights are numbers like others, with a residue modulo q, so
  /// that exp's law holds for them; attributes count as they were before they
  /// were rounded (kUnroundedScale).
  bool recognising = false;
  /// Other than 0: the numbers of weights are drawn by it, equal ones alike; 0,
  /// 1 and -1 are kept.
  uint64_t weights = 0;
  /// Those of other constants too that have several: an A_log of few heads.
  bool drawsConstants = false;
  /// Numbers of weights and constants are drawn by `weights` and by their
  /// places (Unknowns), whether they are equal or not.
  bool drawsByPlace = false;
  /// Numbers have places on the real line (ExactPlaces).
  bool usesPlaces = false;
  /// Other than 0: what an operator leaves undefined is drawn by it, so that
  /// what depends on that differs from one seed to the next. 0: it is zeros.
  uint64_t undefined = 0;
};

/// Weights as scalars, by what the module says of them: for interpreters of one
/// context that follow each other, such as before and after a pass.
template <class Real> struct WeightCacheOf {
  /// The value, that of the weight that it is derived from, the type, the seed
  /// that it was drawn by.
  using Key = std::tuple<const void *, const void *, const void *, uint64_t>;
  std::map<Key, std::shared_ptr<const TensorOf<Real>>> tensors;
};

/// Whether what an op gives gets a residue modulo q wherever it comes from
/// where a graph is taken as recognise-operators takes it, which leaves such
/// ops alone: the exponential of a weight, and what a matrix of weights makes
/// of activations.
bool isNumberLikeOthers(mlir::Operation &);

/// The numbers of one module.
template <class Real> class ModelNumbersOf {
public:
  using TensorPtr = std::shared_ptr<const TensorOf<Real>>;
  explicit ModelNumbersOf(mlir::ModuleOp,
                          std::shared_ptr<WeightCacheOf<Real>> = {});
  /// Throws where there is no such weight, or its file cannot be read.
  TensorPtr weight(mlir::StringRef symbol, const Reading &);
  static TensorPtr constant(mlir::ElementsAttr, const Reading &);

private:
  Weights weights;
  std::shared_ptr<WeightCacheOf<Real>> cache;
  uint64_t seed = 0; ///< of those by name
  std::map<std::string, TensorPtr> byName;
};

} // namespace jarana::reference
