// Whether a tensor holds an operator's own value, however it is laid out.
#include "passes/raise/recognise/Alignment.h"

#include "lib/reference/operators/Support.h"

#include <gtest/gtest.h>

using namespace jarana::reference;
using namespace jarana::raise::recognise;

namespace {

ExactTensor drawn(Shape shape, uint64_t seed = 1) {
  ExactTensor tensor(DType::f32, std::move(shape));
  for (Exact &element : tensor.reals)
    element = Exact::drawn(seed++);
  return tensor;
}

/// drawn [rows, columns] with zeros above the diagonal.
ExactTensor lower(int64_t size, int64_t shift = 0) {
  ExactTensor tensor = drawn({size, size});
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = i + 1 + shift; j < size; ++j)
      tensor.reals[i * size + j] = Exact(0);
  return tensor;
}

Relation relation(const ExactTensor &own, const ExactTensor &found) {
  return OwnValue("own", own).relationOf(Elements(found));
}

ExactTensor repeatedRows(const ExactTensor &x, int64_t times) {
  return strided(x, {x.shape[0], times, x.shape[1]}, {x.shape[1], 0, 1});
}

} // namespace

TEST(Alignment, LayoutsAreTheSame) {
  ExactTensor own = drawn({3, 4, 5});
  EXPECT_EQ(relation(own, own), Relation::Same);
  EXPECT_EQ(relation(own, transposed(own, {2, 0, 1})), Relation::Same);
  EXPECT_EQ(relation(own, reshaped(own, {12, 5})), Relation::Same);
  EXPECT_EQ(relation(own, reshaped(transposed(own, {1, 0, 2}), {12, 5})),
            Relation::Same);
  ExactTensor rows = drawn({3, 5});
  EXPECT_EQ(relation(rows, repeatedRows(rows, 2)), Relation::Same);
  EXPECT_EQ(relation(rows, reshaped(repeatedRows(rows, 2), {6, 5})),
            Relation::Same);
}

TEST(Alignment, PaddingIsTheSame) {
  ExactTensor own = drawn({3, 4}), padded(DType::f32, {5, 6});
  for (int64_t row = 0; row < 3; ++row)
    copyRun(own, row * 4, padded, (row + 1) * 6 + 1, 4);
  EXPECT_EQ(relation(own, padded), Relation::Same);
  // With other numbers than zeros it is not padding.
  for (Exact &element : padded.reals)
    if (element == Exact(0))
      element = Exact(0.25);
  EXPECT_EQ(relation(own, padded), Relation::Hidden);
}

TEST(Alignment, PartsAndOthers) {
  ExactTensor own = drawn({3, 4}), some = strided(own, {3, 3}, {4, 1});
  EXPECT_EQ(relation(own, some), Relation::Part);
  some.reals[4] = Exact::drawn(1000);
  EXPECT_EQ(relation(own, some), Relation::Other);
  EXPECT_EQ(relation(own, drawn({3, 4}, 100)), Relation::Other);
}

TEST(Alignment, OtherOrders) {
  ExactTensor own = drawn({4, 5}), rolled = own, reversed = own;
  for (int64_t row = 0; row < 4; ++row) {
    copyRun(own, row * 5, rolled, (row + 1) % 4 * 5, 5);
    copyRun(own, row * 5, reversed, (3 - row) * 5, 5);
  }
  EXPECT_EQ(relation(own, rolled), Relation::Reordered);
  EXPECT_EQ(relation(own, reversed), Relation::Reordered);
  // Heads that are repeated one after the other, and all in turn.
  ExactTensor turns = reshaped(strided(own, {3, 4, 5}, {0, 5, 1}), {12, 5});
  EXPECT_EQ(relation(own, turns), Relation::Reordered);
}

TEST(Alignment, NumbersHaveTheirPlaces) {
  ExactTensor own = lower(5);
  EXPECT_EQ(relation(own, transposed(own, {1, 0})), Relation::Same);
  EXPECT_EQ(relation(own, lower(5, -1)), Relation::Part);
  // As many ones as before, elsewhere.
  ExactTensor ones = own, moved = own;
  ones.reals[4] = moved.reals[3] = Exact(1);
  EXPECT_EQ(relation(ones, ones), Relation::Same);
  EXPECT_EQ(relation(ones, moved), Relation::Hidden);
  // A triangle that was shifted is in another place, though nothing is lost.
  ExactTensor shifted(DType::f32, {5, 5}), below(DType::f32, {5, 5});
  for (int64_t i = 0; i < 5; ++i)
    for (int64_t j = 0; j < i; ++j) {
      below.reals[i * 5 + j] = own.reals[i * 5 + j];
      shifted.reals[i * 5 + j + 1] = own.reals[i * 5 + j];
    }
  EXPECT_EQ(relation(below, shifted), Relation::Reordered);
}

TEST(Alignment, NumbersAlone) {
  ExactTensor ones(DType::f32, {2, 2}), zeros(DType::f32, {2, 2});
  for (Exact &element : ones.reals)
    element = Exact(1);
  EXPECT_EQ(relation(ones, ones), Relation::Same);
  EXPECT_EQ(relation(ones, zeros), Relation::Other);
  EXPECT_EQ(relation(drawn({2, 2}), ones), Relation::Other);
  ExactTensor none(DType::f32, {0, 2});
  EXPECT_EQ(relation(none, none), Relation::Same);
  EXPECT_EQ(relation(none, ones), Relation::Other);
  EXPECT_EQ(relation(ones, none), Relation::Other);
  EXPECT_TRUE(OwnValue("zeros", zeros).isZero());
  EXPECT_FALSE(OwnValue("ones", ones).isZero());
}

/// Of which only samples are kept.
TEST(Alignment, LargeTensors) {
  ExactTensor own = drawn({40, 50, 60}), rolled = own;
  EXPECT_EQ(relation(own, own), Relation::Same);
  EXPECT_EQ(relation(own, transposed(own, {2, 0, 1})), Relation::Same);
  EXPECT_EQ(relation(own, reshaped(own, {2000, 60})), Relation::Same);
  for (int64_t row = 0; row < 40; ++row)
    copyRun(own, row * 3000, rolled, (row + 1) % 40 * 3000, 3000);
  EXPECT_EQ(relation(own, rolled), Relation::Reordered);
  ExactTensor part = strided(own, {40, 50, 59}, {3000, 60, 1});
  EXPECT_EQ(relation(own, part), Relation::Part);
  EXPECT_EQ(relation(part, own), Relation::Other);
  ExactTensor hidden = own;
  hidden.reals[12345] = Exact(0);
  EXPECT_NE(relation(hidden, own), Relation::Same);
  // A few elements, many times.
  ExactTensor few = drawn({30}, 500000),
              many = strided(few, {80, 30, 70}, {0, 1, 0});
  EXPECT_EQ(relation(few, many), Relation::Same);
  EXPECT_EQ(relation(own, many), Relation::Other);
  many.reals[777] = Exact::drawn(1234567);
  EXPECT_EQ(relation(few, many), Relation::Other);
}

TEST(Alignment, StepsOfALoop) {
  ExactTensor own = drawn({3, 4});
  auto row = [&](int64_t i) { return strided(own, {4}, {1}, i * 4); };
  Elements steps(row(0));
  EXPECT_TRUE(steps.append(Elements(row(1))));
  EXPECT_EQ(OwnValue("own", own).relationOf(steps), Relation::Part);
  EXPECT_TRUE(steps.append(Elements(row(2))));
  EXPECT_EQ(OwnValue("own", own).relationOf(steps), Relation::Same);
  EXPECT_FALSE(steps.append(Elements(drawn({5}))));
}
