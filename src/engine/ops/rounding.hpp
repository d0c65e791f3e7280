// Rounding to integers, half to even, in a form that compilers turn into vectors everywhere.
#pragma once

namespace tern::engine::ops {

/// std::nearbyint(x) in the default rounding mode. REQUIRES: |x| <= 2^22: beside 1.5 * 2^23 floats are
/// integers.
inline float round_small(float x) {
  constexpr float magic = 12582912.0F;
  return (x + magic) - magic;
}

}  // namespace tern::engine::ops
