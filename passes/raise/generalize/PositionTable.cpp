#include "passes/raise/generalize/PositionTable.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace jarana::raise {
namespace {

using Kind = PositionFunction::Kind;

/// What rounding an f32 table's angles and values may add, per radian.
constexpr double rounding = 2.4e-7;

/// The rows of a table, by column.
struct Table {
  const std::vector<double> &values;
  int64_t outer, rows, inner;

  int64_t columns() const { return outer * inner; }
  double at(int64_t column, int64_t row) const {
    return values[(column / inner * rows + row) * inner + column % inner];
  }
};

double apply(Kind kind, double angle) {
  return kind == Kind::Cos ? std::cos(angle) : std::sin(angle);
}

/// A frequency, and how well the rows determine it.
struct Fit {
  double frequency = 0, error = 0; // both in radians per position
};

/// Follows the angle of a column from row to row: the first row gives it (two
/// ways for a sine), each later one sharpens it where the curve is steep.
std::optional<Fit> fitColumn(const Table &table, int64_t column, Kind kind) {
  double second = std::clamp(table.at(column, 1), -1.0, 1.0);
  std::vector<double> starts;
  if (kind == Kind::Cos)
    starts = {std::acos(second)};
  else
    starts = {std::asin(second), std::numbers::pi - std::asin(second)};
  std::optional<Fit> best;
  double bestResidual = 0;
  for (double start : starts) {
    Fit fit{start, 1};
    for (int64_t row = 1; row < table.rows; ++row) {
      double value = std::clamp(table.at(column, row), -1.0, 1.0);
      // |d cos| = |sin|, and the other way round.
      double slope = std::sqrt(1 - value * value);
      if (slope < 1e-6)
        continue;
      double error = rounding * (1 + fit.frequency * row) / (slope * row);
      if (error >= fit.error)
        continue;
      double expected = fit.frequency * row, two = 2 * std::numbers::pi;
      double angle = kind == Kind::Cos ? std::acos(value) : std::asin(value);
      double other = kind == Kind::Cos ? -angle : std::numbers::pi - angle;
      auto nearest = [&](double candidate) {
        return candidate + two * std::round((expected - candidate) / two);
      };
      double a = nearest(angle), b = nearest(other);
      double taken = std::abs(a - expected) < std::abs(b - expected) ? a : b;
      fit = {std::abs(taken) / static_cast<double>(row), error};
    }
    double residual = 0;
    for (int64_t row = 0; row < table.rows; ++row)
      residual = std::max(residual, std::abs(table.at(column, row) -
                                             apply(kind, fit.frequency * row)));
    if (!best || residual < bestResidual) {
      best = fit;
      bestResidual = residual;
    }
  }
  double limit =
      rounding * (2 + best->frequency * table.rows) + best->error * table.rows;
  if (bestResidual > limit)
    return std::nullopt;
  return best;
}

bool reproduces(const Table &table, Kind kind,
                const std::vector<double> &frequencies) {
  for (int64_t column = 0; column < table.columns(); ++column)
    for (int64_t row = 0; row < table.rows; ++row) {
      double angle = frequencies[column] * row;
      if (std::abs(table.at(column, row) - apply(kind, angle)) >
          rounding * (2 + angle))
        return false;
    }
  return true;
}

/// f_j = f_0 * r^j, repeated after `period` columns: the ratio from the pair of
/// columns that determine it best.
std::optional<std::vector<double>> geometric(const std::vector<Fit> &fits) {
  size_t period = 1;
  while (period < fits.size() &&
         fits[period].frequency <
             fits[period - 1].frequency + fits[period].error)
    ++period;
  if (period < 2 || fits[0].frequency <= 0)
    return std::nullopt;
  double ratio = 0, bestError = 0;
  for (size_t j = 1; j < period; ++j) {
    double error = (fits[j].error / fits[j].frequency +
                    fits[0].error / fits[0].frequency) /
                   static_cast<double>(j);
    if (fits[j].frequency <= 0 || (ratio != 0 && error >= bestError))
      continue;
    ratio = std::pow(fits[j].frequency / fits[0].frequency,
                     1 / static_cast<double>(j));
    bestError = error;
  }
  if (ratio == 0)
    return std::nullopt;
  // The base is a round number in every model: then it is meant exactly.
  double base = std::pow(ratio, -static_cast<double>(period)),
         first = fits[0].frequency;
  if (std::abs(std::round(base) - base) < 1e-3 * base && std::round(base) > 1)
    ratio = std::pow(std::round(base), -1 / static_cast<double>(period));
  if (std::abs(first - 1) < 1e-6)
    first = 1;
  std::vector<double> frequencies(fits.size());
  for (size_t j = 0; j < fits.size(); ++j)
    frequencies[j] = first * std::pow(ratio, static_cast<double>(j % period));
  return frequencies;
}

std::optional<std::vector<double>>
findFrequencies(const Table &table, Kind kind, std::string &reason) {
  std::vector<Fit> fits;
  for (int64_t column = 0; column < table.columns(); ++column) {
    std::optional<Fit> fit = fitColumn(table, column, kind);
    if (!fit) {
      reason = "its values are no function of the position that is known here "
               "(the same everywhere, affine, or a rotary table)";
      return std::nullopt;
    }
    fits.push_back(*fit);
  }
  if (auto frequencies = geometric(fits);
      frequencies && reproduces(table, kind, *frequencies))
    return frequencies;
  std::vector<double> frequencies;
  for (const Fit &fit : fits)
    frequencies.push_back(fit.frequency);
  // Without a law, what the rows leave open grows with the position.
  bool determined = std::all_of(fits.begin(), fits.end(), [](const Fit &fit) {
    return fit.error <= 1e-6 * std::max(fit.frequency, 1e-3);
  });
  if (!determined || !reproduces(table, kind, frequencies)) {
    reason = "its " + std::to_string(table.rows) +
             " rows do not determine the frequencies of a rotary table";
    return std::nullopt;
  }
  return frequencies;
}

} // namespace

std::optional<PositionFunction>
findPositionFunction(const std::vector<double> &values, int64_t outer,
                     int64_t rows, int64_t inner, bool integers,
                     std::string &reason) {
  Table table{values, outer, rows, inner};
  PositionFunction found;
  if (rows < 2) {
    reason = "one row does not tell what the others would be";
    return std::nullopt;
  }
  bool uniform = true, affine = integers, cosine = !integers, sine = !integers;
  for (int64_t column = 0; column < table.columns(); ++column) {
    double first = table.at(column, 0), step = table.at(column, 1) - first;
    found.first.push_back(first);
    found.step.push_back(step);
    cosine &= std::abs(first - 1) < 1e-6;
    sine &= std::abs(first) < 1e-6;
    for (int64_t row = 0; row < rows; ++row) {
      uniform &= table.at(column, row) == first;
      affine &=
          table.at(column, row) == first + step * static_cast<double>(row);
    }
  }
  if (uniform || affine) {
    found.kind = uniform ? Kind::Uniform : Kind::Affine;
    return found;
  }
  if (!cosine && !sine) {
    reason = "its values are no function of the position that is known here "
             "(the same everywhere, affine, or a rotary table)";
    return std::nullopt;
  }
  found.kind = cosine ? Kind::Cos : Kind::Sin;
  auto frequencies = findFrequencies(table, found.kind, reason);
  if (!frequencies)
    return std::nullopt;
  found.first = *frequencies;
  found.step.clear();
  return found;
}

} // namespace jarana::raise
