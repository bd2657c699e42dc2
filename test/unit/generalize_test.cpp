#include "passes/raise/generalize/PositionTable.h"
#include "passes/raise/generalize/Regroup.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace jarana;
using raise::findPositionFunction;
using raise::PositionFunction;
using Kind = raise::PositionFunction::Kind;

namespace {

/// A rotary table [rows, 2 * width] in f32, each frequency twice.
std::vector<double> rotary(Kind kind, int rows, int width, double base) {
  std::vector<double> table;
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < 2 * width; ++column) {
      float frequency =
          static_cast<float>(std::pow(base, -(column % width) / double(width)));
      float angle = static_cast<float>(row) * frequency;
      table.push_back(static_cast<float>(kind == Kind::Cos ? std::cos(angle)
                                                           : std::sin(angle)));
    }
  return table;
}

void expectRotary(Kind kind, int rows, int width, double base) {
  std::string reason;
  auto found = findPositionFunction(rotary(kind, rows, width, base), 1, rows,
                                    2 * width, false, reason);
  ASSERT_TRUE(found) << reason;
  EXPECT_EQ(found->kind, kind);
  for (int column = 0; column < 2 * width; ++column)
    // Half a thousandth of a radian after five thousand positions.
    EXPECT_NEAR(found->first[column] /
                    std::pow(base, -(column % width) / double(width)),
                1, 1e-6)
        << column;
}

TEST(PositionTable, RotaryTablesOfFewRowsGiveTheirFrequencies) {
  for (Kind kind : {Kind::Cos, Kind::Sin}) {
    expectRotary(kind, 21, 4, 10000);
    expectRotary(kind, 9, 32, 10000);
    expectRotary(kind, 32, 64, 500000);
  }
}

TEST(PositionTable, IntegersThatGrowEvenlyAreAffine) {
  std::string reason;
  auto found = findPositionFunction({3, 0, 5, 0, 7, 0}, 1, 3, 2, true, reason);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, Kind::Affine);
  EXPECT_EQ(found->first, (std::vector<double>{3, 0}));
  EXPECT_EQ(found->step, (std::vector<double>{2, 0}));
}

TEST(PositionTable, EqualRowsAreUniform) {
  std::string reason;
  auto found = findPositionFunction({1.5, 2, 1.5, 2}, 1, 2, 2, false, reason);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, Kind::Uniform);
  EXPECT_EQ(found->first, (std::vector<double>{1.5, 2}));
}

TEST(PositionTable, OtherValuesAreRefusedWithAReason) {
  for (const std::vector<double> &values :
       {std::vector<double>{0.5, 0.25, 0.125, 3},
        {1, 0.5, 0.9, -1},
        {0, 0.3, 0.1, 0.2}}) {
    std::string reason;
    EXPECT_FALSE(findPositionFunction(values, 1, 4, 1, false, reason));
    EXPECT_FALSE(reason.empty());
  }
  std::string reason;
  EXPECT_FALSE(findPositionFunction({1, 2}, 1, 1, 2, true, reason));
  EXPECT_EQ(reason, "one row does not tell what the others would be");
}

TEST(PositionTable, OneChangedEntryOfARotaryTableIsSeen) {
  std::vector<double> table = rotary(Kind::Cos, 21, 4, 10000);
  table[8 * 13 + 2] += 1e-4;
  std::string reason;
  EXPECT_FALSE(findPositionFunction(table, 1, 21, 8, false, reason));
}

/// The sizes as text, with B and S for the symbols.
std::string regrouped(std::vector<int> input, std::vector<int> output,
                      bool batch) {
  symbolic::Context context;
  symbolic::Context::Symbol symbol;
  symbol.lowerBound = 1;
  symbol.name = "B";
  auto b = symbolic::Expr::symbol(context.addSymbol(symbol));
  symbol.name = "S";
  auto s = symbolic::Expr::symbol(context.addSymbol(symbol));
  symbolic::Shape from, now, to;
  bool first = true;
  for (int size : input) {
    from.emplace_back(size);
    now.push_back(size == 21 ? s : first && batch ? b : symbolic::Expr(size));
    first = false;
  }
  for (int size : output)
    to.emplace_back(size);
  auto result = raise::regroup(context, from, now, to);
  if (!result)
    return "none";
  std::string text;
  for (const symbolic::Expr &dim : *result)
    text += (text.empty() ? "" : " ") + context.print(dim);
  return text;
}

TEST(Regroup, SizesFollowTheDimensionsThatTheyCameFrom) {
  EXPECT_EQ(regrouped({1, 21, 64}, {1, 21, 4, 16}, true), "B S 4 16");
  EXPECT_EQ(regrouped({1, 21, 4, 16}, {1, 21, 64}, true), "B S 64");
  EXPECT_EQ(regrouped({1, 21, 64}, {21, 64}, false), "S 64");
  EXPECT_EQ(regrouped({1, 8, 21, 16}, {8, 21, 16}, true), "8*B S 16");
  EXPECT_EQ(regrouped({21, 64}, {1, 21, 64}, false), "1 S 64");
  EXPECT_EQ(regrouped({1, 21}, {1, 1, 21, 1}, true), "B 1 S 1");
  EXPECT_EQ(regrouped({1, 2, 3, 21, 4}, {1, 6, 21, 4}, true), "B 6 S 4");
}

} // namespace
