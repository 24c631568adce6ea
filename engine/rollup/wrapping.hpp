// Sums of stored numbers of either sign. Damaged bytes may hold any number, and a sum that passes its width
// then wraps around instead of being undefined. Pure.
#pragma once

#include "minuted/rollup.hpp"

namespace minuted {

constexpr Int128 wrapping_sum(Int128 a, Int128 b) {
  return static_cast<Int128>(static_cast<UInt128>(a) + static_cast<UInt128>(b));
}
constexpr Int128 wrapping_difference(Int128 a, Int128 b) {
  return static_cast<Int128>(static_cast<UInt128>(a) - static_cast<UInt128>(b));
}

}  // namespace minuted
