// Arithmetic modulo two primes, as the exact scalar domain needs it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace jarana::reference {

__extension__ typedef unsigned __int128 Wide;

/// The primes of the exact check: p = 2^61 - 2373 and q = (p - 1) / 2, both
/// just below a power of two, which makes reduction two multiplications. The
/// squares modulo p are the group of order q; `root` is one of them with no
/// small powers that are themselves constants of models.
struct LargeField {
  static constexpr uint64_t p = 2305843009213691579, q = 1152921504606845789,
                            root = 2119376125384375065;
  static constexpr int bitsOfP = 61, bitsOfQ = 60;
  /// Whether numbers of a model can be told from drawn ones by their residues.
  static constexpr bool isLarge = true;
};

/// x modulo m = 2^bits - c with a small c; x < 2^127.
template <uint64_t m, int bits> constexpr uint64_t reduceNear(Wide x) {
  constexpr Wide low = (Wide(1) << bits) - 1;
  constexpr uint64_t c = (uint64_t(1) << bits) - m;
  x = (x & low) + (x >> bits) * c;
  x = (x & low) + (x >> bits) * c;
  auto rest = static_cast<uint64_t>(x);
  return rest >= m ? rest - m : rest;
}

/// The same for x < 2^124, such as a sum of four products of residues: what is
/// left after one step fits a register.
template <uint64_t m, int bits> constexpr uint64_t reduceProducts(Wide x) {
  constexpr uint64_t low = (uint64_t(1) << bits) - 1;
  constexpr uint64_t c = (uint64_t(1) << bits) - m;
  x = (static_cast<uint64_t>(x) & low) +
      Wide(static_cast<uint64_t>(x >> bits)) * c;
  uint64_t rest =
      (static_cast<uint64_t>(x) & low) + static_cast<uint64_t>(x >> bits) * c;
  return rest >= m ? rest - m : rest;
}

/// One of the two residue fields of `Field`: modulo p where `isP`, else q.
template <class Field, bool isP> struct Modulo {
  static constexpr uint64_t modulus = isP ? Field::p : Field::q;

  static constexpr uint64_t reduce(Wide x) {
    if constexpr (Field::isLarge)
      return reduceNear<modulus, isP ? Field::bitsOfP : Field::bitsOfQ>(x);
    else
      return static_cast<uint64_t>(x % modulus);
  }
  static constexpr uint64_t add(uint64_t a, uint64_t b) {
    uint64_t sum = a + b;
    return sum >= modulus ? sum - modulus : sum;
  }
  static constexpr uint64_t negate(uint64_t a) { return a ? modulus - a : 0; }
  static constexpr uint64_t multiply(uint64_t a, uint64_t b) {
    return sumOfProducts(a, b, 0, 0);
  }
  /// a b + c d.
  static constexpr uint64_t sumOfProducts(uint64_t a, uint64_t b, uint64_t c,
                                          uint64_t d) {
    Wide sum = Wide(a) * b + Wide(c) * d;
    if constexpr (Field::isLarge)
      return reduceProducts<modulus, isP ? Field::bitsOfP : Field::bitsOfQ>(
          sum);
    else
      return reduce(sum);
  }
  static constexpr uint64_t power(uint64_t base, uint64_t exponent) {
    uint64_t result = 1 % modulus;
    for (; exponent; exponent /= 2) {
      if (exponent % 2)
        result = multiply(result, base);
      base = multiply(base, base);
    }
    return result;
  }
  /// 1/a for a that is not 0, by Euclid's extended algorithm.
  static constexpr uint64_t inverse(uint64_t a) {
    auto r = static_cast<int64_t>(modulus), next = static_cast<int64_t>(a);
    int64_t t = 0, factor = 1;
    while (next != 0) {
      int64_t quotient = r / next, rest = r - quotient * next;
      r = next, next = rest;
      int64_t last = t - quotient * factor;
      t = factor, factor = last;
    }
    return static_cast<uint64_t>(t < 0 ? t + static_cast<int64_t>(modulus) : t);
  }
  /// Puts the inverse in the place of each of `xs`, none of which is 0: one
  /// inversion and three products for each (Montgomery 1987, "Speeding the
  /// Pollard and elliptic curve methods of factorization", 10.3.1).
  static void invertAll(std::vector<uint64_t> &xs) {
    std::vector<uint64_t> before(xs.size());
    uint64_t all = 1 % modulus;
    for (size_t i = 0; i < xs.size(); ++i) {
      before[i] = all;
      all = multiply(all, xs[i]);
    }
    uint64_t rest = inverse(all);
    for (size_t i = xs.size(); i-- > 0;) {
      uint64_t x = xs[i];
      xs[i] = multiply(rest, before[i]);
      rest = multiply(rest, x);
    }
  }
  static constexpr uint64_t ofInteger(int64_t value) {
    uint64_t size =
        value < 0 ? 0 - static_cast<uint64_t>(value) : uint64_t(value);
    uint64_t rest = reduce(size);
    return value < 0 ? negate(rest) : rest;
  }
  /// 2^exponent, which is a residue for negative exponents too.
  static uint64_t powerOfTwo(int exponent) {
    constexpr int most = 1130; // of doubles, down to their last bits
    static const auto table = [] {
      std::array<uint64_t, 2 * most + 1> powers;
      uint64_t half = (modulus + 1) / 2;
      powers[most] = 1 % modulus;
      for (int i = 1; i <= most; ++i) {
        powers[most + i] = add(powers[most + i - 1], powers[most + i - 1]);
        powers[most - i] = multiply(powers[most - i + 1], half);
      }
      return powers;
    }();
    return table[exponent + most];
  }
};

/// root^x modulo p for x < q: a byte of the exponent at a time.
template <class Field> uint64_t powerOfRoot(uint64_t x) {
  using P = Modulo<Field, true>;
  static const auto table = [] {
    std::array<std::array<uint64_t, 256>, 8> powers;
    uint64_t base = Field::root;
    for (auto &row : powers) {
      row[0] = 1;
      for (int i = 1; i < 256; ++i)
        row[i] = P::multiply(row[i - 1], base);
      base = P::multiply(row[255], base);
    }
    return powers;
  }();
  uint64_t result = table[0][x & 255];
  for (int byte = 1; byte < 8; ++byte)
    if (uint64_t digit = x >> (8 * byte) & 255)
      result = P::multiply(result, table[byte][digit]);
  return result;
}

} // namespace jarana::reference
