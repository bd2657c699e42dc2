#include "lib/verify/Limits.h"

#include "dialects/hybrid/Hybrid.h"

using namespace mlir;

namespace jarana::verify {

double numbersOf(ArrayRef<int64_t> shape) {
  double count = 1;
  for (int64_t size : shape)
    count *= ShapedType::isDynamic(size) ? 1 : static_cast<double>(size);
  return count;
}

std::string tooLarge(func::FuncOp function) {
  double numbers = 0;
  auto add = [&](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (shaped && shaped.hasRank())
      numbers += numbersOf(shaped.getShape());
  };
  llvm::for_each(function.getArgumentTypes(), add);
  function.walk([&](hybrid::LoadWeightOp load) { add(load.getType()); });
  if (numbers <= static_cast<double>(kMostNumbers))
    return "";
  return "its weights and inputs are " +
         std::to_string(static_cast<int64_t>(numbers / 1e6)) +
         " million numbers, and at most " +
         std::to_string(kMostNumbers / 1000000) + " are evaluated";
}

} // namespace jarana::verify
