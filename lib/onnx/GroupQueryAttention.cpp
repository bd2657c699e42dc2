// com.microsoft GroupQueryAttention: what the onnx form does not have, and
// whether the past is a buffer that the new positions are written into.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

namespace {

/// How the graph's output `name` declares dimension `axis`: as it prints.
/// Nothing where it is no output or the dimension has no name.
std::optional<std::string> declaredDim(const pb::GraphProto &graph,
                                       const std::string &name, int axis,
                                       const ImportOptions &options) {
  for (const pb::ValueInfoProto &info : graph.output()) {
    const auto &shape = info.type().tensor_type().shape();
    if (info.name() != name || shape.dim_size() <= axis)
      continue;
    const auto &dim = shape.dim(axis);
    if (dim.has_dim_value())
      return std::to_string(dim.dim_value());
    if (auto bound = options.bind.find(dim.dim_param());
        bound != options.bind.end())
      return bound->second;
    if (!dim.dim_param().empty())
      return dim.dim_param();
  }
  return std::nullopt;
}

} // namespace

bool GraphImporter::sharesBuffer(const CheckedNode &node,
                                 ArrayRef<Value> operands) {
  if (!operands[3] || !operands[6])
    return false;
  ValueInfo past = shapes.lookup(operands[3]),
            query = shapes.lookup(operands[0]),
            total = shapes.lookup(operands[6]);
  if (past.rank() != 4 || query.rank() != 3)
    return false;
  symbolic::Context &context = shapes.context();
  const symbolic::Expr &capacity = past.shape[2];
  if (total.contents && total.contents->size() == 1) {
    const symbolic::Expr &count = total.contents->front();
    // Nothing but what is new, or all that is there and the new.
    if (context.proveEqual(count, capacity + query.shape[1]))
      return false;
    auto known = context.valueOf(count), most = context.valueOf(capacity);
    if (known && most && *known > *most)
      return false;
  }
  if (!node.scope.outer && node.scope.frame && node.scope.frame->depth == 0)
    for (int i = 1; i < std::min(3, node.proto.output_size()); ++i)
      if (auto declared = declaredDim(session.file.model().graph(),
                                      node.proto.output(i), 2, session.options))
        return *declared == context.print(capacity);
  auto size = context.valueOf(capacity);
  return size && *size > 0;
}

void GraphImporter::completeGroupQueryAttention(const CheckedNode &node,
                                                std::vector<Value> &operands,
                                                NamedAttrList &attributes) {
  if (node.operand(12) || node.operand(13) ||
      (node.proto.output_size() > 3 && !node.proto.output(3).empty()))
    node.fail("quantised caches and the output output_qk are not supported");
  operands.resize(12);
  // scale = 0 means the default, 1 / sqrt(head size).
  if (auto scale = attributes.get("scale");
      scale && cast<FloatAttr>(scale).getValueAsDouble() == 0)
    attributes.erase("scale");
  if (sharesBuffer(node, operands))
    attributes.set("shared_buffer", builder.getI64IntegerAttr(1));
}

} // namespace jarana::onnx
