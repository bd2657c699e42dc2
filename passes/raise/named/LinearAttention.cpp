// LinearAttention: the gated and linear rules become hybrid.ssd_scan, with step
// sizes and groups recovered from the graph around the node; the delta rules,
// and states shared by several query heads, become a loop.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

#include "dialects/hybrid/Hybrid.h"

#include <cmath>

using namespace mlir;

namespace jarana::raise {
namespace {

/// The sizes of one node: query [b, l, hq * n], key [b, l, h * n], value [b, l,
/// h * p].
struct Sizes {
  Expr batch, length, state, width; // b, l, n, p
  int64_t heads = 0, queryHeads = 0;
};

/// Goes up through operators that keep the elements in order.
Value stripViews(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    StringRef name = op->getName().stripDialect();
    if (name != "Reshape" && name != "Unsqueeze" && name != "Squeeze" &&
        name != "Flatten")
      break;
    value = op->getOperand(0);
  }
  return value;
}

bool sameShape(Lowering &lowering, const Shape &lhs, const Shape &rhs) {
  return lhs.size() == rhs.size() &&
         llvm::all_of(llvm::zip(lhs, rhs), [&](auto pair) {
           return lowering.context().proveEqual(std::get<0>(pair),
                                                std::get<1>(pair));
         });
}

/// Whether the op is a Cast that keeps every float's value.
bool isLosslessCast(Operation *op) {
  if (op->getName().stripDialect() != "Cast")
    return false;
  auto from = dyn_cast<FloatType>(getElementTypeOrSelf(op->getOperand(0))),
       to = dyn_cast<FloatType>(getElementTypeOrSelf(op->getResult(0)));
  return from && to && (from == to || to.getWidth() > from.getWidth());
}

/// The value [b, l, h] whose elements `value` has in their order: up through
/// views and widening casts as far as there is one. Null where there is none.
Value perPosition(Lowering &lowering, Value value, const Sizes &sizes) {
  Shape wanted = {sizes.batch, sizes.length, Expr(sizes.heads)};
  Value found;
  for (;;) {
    if (sameShape(lowering, lowering.shapeOf(value), wanted))
      found = value;
    Operation *op = value.getDefiningOp();
    if (op && isLosslessCast(op))
      value = op->getOperand(0);
    else if (Value inner = stripViews(value); inner != value)
      value = op->getOperand(0);
    else
      return found;
  }
}

/// The value [b, l, h] that a factor of [b, l, h, p] repeats along p.
Value perHead(Lowering &lowering, Value factor, const Sizes &sizes) {
  Shape wanted = {sizes.batch, sizes.length, Expr(sizes.heads), Expr(1)};
  if (Operation *op = factor.getDefiningOp();
      op && op->getName().stripDialect() == "Expand")
    factor = op->getOperand(0);
  return sameShape(lowering, lowering.shapeOf(factor), wanted)
             ? perPosition(lowering, factor, sizes)
             : Value();
}

struct Step {
  Value x, dt, a; // onnx values: [b, l, h, p], [b, l, h], h elements
};

/// value = dt * x and decay = a * dt with the same dt.
std::optional<Step> recoverStep(Lowering &lowering, Value value, Value decay,
                                const Sizes &sizes) {
  auto product = [](Value from) -> Operation * {
    Operation *op = stripViews(from).getDefiningOp();
    return op && op->getName().stripDialect() == "Mul" ? op : nullptr;
  };
  Operation *scaled = product(value), *decayed = product(decay);
  if (!scaled || !decayed)
    return std::nullopt;
  Shape full = {sizes.batch, sizes.length, Expr(sizes.heads), sizes.width},
        heads = {sizes.batch, sizes.length, Expr(sizes.heads)};
  if (!sameShape(lowering, lowering.shapeOf(scaled->getResult(0)), full) ||
      !sameShape(lowering, lowering.shapeOf(decayed->getResult(0)), heads))
    return std::nullopt;
  for (unsigned i : {0u, 1u})
    for (unsigned j : {0u, 1u}) {
      Value x = scaled->getOperand(1 - i), a = decayed->getOperand(1 - j);
      Value dt = perHead(lowering, scaled->getOperand(i), sizes),
            other = perPosition(lowering, decayed->getOperand(j), sizes);
      // `a` may vary over heads only: [h], or with leading ones.
      Shape shape = lowering.shapeOf(a);
      bool overHeads = !shape.empty() && shape.back().isConstant(sizes.heads) &&
                       lowering.build.product(shape).isConstant(sizes.heads);
      if (dt && dt == other && overHeads &&
          sameShape(lowering, lowering.shapeOf(x), full))
        return Step{x, dt, a};
    }
  return std::nullopt;
}

struct Grouped {
  Value source; // onnx value that holds [b, l, g, n]
  int64_t groups;
};

/// Undoes an expansion of groups to heads: `value` [b, l, h * n] is a view of
/// [b, l, g, r, n] made from [b, l, g, 1, n].
std::optional<Grouped> foldGroups(Lowering &lowering, Value value,
                                  const Sizes &sizes) {
  Operation *op = stripViews(value).getDefiningOp();
  if (!op || (op->getName().stripDialect() != "Expand" &&
              op->getName().stripDialect() != "Tile"))
    return std::nullopt;
  Value source = op->getOperand(0);
  Shape in = lowering.shapeOf(source), out = lowering.shapeOf(op->getResult(0));
  in.insert(in.begin(), out.size() - in.size(), Expr(1));
  symbolic::Context &context = lowering.context();
  std::optional<size_t> repeated;
  for (size_t axis = 0; axis < out.size(); ++axis) {
    if (context.proveEqual(in[axis], out[axis]))
      continue;
    if (repeated || !in[axis].isConstant(1))
      return std::nullopt;
    repeated = axis;
  }
  if (!repeated || *repeated < 2 || !context.proveEqual(out[0], sizes.batch) ||
      !context.proveEqual(out[1], sizes.length))
    return std::nullopt;
  ArrayRef<Expr> dims(out);
  auto groups = lowering.build.product(dims.slice(2, *repeated - 2)).constant(),
       count = out[*repeated].constant();
  Expr state = lowering.build.product(dims.drop_front(*repeated + 1));
  if (!groups || !count || *groups * *count != sizes.heads ||
      !context.proveEqual(state, sizes.state))
    return std::nullopt;
  return Grouped{source, *groups};
}

Tensor scaledBy(Lowering &lowering, Tensor tensor, double factor) {
  if (factor == 1)
    return tensor;
  return lowering.build.elementwise(
      {tensor}, tensor.shape, tensor.elementType(),
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        return s.mul(v[0], s.number(v[0].getType(), factor));
      });
}

/// Gives the final state [b, g, r, p, n] (f32) as ONNX's [b, h, n, p].
void setState(Lowering &lowering, Operation *op, Tensor state,
              const Sizes &sizes) {
  if (op->getNumResults() < 2 || op->getResult(1).use_empty())
    return;
  TensorBuilder &build = lowering.build;
  Tensor heads = build.reshape(
      state, {sizes.batch, Expr(sizes.heads), sizes.width, sizes.state});
  Tensor transposed = build.transpose(heads, {0, 1, 3, 2});
  lowering.set(op->getResult(1),
               build.convert(transposed, lowering.resultType(op, 1)));
}

void raiseToScan(Lowering &lowering, Operation *op, const Sizes &sizes,
                 double scale, bool gated) {
  TensorBuilder &build = lowering.build;
  Type f32 = build.b.getF32Type();
  std::optional<Step> step =
      gated ? recoverStep(lowering, op->getOperand(2), op->getOperand(4), sizes)
            : std::nullopt;
  auto c = foldGroups(lowering, op->getOperand(0), sizes),
       b = foldGroups(lowering, op->getOperand(1), sizes);
  bool folded = b && c && b->groups == c->groups;
  int64_t groups = folded ? b->groups : sizes.heads,
          perGroup = sizes.heads / groups;
  Expr g(groups), r(perGroup);

  auto projection = [&](Value whole, const std::optional<Grouped> &part) {
    return build.reshape(lowering.get(folded ? part->source : whole),
                         {sizes.batch, sizes.length, g, sizes.state});
  };
  Tensor query = scaledBy(lowering, projection(op->getOperand(0), c), scale),
         key = projection(op->getOperand(1), b);
  Tensor x = build.reshape(lowering.get(step ? step->x : op->getOperand(2)),
                           {sizes.batch, sizes.length, g, r, sizes.width});
  Tensor dt, a;
  if (step) {
    dt = build.convert(build.reshape(lowering.get(step->dt),
                                     {sizes.batch, sizes.length, g, r}),
                       f32);
    a = build.convert(build.reshape(lowering.get(step->a), {g, r}), f32);
  } else if (gated) {
    a = build.convert(
        build.reshape(lowering.get(op, 4), {sizes.batch, sizes.length, g, r}),
        f32);
  } else {
    a = build.zeros({g, r}, f32);
  }
  Shape stateShape = {sizes.batch, g, r, sizes.width, sizes.state};
  Tensor state;
  if (lowering.present(op, 3)) {
    Tensor past = build.convert(lowering.get(op, 3), f32);
    state = build.reshape(build.transpose(past, {0, 1, 3, 2}), stateShape);
  } else {
    state = build.zeros(stateShape, f32);
  }
  Tensor init = build.empty(x.shape, x.elementType());
  auto scan = hybrid::SsdScanOp::create(build.b, build.loc, x.value, dt.value,
                                        a.value, key.value, query.value,
                                        init.value, state.value);
  lowering.set(op->getResult(0),
               build.reshape({scan->getResult(0), init.shape},
                             lowering.shapeOf(op->getResult(0))));
  setState(lowering, op, {scan->getResult(1), state.shape}, sizes);
  lowering.report.raised("LinearAttention", hybrid::nodeName(op),
                         "hybrid.ssd_scan",
                         {{"heads", std::to_string(sizes.heads)},
                          {"groups", std::to_string(groups)},
                          {"head_dim", lowering.context().print(sizes.width)},
                          {"state", lowering.context().print(sizes.state)},
                          {"operands", step    ? "x, dt, a"
                                       : gated ? "value, decay"
                                               : "value"}});
}

/// Position by position: S = exp(g) S + k (outer) beta (v - S k); o = scale q
/// S. State [b, h, n, p] in f32.
void lowerToLoop(Lowering &lowering, Operation *op, const Sizes &sizes,
                 double scale, bool gated, bool delta) {
  TensorBuilder &build = lowering.build;
  Type f32 = build.b.getF32Type();
  Expr heads(sizes.heads), shared(sizes.queryHeads / sizes.heads);
  Shape stateShape = {sizes.batch, heads, sizes.state, sizes.width};
  auto wide = [&](unsigned operand, const Shape &shape) {
    return build.reshape(build.convert(lowering.get(op, operand), f32), shape);
  };
  Tensor query =
      wide(0, {sizes.batch, sizes.length, heads, shared, sizes.state});
  Tensor key = wide(1, {sizes.batch, sizes.length, heads, sizes.state});
  Tensor value = wide(2, {sizes.batch, sizes.length, heads, sizes.width});
  Tensor decay, beta;
  if (gated) {
    Expr per =
        lowering.context().floorDiv(lowering.shapeOf(op->getOperand(4))[2],
                                    heads); // 1, or one per key dimension
    decay = wide(4, {sizes.batch, sizes.length, heads, per, Expr(1)});
  }
  if (delta) {
    Expr each =
        lowering.shapeOf(op->getOperand(5))[2]; // one per head, or one for all
    beta = wide(5, {sizes.batch, sizes.length, each, Expr(1)});
  }
  Tensor start = lowering.present(op, 3)
                     ? build.convert(lowering.get(op, 3), f32)
                     : build.zeros(stateShape, f32);
  Shape outShape = {sizes.batch, sizes.length, heads, shared, sizes.width};
  SmallVector<Tensor> initial = {build.castShape(start, stateShape),
                                 build.empty(outShape, f32)};
  SmallVector<Tensor> results = loopAlong(
      lowering, sizes.length, initial,
      [&](const Expr &at,
          ArrayRef<Tensor> carried) -> FailureOr<SmallVector<Tensor>> {
        auto take = [&](const Tensor &tensor) {
          Tensor part = build.sliceAxis(tensor, 1, at, Expr(1));
          Shape shape = part.shape;
          shape.erase(shape.begin() + 1);
          return build.reshape(part, shape);
        };
        Tensor state = carried[0], k = take(key), v = take(value);
        if (gated)
          state =
              build.elementwise({state, take(decay)}, stateShape, f32,
                                [](OpBuilder &b, Location loc, ValueRange e) {
                                  Scalars s(b, loc);
                                  return s.mul(e[0], s.exp(e[1]));
                                });
        // Loops: b, h, n, p.
        Shape loops = stateShape;
        if (delta) {
          Tensor found = build.contract({state, k}, {{0, 1, 2, 3}, {0, 1, 2}},
                                        {0, 1, 3}, loops, f32);
          v = build.elementwise({v, found, take(beta)}, v.shape, f32,
                                [](OpBuilder &b, Location loc, ValueRange e) {
                                  Scalars s(b, loc);
                                  return s.mul(e[2], s.sub(e[0], e[1]));
                                });
        }
        Tensor column =
                   build.reshape(k, {sizes.batch, heads, sizes.state, Expr(1)}),
               row =
                   build.reshape(v, {sizes.batch, heads, Expr(1), sizes.width});
        state = build.elementwise({state, column, row}, stateShape, f32,
                                  [](OpBuilder &b, Location loc, ValueRange e) {
                                    Scalars s(b, loc);
                                    return s.add(e[0], s.mul(e[1], e[2]));
                                  });
        Shape withQueries = {sizes.batch, heads, shared, sizes.width,
                             sizes.state}; // loops: b, h, r, p, n
        Tensor y =
            build.contract({take(query), state}, {{0, 1, 2, 4}, {0, 1, 4, 3}},
                           {0, 1, 2, 3}, withQueries, f32);
        Shape slot = outShape;
        slot[1] = Expr(1);
        Tensor out =
            build.insert(build.reshape(scaledBy(lowering, y, scale), slot),
                         carried[1], {Expr(0), at, Expr(0), Expr(0), Expr(0)});
        return SmallVector<Tensor>{state, out};
      });
  Tensor output = build.convert(results[1], lowering.resultType(op));
  lowering.set(op->getResult(0),
               build.reshape(output, lowering.shapeOf(op->getResult(0))));
  if (op->getNumResults() > 1)
    lowering.set(op->getResult(1),
                 build.convert(results[0], lowering.resultType(op, 1)));
}

LogicalResult lowerLinearAttention(Lowering &lowering, Operation *op) {
  Sizes sizes;
  sizes.heads = Lowering::integer(op, "kv_num_heads");
  sizes.queryHeads = Lowering::integer(op, "q_num_heads");
  Shape query = lowering.shapeOf(op->getOperand(0)),
        value = lowering.shapeOf(op->getOperand(2));
  if (sizes.heads < 1 || sizes.queryHeads < 1 ||
      sizes.queryHeads % sizes.heads != 0)
    return Lowering::error(op)
           << "needs q_num_heads to be a multiple of kv_num_heads";
  symbolic::Context &context = lowering.context();
  sizes.batch = query[0];
  sizes.length = query[1];
  sizes.state = context.floorDiv(query[2], Expr(sizes.queryHeads));
  sizes.width = context.floorDiv(value[2], Expr(sizes.heads));
  double scale = Lowering::real(op, "scale");
  if (scale == 0) {
    auto state = sizes.state.constant();
    if (!state)
      return Lowering::error(op) << "without a scale needs a key dimension "
                                    "that is known when it is compiled";
    scale = 1 / std::sqrt(static_cast<double>(*state));
  }
  StringRef rule = Lowering::text(op, "update_rule", "gated_delta");
  bool gated = rule == "gated" || rule == "gated_delta",
       delta = rule == "delta" || rule == "gated_delta";
  if ((gated && !lowering.present(op, 4)) ||
      (delta && !lowering.present(op, 5)))
    return Lowering::error(op) << "with update_rule '" << rule
                               << "' lacks an input that the rule needs";
  std::string reason;
  if (delta)
    reason = "update_rule '" + rule.str() + "' is not a selective scan";
  else if (sizes.queryHeads != sizes.heads)
    reason = "several query heads share one state";
  else if (gated &&
           !lowering.shapeOf(op->getOperand(4))[2].isConstant(sizes.heads))
    reason = "the decay differs over the key dimensions";
  if (reason.empty()) {
    raiseToScan(lowering, op, sizes, scale, gated);
    return success();
  }
  lowerToLoop(lowering, op, sizes, scale, gated, delta);
  lowering.report.kept("LinearAttention", hybrid::nodeName(op), reason);
  return success();
}

} // namespace

void addLinearAttention(LoweringTable &table) {
  table["LinearAttention"] = lowerLinearAttention;
}

} // namespace jarana::raise
