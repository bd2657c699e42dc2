#include "passes/state/Causality.h"
#include "passes/state/Element.h"

#include "mlir/IR/BuiltinTypes.h"

#include <limits>

using namespace mlir;

namespace jarana::state {

bool hidesLater(Value bias, Sequence &sequence, std::string &why) {
  auto type = cast<RankedTensorType>(bias.getType());
  unsigned rank = type.getRank(), row = rank - 2, key = rank - 1;
  // Row m sees key m + 1 + t, and u keys more follow: the length is
  // m + t + u + 2.
  Linear m = Linear::variable(0), t = Linear::variable(1),
         u = Linear::variable(2);
  SmallVector<Linear> index;
  for (unsigned axis = 0; axis < rank; ++axis)
    index.push_back(type.getDimSize(axis) == 1 ? Linear()
                                               : Linear::variable(3 + axis));
  if (type.getDimSize(row) == 1 || type.getDimSize(key) == 1) {
    why = "its mask is the same for all positions";
    return false;
  }
  index[row] = m;
  index[key] = m + t + Linear{1, {}};
  // Weights of exp(-3e4) are 0 in f32.
  constexpr double hidden = -3e4;
  Element element =
      Elements(sequence, m + t + u + Linear{2, {}}).at(bias, index);
  if (!(element.high <= hidden)) {
    why = "what its mask gives for a later position is not known to be -inf";
    return false;
  }
  if (element.high == -std::numeric_limits<double>::infinity())
    return true;
  // Under finite numbers a query that sees nothing sees everything, later
  // positions too. One that is no padding must see itself.
  index[key] = m;
  Element self = Elements(sequence, m + t + Linear{1, {}}, /*noPadding=*/true)
                     .at(bias, index);
  if (self.low > hidden)
    return true;
  why = "its mask has finite numbers, and positions are not known to see "
        "themselves";
  return false;
}

} // namespace jarana::state
