// Tables over positions 0, 1, 2, ... that an exporter folded, as the functions
// of the position that they are. No MLIR here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace jarana::raise {

/// table[outer, t, inner] as a function of the position t.
struct PositionFunction {
  enum class Kind {
    Uniform, ///< the same for all positions
    Affine,  ///< start + step * t, in integers
    Cos,     ///< cos(frequency * t)
    Sin,     ///< sin(frequency * t)
  };
  Kind kind = Kind::Uniform;
  /// One per (outer, inner), row-major: the value, the start, the frequency.
  std::vector<double> first;
  /// Affine: one step per (outer, inner).
  std::vector<double> step;
};

/// Finds the function that gives `table` [outer, rows, inner], row-major; the
/// floats were rounded to f32. Rotary tables: frequencies in [0, pi], taken as
/// the geometric sequence theta^(-2j/d) of Su et al. 2021 (RoFormer, section
/// 3.2.2) where that gives the table, which is exact far beyond its rows.
/// Empty, with the reason, where there is none that is determined by these
/// rows.
std::optional<PositionFunction>
findPositionFunction(const std::vector<double> &table, int64_t outer,
                     int64_t rows, int64_t inner, bool integers,
                     std::string &reason);

} // namespace jarana::raise
