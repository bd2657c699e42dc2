// Builds linalg ops from letters.
#include "dialects/hybrid/decompose/Build.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::hybrid;

Value Scalars::constant(double value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
}
Value Scalars::widen(Value value) {
  if (isa<IntegerType>(value.getType()))
    return arith::SIToFPOp::create(b, loc, b.getF32Type(), value);
  return value.getType().isF32()
             ? value
             : arith::ExtFOp::create(b, loc, b.getF32Type(), value).getResult();
}
Value Scalars::narrow(Value value, Type type) {
  return type == value.getType()
             ? value
             : arith::TruncFOp::create(b, loc, type, value).getResult();
}
Value Scalars::add(Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y);
}
Value Scalars::sub(Value x, Value y) {
  return arith::SubFOp::create(b, loc, x, y);
}
Value Scalars::mul(Value x, Value y) {
  return arith::MulFOp::create(b, loc, x, y);
}
Value Scalars::div(Value x, Value y) {
  return arith::DivFOp::create(b, loc, x, y);
}
Value Scalars::max(Value x, Value y) {
  return arith::MaximumFOp::create(b, loc, x, y);
}
Value Scalars::exp(Value x) { return math::ExpOp::create(b, loc, x); }
Value Scalars::silu(Value x) {
  return div(x, add(constant(1), exp(arith::NegFOp::create(b, loc, x))));
}
Value Scalars::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, loc, condition, x, y);
}
Value Scalars::isEqual(Value x, Value y) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y);
}
Value Scalars::index(char loop) {
  Value index = linalg::IndexOp::create(b, loc, loops.find(loop));
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
}

void Build::bind(Value value, StringRef letters) {
  for (auto [dim, letter] : llvm::enumerate(letters))
    if (llvm::isLower(letter) || (llvm::isDigit(letter) && letter != '1'))
      if (!sizes.count(letter))
        sizes[letter] = tensor::getMixedSize(b, loc, value, dim);
}

SmallVector<OpFoldResult> Build::shape(StringRef letters) const {
  return llvm::map_to_vector(letters,
                             [&](char letter) { return size(letter); });
}

Value Build::empty(StringRef letters, Type type) {
  return tensor::EmptyOp::create(b, loc, shape(letters), type);
}

Value Build::fill(Value init, double value) {
  Type type = cast<RankedTensorType>(init.getType()).getElementType();
  Value scalar = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  return linalg::FillOp::create(b, loc, ValueRange{scalar}, ValueRange{init})
      .getResult(0);
}

Value Build::filled(StringRef letters, double value) {
  return fill(empty(letters, f32()), value);
}

static AffineMap mapOf(MLIRContext *context, StringRef loops, const Use &use) {
  if (use.map)
    return use.map;
  auto loop = [&](char letter) {
    return getAffineDimExpr(loops.find(letter), context);
  };
  auto type = cast<RankedTensorType>(use.value.getType());
  SmallVector<AffineExpr> exprs;
  for (size_t place = 0; place < use.dims.size(); ++place) {
    char letter = use.dims[place];
    if (letter == '[') {
      exprs.push_back(loop(use.dims[place + 1]) + loop(use.dims[place + 2]));
      place += 3;
    } else if (letter == '1' ||
               (llvm::isUpper(letter) && type.getDimSize(exprs.size()) == 1)) {
      exprs.push_back(getAffineConstantExpr(0, context));
    } else {
      exprs.push_back(loop(llvm::toLower(letter)));
    }
  }
  return AffineMap::get(loops.size(), 0, exprs, context);
}

SmallVector<Value> Build::generic(StringRef loops, StringRef reductions,
                                  ArrayRef<Use> inputs, ArrayRef<Use> outputs,
                                  Body body) {
  SmallVector<AffineMap> maps;
  SmallVector<Value> ins, outs;
  for (const Use &use : inputs) {
    maps.push_back(mapOf(b.getContext(), loops, use));
    ins.push_back(use.value);
  }
  for (const Use &use : outputs) {
    maps.push_back(mapOf(b.getContext(), loops, use));
    outs.push_back(use.value);
  }
  auto iterators = llvm::map_to_vector(loops, [&](char loop) {
    return reductions.contains(loop) ? utils::IteratorType::reduction
                                     : utils::IteratorType::parallel;
  });
  auto op = linalg::GenericOp::create(
      b, loc, TypeRange(ValueRange(outs)), ins, outs, maps, iterators,
      [&](OpBuilder &inner, Location at, ValueRange args) {
        Scalars scalars{inner, at, loops};
        linalg::YieldOp::create(inner, at, body(scalars, args));
      });
  return llvm::to_vector_of<Value>(op.getResults());
}

Value Build::map(ArrayRef<Use> inputs, Use output,
                 function_ref<Value(Scalars &, ValueRange)> body) {
  return generic(output.dims, "", inputs, {output},
                 [&](Scalars &s, ValueRange args) {
                   return SmallVector<Value>{body(s, args)};
                 })[0];
}

Value Build::contract(StringRef loops, StringRef reductions, Use x, Use y,
                      Use init) {
  return generic(loops, reductions, {x, y}, {init},
                 [](Scalars &s, ValueRange args) {
                   Value product = s.mul(s.widen(args[0]), s.widen(args[1]));
                   return SmallVector<Value>{s.add(args[2], product)};
                 })[0];
}

Value Build::store(Value value, Value init, StringRef letters) {
  // Not a generic op that copies: canonicalisation would drop it, and its
  // place.
  if (getElementTypeOrSelf(value) == getElementTypeOrSelf(init))
    return linalg::CopyOp::create(b, loc, value, init).getResult(0);
  return map({{value, letters.str()}}, {init, letters.str()},
             [](Scalars &s, ValueRange args) {
               return s.narrow(args[0], args[1].getType());
             });
}

Value Build::slice(Value value, unsigned dim, OpFoldResult offset,
                   OpFoldResult size, int64_t stride) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, value);
  SmallVector<OpFoldResult> offsets(sizes.size(), attr(0)),
      strides(sizes.size(), attr(1));
  offsets[dim] = offset;
  sizes[dim] = size;
  strides[dim] = attr(stride);
  return tensor::ExtractSliceOp::create(b, loc, value, offsets, sizes, strides);
}

Value Build::insert(Value part, Value into, unsigned dim, OpFoldResult offset,
                    int64_t stride) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, part);
  SmallVector<OpFoldResult> offsets(sizes.size(), attr(0)),
      strides(sizes.size(), attr(1));
  offsets[dim] = offset;
  strides[dim] = attr(stride);
  return tensor::InsertSliceOp::create(b, loc, part, into, offsets, sizes,
                                       strides);
}
