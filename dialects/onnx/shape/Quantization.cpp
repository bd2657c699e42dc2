// Operators between real numbers and quantised ones.
#include "dialects/onnx/shape/Rules.h"

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

/// scale: a scalar, one per entry of the axis, or one per block along it.
void checkScale(Inference &inference) {
  const ValueInfo &x = inference.in(0), &scale = inference.in(1);
  int64_t block = inference.integer("block_size", 0);
  if (block < 0)
    inference.fail("block_size is negative");
  if (inference.has(2)) {
    const ValueInfo &zero = inference.in(2);
    if (zero.rank() != scale.rank())
      inference.fail("the zero point must have the shape of the scale");
    for (int64_t i = 0; i < scale.rank(); ++i)
      inference.requireEqual(zero.shape[i], scale.shape[i],
                             "the sizes of scale and zero point");
  }
  if (scale.rank() == 0)
    return;
  if (scale.rank() == 1 && block == 0) {
    if (scale.shape[0].isConstant(1))
      return;
    int64_t axis = inference.axis(inference.integer("axis", 1), x.rank());
    inference.requireEqual(scale.shape[0], x.shape[axis],
                           "the number of scales and dimension " + Twine(axis));
    return;
  }
  if (block == 0 || scale.rank() != x.rank())
    inference.fail("a scale of rank " + Twine(scale.rank()) +
                   " needs block_size and the rank of the input, " +
                   Twine(x.rank()));
  int64_t axis = inference.axis(inference.integer("axis", 1), x.rank());
  for (int64_t i = 0; i < x.rank(); ++i)
    inference.requireEqual(scale.shape[i],
                           i == axis ? ceilDiv(inference.ctx, x.shape[i], block)
                                     : x.shape[i],
                           "dimension " + Twine(i) +
                               " of the scale and of the blocks of the input");
}

Results quantizeLinear(Inference &inference) {
  checkScale(inference);
  Type type = inference.type("output_dtype");
  if (inference.has(2))
    type = inference.in(2).elementType;
  if (!type)
    type = inference.builder().getIntegerType(8, /*isSigned=*/false);
  return {{type, inference.in(0).shape, std::nullopt}};
}

Results dequantizeLinear(Inference &inference) {
  checkScale(inference);
  Type type = inference.type("output_dtype");
  return {{type ? type : inference.in(1).elementType, inference.in(0).shape,
           std::nullopt}};
}

Results dynamicQuantizeLinear(Inference &inference) {
  Type byte = inference.builder().getIntegerType(8, /*isSigned=*/false);
  return {{byte, inference.in(0).shape, std::nullopt},
          {inference.builder().getF32Type(), {}, std::nullopt},
          {byte, {}, std::nullopt}};
}

} // namespace

ArrayRef<NamedRule> quantizationRules() {
  static const NamedRule rules[] = {
      {"QuantizeLinear", quantizeLinear},
      {"DequantizeLinear", dequantizeLinear},
      {"DynamicQuantizeLinear", dynamicQuantizeLinear},
  };
  return rules;
}

} // namespace jarana::onnx::shape
