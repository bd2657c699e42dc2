#include "passes/raise/recognise/PerHead.h"

using namespace mlir;

namespace jarana::raise::recognise {

Value perHead(OnnxBuilder &build, Value value, int64_t groups, int64_t heads,
              int64_t state, int64_t length) {
  // Reshape: 0 keeps the length.
  if (groups == heads)
    return build.reshape(value, {0, length, heads * state});
  Value grouped = build.reshape(value, {0, length, groups, 1, state});
  Value expanded = build.one(
      "Expand", {grouped, build.integers({1, 1, 1, heads / groups, 1})});
  return build.reshape(expanded, {0, 0, heads * state});
}

SmallVector<Value> scanOp(OnnxBuilder &build, Value query, Value key,
                          Value value, Value past, Value decay, int64_t heads) {
  Attribute count = build.b.getI64IntegerAttr(heads);
  return build.create(
      "LinearAttention", {query, key, value, past, decay, build.none()},
      {build.attribute("kv_num_heads", count),
       build.attribute("q_num_heads", count),
       build.attribute("scale", build.b.getF32FloatAttr(1)),
       build.attribute("update_rule", build.b.getStringAttr("gated"))},
      2);
}

} // namespace jarana::raise::recognise
