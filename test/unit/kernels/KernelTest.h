// Runs the code of a hybrid op and compares it with the reference operator.
#pragma once

#include "Jit.h"
#include "lib/reference/Operators.h"

#include <map>
#include <string>
#include <vector>

namespace jarana::test {

class KernelTest {
public:
  /// `op` is the op's text with $i for operand i and #i for its type; `types`
  /// are the types of the operands (e.g. "?x64xf32"), an empty one where an
  /// optional operand is absent. The last `outs` operands are the inits.
  /// Compiled for `vectorBits`, with AVX512_BF16's products where `dotBf16`.
  KernelTest(const std::string &op, std::vector<std::string> types,
             unsigned outs, reference::Attributes attributes = {},
             int64_t vectorBits = testVectorBits(), bool dotBf16 = false);

  /// Values of operand i, instead of random ones in [-1, 1).
  std::map<unsigned, std::vector<double>> values;
  /// Factor and offset of the random values of operand i.
  std::map<unsigned, std::pair<double, double>> ranges;
  /// Differences allowed, relative to the largest magnitude of a result.
  double tolerance = 2e-6;

  /// Runs on operands of these shapes (those of absent ones are ignored).
  void run(const std::vector<reference::Shape> &shapes);

private:
  std::string name;
  std::vector<std::string> types;
  unsigned outs;
  reference::Attributes attributes;
  Jit jit;
};

} // namespace jarana::test
