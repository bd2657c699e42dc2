// The scalar ops of arith and math: what each does to its cells.
#include "lib/reference/tensor/Scalars.h"

#include "lib/reference/Exact.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringMap.h"

#include <bit>
#include <cmath>
#include <limits>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using I = InstructionOf<Real>;
template <class Real> using Run = decltype(I<Real>::run);

// F is a lambda without captures, which the instruction makes anew: a plain
// function pointer is what is kept.
template <class Real, class F> Run<Real> real(F) {
  return [](const I<Real> &i, Cell<Real> *c) {
    if constexpr (std::is_invocable_v<F, Real, Real, Real>)
      c[i.result].real =
          roundedTo(i.to, F{}(c[i.operands[0]].real, c[i.operands[1]].real,
                              c[i.operands[2]].real));
    else if constexpr (std::is_invocable_v<F, Real, Real>)
      c[i.result].real =
          roundedTo(i.to, F{}(c[i.operands[0]].real, c[i.operands[1]].real));
    else
      c[i.result].real = roundedTo(i.to, F{}(c[i.operands[0]].real));
  };
}

/// Of integers; cut to the result's width.
template <class Real, class F> Run<Real> integer(F) {
  return [](const I<Real> &i, Cell<Real> *c) {
    if constexpr (std::is_invocable_v<F, int64_t, int64_t>)
      c[i.result].integer =
          wrap(i.to, F{}(c[i.operands[0]].integer, c[i.operands[1]].integer));
    else
      c[i.result].integer = wrap(i.to, F{}(c[i.operands[0]].integer));
  };
}

/// The bits of a value, without a sign.
uint64_t bits(DType type, int64_t value) {
  int64_t bytes = byteSize(type);
  if (type == DType::boolean)
    return value & 1;
  return bytes == 8 ? static_cast<uint64_t>(value)
                    : static_cast<uint64_t>(value) &
                          ((uint64_t{1} << (8 * bytes)) - 1);
}

template <class Real, class F> Run<Real> unsignedInteger(F) {
  return [](const I<Real> &i, Cell<Real> *c) {
    c[i.result].integer =
        wrap(i.to,
             static_cast<int64_t>(F{}(bits(i.from, c[i.operands[0]].integer),
                                      bits(i.from, c[i.operands[1]].integer))));
  };
}

template <class Real, class F> Run<Real> test(F) {
  return [](const I<Real> &i, Cell<Real> *c) {
    c[i.result].integer = F{}(c[i.operands[0]].real);
  };
}

void expectDivisor(bool isZero) {
  if (isZero)
    throw Error("divides by zero");
}
int64_t expectShift(uint64_t by) {
  if (by > 63)
    throw Error("shifts by " + std::to_string(by) + " bits");
  return static_cast<int64_t>(by);
}

template <class Real> bool isNan(Real x) { return !(x == x); }

/// Towards zero. What no 64-bit integer of the signedness holds, and NaN,
/// becomes the least one, as in the operator Cast and in what is compiled.
template <class Real> int64_t truncated(Real x, bool isUnsigned64) {
  if constexpr (std::is_same_v<Real, double>) {
    if (isUnsigned64 && x >= 0x1p63 && x < 0x1p64)
      return static_cast<int64_t>(static_cast<uint64_t>(x));
    if (!(x >= -0x1p63 && x < 0x1p63))
      return std::numeric_limits<int64_t>::min();
  }
  return static_cast<int64_t>(x);
}

// Where neither is NaN; the order of the domain decides.
template <class Real> Real larger(Real a, Real b) { return a < b ? b : a; }
template <class Real> Real smaller(Real a, Real b) { return b < a ? b : a; }

template <class Real> void compareIntegers(const I<Real> &i, Cell<Real> *c) {
  int64_t a = c[i.operands[0]].integer, b = c[i.operands[1]].integer;
  // An i1 is -1 where it is signed.
  if (i.from == DType::boolean)
    a = -a, b = -b;
  uint64_t ua = bits(i.from, a), ub = bits(i.from, b);
  using P = mlir::arith::CmpIPredicate;
  auto holds = [&] {
    switch (static_cast<P>(i.immediate)) {
    case P::eq:
      return a == b;
    case P::ne:
      return a != b;
    case P::slt:
      return a < b;
    case P::sle:
      return a <= b;
    case P::sgt:
      return a > b;
    case P::sge:
      return a >= b;
    case P::ult:
      return ua < ub;
    case P::ule:
      return ua <= ub;
    case P::ugt:
      return ua > ub;
    case P::uge:
      return ua >= ub;
    }
    return false;
  };
  c[i.result].integer = holds();
}

template <class Real> void compareReals(const I<Real> &i, Cell<Real> *c) {
  const Real &a = c[i.operands[0]].real, &b = c[i.operands[1]].real;
  using P = mlir::arith::CmpFPredicate;
  auto predicate = static_cast<P>(i.immediate);
  bool unordered = isNan(a) || isNan(b);
  auto ordered = [&] {
    switch (predicate) {
    case P::OEQ:
    case P::UEQ:
      return a == b;
    case P::OGT:
    case P::UGT:
      return b < a;
    case P::OGE:
    case P::UGE:
      return b <= a;
    case P::OLT:
    case P::ULT:
      return a < b;
    case P::OLE:
    case P::ULE:
      return a <= b;
    case P::ONE:
    case P::UNE:
      return !(a == b);
    default:
      return predicate == P::ORD || predicate == P::AlwaysTrue;
    }
  };
  bool ofUnordered = predicate >= P::UEQ; // the U ones, UNO and true
  c[i.result].integer = unordered ? ofUnordered : ordered();
}

template <class Real> void select(const I<Real> &i, Cell<Real> *c) {
  c[i.result] = c[i.operands[c[i.operands[0]].integer ? 1 : 2]];
}

/// Between integers and bits of floats; in a domain without bits it is refused.
template <class Real> void bitcast(const I<Real> &i, Cell<Real> *c) {
  const Cell<Real> &x = c[i.operands[0]];
  if (isFloat(i.from) == isFloat(i.to)) {
    c[i.result] = x;
    c[i.result].integer = wrap(i.to, x.integer);
    return;
  }
  if constexpr (std::is_same_v<Real, double>) {
    if (i.from == DType::f32 && i.to == DType::i32) {
      c[i.result].integer = std::bit_cast<int32_t>(static_cast<float>(x.real));
      return;
    }
    if (i.from == DType::i32 && i.to == DType::f32) {
      c[i.result].real = std::bit_cast<float>(static_cast<int32_t>(x.integer));
      return;
    }
  }
  throw Error("a bitcast between " + name(i.from) + " and " + name(i.to) +
              " has no meaning here");
}

template <class Real> void addIntegers(llvm::StringMap<Run<Real>> &table) {
  using U = uint64_t;
  // Sums and products wrap: formed modulo 2^64, then cut.
  table["arith.addi"] =
      integer<Real>([](int64_t a, int64_t b) { return int64_t(U(a) + U(b)); });
  table["arith.subi"] =
      integer<Real>([](int64_t a, int64_t b) { return int64_t(U(a) - U(b)); });
  table["arith.muli"] =
      integer<Real>([](int64_t a, int64_t b) { return int64_t(U(a) * U(b)); });
  table["arith.andi"] =
      integer<Real>([](int64_t a, int64_t b) { return a & b; });
  table["arith.ori"] =
      integer<Real>([](int64_t a, int64_t b) { return a | b; });
  table["arith.xori"] =
      integer<Real>([](int64_t a, int64_t b) { return a ^ b; });
  table["arith.maxsi"] =
      integer<Real>([](int64_t a, int64_t b) { return a > b ? a : b; });
  table["arith.minsi"] =
      integer<Real>([](int64_t a, int64_t b) { return a < b ? a : b; });
  table["arith.maxui"] =
      unsignedInteger<Real>([](U a, U b) { return a > b ? a : b; });
  table["arith.minui"] =
      unsignedInteger<Real>([](U a, U b) { return a < b ? a : b; });
  table["arith.divsi"] = integer<Real>([](int64_t a, int64_t b) {
    expectDivisor(b == 0);
    return b == -1 ? int64_t(U(0) - U(a)) : a / b;
  });
  table["arith.remsi"] = integer<Real>([](int64_t a, int64_t b) {
    expectDivisor(b == 0);
    return b == -1 ? 0 : a % b;
  });
  table["arith.floordivsi"] = integer<Real>([](int64_t a, int64_t b) {
    expectDivisor(b == 0);
    if (b == -1)
      return int64_t(U(0) - U(a));
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
  });
  table["arith.ceildivsi"] = integer<Real>([](int64_t a, int64_t b) {
    expectDivisor(b == 0);
    if (b == -1)
      return int64_t(U(0) - U(a));
    return a / b + (a % b != 0 && (a < 0) == (b < 0));
  });
  table["arith.divui"] = unsignedInteger<Real>([](U a, U b) {
    expectDivisor(b == 0);
    return a / b;
  });
  table["arith.ceildivui"] = unsignedInteger<Real>([](U a, U b) {
    expectDivisor(b == 0);
    return a / b + (a % b != 0);
  });
  table["arith.remui"] = unsignedInteger<Real>([](U a, U b) {
    expectDivisor(b == 0);
    return a % b;
  });
  table["arith.shli"] =
      unsignedInteger<Real>([](U a, U b) { return a << expectShift(b); });
  table["arith.shrui"] =
      unsignedInteger<Real>([](U a, U b) { return a >> expectShift(b); });
  table["arith.shrsi"] =
      integer<Real>([](int64_t a, int64_t b) { return a >> expectShift(b); });
  table["math.absi"] =
      integer<Real>([](int64_t a) { return a < 0 ? int64_t(U(0) - U(a)) : a; });
  table["arith.cmpi"] = compareIntegers<Real>;
}

template <class Real> void addCasts(llvm::StringMap<Run<Real>> &table) {
  auto cut = integer<Real>([](int64_t a) { return a; });
  table["arith.trunci"] = table["arith.index_cast"] = cut;
  table["arith.extsi"] = [](const I<Real> &i, Cell<Real> *c) {
    int64_t value = c[i.operands[0]].integer;
    c[i.result].integer = i.from == DType::boolean ? -value : value;
  };
  table["arith.extui"] =
      table["arith.index_castui"] = [](const I<Real> &i, Cell<Real> *c) {
        c[i.result].integer = wrap(
            i.to, static_cast<int64_t>(bits(i.from, c[i.operands[0]].integer)));
      };
  table["arith.sitofp"] = [](const I<Real> &i, Cell<Real> *c) {
    int64_t value = c[i.operands[0]].integer;
    c[i.result].real =
        roundedTo(i.to, Real(i.from == DType::boolean ? -value : value));
  };
  table["arith.uitofp"] = [](const I<Real> &i, Cell<Real> *c) {
    c[i.result].real = roundedTo(
        i.to,
        Real(static_cast<double>(bits(i.from, c[i.operands[0]].integer))));
  };
  table["arith.fptosi"] = [](const I<Real> &i, Cell<Real> *c) {
    c[i.result].integer = wrap(i.to, truncated(c[i.operands[0]].real, false));
  };
  table["arith.fptoui"] = [](const I<Real> &i, Cell<Real> *c) {
    c[i.result].integer =
        wrap(i.to, truncated(c[i.operands[0]].real, i.to == DType::i64));
  };
  table["arith.truncf"] = table["arith.extf"] =
      real<Real>([](Real x) { return x; });
  table["arith.bitcast"] = bitcast<Real>;
}

template <class Real> void addReals(llvm::StringMap<Run<Real>> &table) {
  table["arith.addf"] = real<Real>([](Real a, Real b) { return a + b; });
  table["arith.subf"] = real<Real>([](Real a, Real b) { return a - b; });
  table["arith.mulf"] = real<Real>([](Real a, Real b) { return a * b; });
  table["arith.divf"] = real<Real>([](Real a, Real b) { return a / b; });
  table["arith.negf"] = real<Real>([](Real a) { return -a; });
  table["arith.remf"] = real<Real>([](Real a, Real b) {
    using std::fmod;
    return fmod(a, b);
  });
  table["math.fma"] =
      real<Real>([](Real a, Real b, Real c) { return a * b + c; });
  // NaN wins, or loses (the "num" ones).
  table["arith.maximumf"] = real<Real>([](Real a, Real b) {
    return isNan(a) ? a : isNan(b) ? b : larger(a, b);
  });
  table["arith.minimumf"] = real<Real>([](Real a, Real b) {
    return isNan(a) ? a : isNan(b) ? b : smaller(a, b);
  });
  table["arith.maxnumf"] = real<Real>([](Real a, Real b) {
    return isNan(a) ? b : isNan(b) ? a : larger(a, b);
  });
  table["arith.minnumf"] = real<Real>([](Real a, Real b) {
    return isNan(a) ? b : isNan(b) ? a : smaller(a, b);
  });
  table["arith.cmpf"] = compareReals<Real>;
  table["arith.select"] = select<Real>;
  table["math.isnan"] = test<Real>([](Real x) { return isNan(x); });
  table["math.powf"] = real<Real>([](Real a, Real b) {
    using std::pow;
    return pow(a, b);
  });
  table["math.fpowi"] = [](const I<Real> &i, Cell<Real> *c) {
    using std::pow;
    c[i.result].real = roundedTo(
        i.to, pow(c[i.operands[0]].real, Real(c[i.operands[1]].integer)));
  };
  table["math.rsqrt"] = real<Real>([](Real x) {
    using std::sqrt;
    return Real(1) / sqrt(x);
  });
}

template <class Real> void addFunctions(llvm::StringMap<Run<Real>> &table) {
#define UNARY(NAME, FUNCTION)                                                  \
  table["math." NAME] = real<Real>([](Real x) {                                \
    using std::FUNCTION;                                                       \
    return Real(FUNCTION(x));                                                  \
  })
  UNARY("absf", fabs);
  UNARY("acos", acos);
  UNARY("acosh", acosh);
  UNARY("asin", asin);
  UNARY("asinh", asinh);
  UNARY("atan", atan);
  UNARY("atanh", atanh);
  UNARY("ceil", ceil);
  UNARY("cos", cos);
  UNARY("cosh", cosh);
  UNARY("erf", erf);
  UNARY("exp", exp);
  UNARY("exp2", exp2);
  UNARY("expm1", expm1);
  UNARY("floor", floor);
  UNARY("log", log);
  UNARY("log1p", log1p);
  UNARY("round", round);
  UNARY("roundeven", nearbyint);
  UNARY("sin", sin);
  UNARY("sinh", sinh);
  UNARY("sqrt", sqrt);
  UNARY("tan", tan);
  UNARY("tanh", tanh);
  UNARY("trunc", trunc);
#undef UNARY
  table["math.log2"] = real<Real>([](Real x) {
    using std::log;
    return log(x) * Real(M_LOG2E);
  });
  table["math.log10"] = real<Real>([](Real x) {
    using std::log;
    return log(x) * Real(M_LOG10E);
  });
}
} // namespace

namespace {
template <class Real> const llvm::StringMap<Run<Real>> &scalars() {
  static const llvm::StringMap<Run<Real>> table = [] {
    llvm::StringMap<Run<Real>> all;
    addIntegers<Real>(all);
    addCasts<Real>(all);
    addReals<Real>(all);
    addFunctions<Real>(all);
    return all;
  }();
  return table;
}
} // namespace

template <class Real>
decltype(InstructionOf<Real>::run) reference::findScalar(llvm::StringRef name) {
  return scalars<Real>().lookup(name);
}

template <class Real> std::vector<llvm::StringRef> reference::scalarNames() {
  auto names = scalars<Real>().keys();
  return {names.begin(), names.end()};
}

template decltype(InstructionOf<double>::run)
    reference::findScalar<double>(llvm::StringRef);
template decltype(InstructionOf<Exact>::run)
    reference::findScalar<Exact>(llvm::StringRef);
template std::vector<llvm::StringRef> reference::scalarNames<double>();
template std::vector<llvm::StringRef> reference::scalarNames<Exact>();
