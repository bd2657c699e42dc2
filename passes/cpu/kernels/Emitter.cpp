#include "passes/cpu/kernels/Emitter.h"
#include "passes/cpu/kernels/Threads.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace jarana::cpu {

namespace {
// Multiplications and additions may be fused; nothing else may change.
constexpr auto contract = arith::FastMathFlags::contract;

bool isConstant(Value value, int64_t &constant) {
  APInt number;
  if (!matchPattern(value, m_ConstantInt(&number)))
    return false;
  constant = number.getSExtValue();
  return true;
}
} // namespace

// Indices

Value Emitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value Emitter::add(Value x, Value y) {
  return createOrFold<arith::AddIOp>(x, y);
}
Value Emitter::sub(Value x, Value y) {
  return createOrFold<arith::SubIOp>(x, y);
}
Value Emitter::mul(Value x, Value y) {
  return createOrFold<arith::MulIOp>(x, y);
}
Value Emitter::div(Value x, Value y) {
  return createOrFold<arith::DivUIOp>(x, y);
}
Value Emitter::rem(Value x, Value y) {
  return createOrFold<arith::RemUIOp>(x, y);
}
Value Emitter::min(Value x, Value y) {
  return createOrFold<arith::MinSIOp>(x, y);
}
Value Emitter::max(Value x, Value y) {
  return createOrFold<arith::MaxSIOp>(x, y);
}
Value Emitter::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  return createOrFold<arith::CmpIOp>(predicate, x, y);
}
Value Emitter::less(Value x, Value y) {
  return compare(arith::CmpIPredicate::slt, x, y);
}
Value Emitter::equal(Value x, int64_t y) {
  return compare(arith::CmpIPredicate::eq, x, index(y));
}
Value Emitter::dim(Value memref, int64_t dimension) {
  return createOrFold<memref::DimOp>(memref, dimension);
}
Emitter::Values Emitter::dims(Value memref) {
  Values sizes;
  for (int64_t i = 0; i < cast<MemRefType>(memref.getType()).getRank(); ++i)
    sizes.push_back(dim(memref, i));
  return sizes;
}

// Control flow

Emitter::Values Emitter::loop(Value lower, Value upper, int64_t step,
                              ValueRange init, LoopBody body) {
  auto loop = scf::ForOp::create(*this, lower, upper, index(step), init);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  Values results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!init.empty()) // else the terminator is there already
    scf::YieldOp::create(*this, results);
  return Values(loop.getResults());
}

void Emitter::loop(Value lower, Value upper, int64_t step,
                   function_ref<void(Value)> body) {
  loop(lower, upper, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return Values();
  });
}

void Emitter::branch(Value condition, function_ref<void()> then,
                     function_ref<void()> otherwise) {
  int64_t known;
  if (isConstant(condition, known)) {
    if (known)
      then();
    else if (otherwise)
      otherwise();
    return;
  }
  auto branch = scf::IfOp::create(*this, condition, bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  then();
  if (otherwise) {
    setInsertionPointToStart(branch.elseBlock());
    otherwise();
  }
}

Emitter::Values Emitter::select(Value condition, TypeRange types,
                                function_ref<Values()> then,
                                function_ref<Values()> otherwise) {
  int64_t known;
  if (isConstant(condition, known))
    return known ? then() : otherwise();
  auto branch = scf::IfOp::create(*this, types, condition, true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(*this, then());
  setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(*this, otherwise());
  return Values(branch.getResults());
}

void Emitter::parallel(Value count, Value work,
                       function_ref<void(Value, Value)> body) {
  Value enough =
      compare(arith::CmpIPredicate::sge, work, index(target.parallelWork()));
  int64_t known;
  if (isConstant(enough, known) && !known) {
    body(index(0), count);
    return;
  }
  omp::ParallelOperands clauses;
  clauses.ifExpr = enough;
  auto region = omp::ParallelOp::create(*this, clauses);
  OpBuilder::InsertionGuard guard(*this);
  createBlock(&region.getRegion());
  Value part = threadNumber(*this, getLoc()),
        parts = threadCount(*this, getLoc());
  body(div(mul(count, part), parts), div(mul(count, add(part, 1)), parts));
  omp::TerminatorOp::create(*this);
}

Emitter::Values Emitter::delinearize(Value linear, ValueRange sizes) {
  Values indices(sizes.size());
  for (size_t i = sizes.size(); i-- > 1;) {
    indices[i] = rem(linear, sizes[i]);
    linear = div(linear, sizes[i]);
  }
  indices[0] = linear;
  return indices;
}

Emitter::Values
Emitter::vectorLoop(Value lower, Value upper, ValueRange init,
                    function_ref<Values(Value, Lanes, ValueRange)> body) {
  int64_t lanes = target.lanes();
  Value rest = rem(sub(upper, lower), index(lanes));
  Value whole = sub(upper, rest);
  Values carried =
      loop(lower, whole, lanes, init, [&](Value iv, ValueRange carried) {
        return body(iv, {lanes}, carried);
      });
  int64_t known;
  if (isConstant(rest, known)) {
    if (known)
      carried = body(whole, firstLanes(rest), carried);
    return carried;
  }
  Value some = less(index(0), rest);
  auto tail = [&] { return body(whole, firstLanes(rest), carried); };
  if (init.empty()) {
    branch(some, [&] { tail(); });
    return carried;
  }
  return select(some, init.getTypes(), tail, [&] { return carried; });
}

void Emitter::vectorLoop(Value lower, Value upper,
                         function_ref<void(Value, Lanes)> body) {
  vectorLoop(lower, upper, ValueRange(),
             [&](Value iv, Lanes lanes, ValueRange) {
               body(iv, lanes);
               return Values();
             });
}

// Memory

VectorType Emitter::vectorType(int64_t lanes) {
  return VectorType::get(lanes, getF32Type());
}

Value Emitter::convertToF32(Value value) {
  if (getElementTypeOrSelf(value.getType()).isF32())
    return value;
  Type type = getF32Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vectorType(vector.getNumElements());
  if (isa<IntegerType>(getElementTypeOrSelf(value.getType())))
    return arith::SIToFPOp::create(*this, type, value);
  return arith::ExtFOp::create(*this, type, value);
}

Value Emitter::convertFromF32(Value value, Type element) {
  if (element.isF32())
    return value;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    element = VectorType::get(vector.getShape(), element);
  return arith::TruncFOp::create(*this, element, value);
}

Value Emitter::load(Value memref, ValueRange indices, Lanes lanes) {
  auto type = VectorType::get(
      lanes.count, cast<MemRefType>(memref.getType()).getElementType());
  if (!lanes.mask)
    return convertToF32(vector::LoadOp::create(*this, type, memref, indices));
  Value zero = arith::ConstantOp::create(*this, type, getZeroAttr(type));
  return convertToF32(vector::MaskedLoadOp::create(*this, type, memref, indices,
                                                   lanes.mask, zero));
}

void Emitter::store(Value vector, Value memref, ValueRange indices,
                    Lanes lanes) {
  vector = convertFromF32(vector,
                          cast<MemRefType>(memref.getType()).getElementType());
  if (lanes.mask)
    vector::MaskedStoreOp::create(*this, memref, indices, lanes.mask, vector);
  else
    vector::StoreOp::create(*this, vector, memref, indices);
}

Value Emitter::loadScalar(Value memref, ValueRange indices) {
  return convertToF32(memref::LoadOp::create(*this, memref, indices));
}

void Emitter::storeScalar(Value scalar, Value memref, ValueRange indices) {
  memref::StoreOp::create(
      *this,
      convertFromF32(scalar,
                     cast<MemRefType>(memref.getType()).getElementType()),
      memref, indices);
}

void Emitter::prefetch(Value memref, ValueRange indices) {
  memref::PrefetchOp::create(*this, memref, indices, /*isWrite=*/false,
                             /*localityHint=*/3, /*isDataCache=*/true);
}

Value Emitter::scratch(ArrayRef<int64_t> shape, Type element) {
  auto type = MemRefType::get(shape, element ? element : getF32Type());
  return memref::AllocaOp::create(*this, type, getI64IntegerAttr(64));
}

Value Emitter::keep(Value vector, Lanes lanes) {
  if (!lanes.mask)
    return vector;
  return arith::SelectOp::create(*this, lanes.mask, vector, splat(0.0));
}

Lanes Emitter::firstLanes(Value count) {
  auto type = VectorType::get(target.lanes(), getI1Type());
  return {target.lanes(), vector::CreateMaskOp::create(*this, type, count)};
}

// Floating point

Value Emitter::real(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}
Value Emitter::splat(Value scalar) {
  return vector::BroadcastOp::create(*this, vectorType(), scalar);
}
Value Emitter::splat(double value) {
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(vectorType(), static_cast<float>(value)));
}
Value Emitter::fadd(Value x, Value y) {
  return arith::AddFOp::create(*this, x, y, contract);
}
Value Emitter::fsub(Value x, Value y) {
  return arith::SubFOp::create(*this, x, y, contract);
}
Value Emitter::fmul(Value x, Value y) {
  return arith::MulFOp::create(*this, x, y, contract);
}
Value Emitter::fdiv(Value x, Value y) {
  return arith::DivFOp::create(*this, x, y);
}
Value Emitter::fmax(Value x, Value y) {
  return arith::MaximumFOp::create(*this, x, y);
}
Value Emitter::mulAdd(Value x, Value y, Value z) { return fadd(fmul(x, y), z); }
Value Emitter::exp(Value x) { return math::ExpOp::create(*this, x); }
Value Emitter::silu(Value x) {
  Value one = isa<VectorType>(x.getType()) ? splat(1.0) : real(1.0);
  Value negative = arith::NegFOp::create(*this, x);
  return fdiv(x, fadd(one, exp(negative)));
}
Value Emitter::sum(Value vector) {
  // Lanes are added as a tree: reassociation is allowed here only.
  return vector::ReductionOp::create(*this, vector::CombiningKind::ADD, vector,
                                     arith::FastMathFlags::reassoc);
}
Value Emitter::maximum(Value vector) {
  return vector::ReductionOp::create(*this, vector::CombiningKind::MAXIMUMF,
                                     vector);
}

} // namespace jarana::cpu
