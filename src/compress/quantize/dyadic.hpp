// Integer-only requantization: sums of integer products become the next layer's codes without a float.
#pragma once

#include <cstdint>

#include "compress/quantize/affine.hpp"

namespace tern::compress {

/// q = clip(((sum * m + 2^(e-1)) >> e) + zero_point), the product in 64 bits: sum * m / 2^e rounded to the nearest, ties
/// towards plus infinity, clipped after rounding. `factor` is to_dyadic(s_w * s_x / s_q).
/// Errors: ErrorKind::usage, place "dyadic", for a sum outside 32 bits or a factor of 2^30 and more.
/// Source: Yao et al. 2021, HAWQ-V3: Dyadic Neural Network Quantization, section 3.1.
std::int64_t requantize(std::int64_t sum, const Dyadic& factor, std::int64_t zero_point, CodeRange codes);

/// A residual add: both branches, less their zero points, brought to the sum's scale by s_a / s_q and s_b / s_q, each
/// rounded, then added: q = clip(round(a * M_a) + round(b * M_b) + zero_point). Errors: as requantize().
/// Source: HAWQ-V3, section 3.2.
std::int64_t requantize_add(std::int64_t a, const Dyadic& factor_a, std::int64_t b, const Dyadic& factor_b,
                            std::int64_t zero_point, CodeRange codes);

}  // namespace tern::compress
