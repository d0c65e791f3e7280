#include "compress/quantize/dyadic.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace tern::compress {
namespace {

/// floor(value * m * 2^-e + 1/2); |value * m| + 2^(e-1) stays below 2^63 for e up to 62.
std::int64_t rescale(std::int64_t value, const Dyadic& factor) {
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
    fail(ErrorKind::usage, "dyadic", "the sum {} does not fit 32 bits", value);
  if (factor.shift < 1) fail(ErrorKind::usage, "dyadic", "the factor {} is too large", factor.value());
  if (factor.shift > 62) return 0;  // below 2^-32: less than a half
  return (value * factor.multiplier + (std::int64_t{1} << (factor.shift - 1))) >> factor.shift;
}

}  // namespace

std::int64_t requantize(std::int64_t sum, const Dyadic& factor, std::int64_t zero_point, CodeRange codes) {
  return std::clamp(rescale(sum, factor) + zero_point, codes.low, codes.high);
}

std::int64_t requantize_add(std::int64_t a, const Dyadic& factor_a, std::int64_t b, const Dyadic& factor_b,
                            std::int64_t zero_point, CodeRange codes) {
  return std::clamp(rescale(a, factor_a) + rescale(b, factor_b) + zero_point, codes.low, codes.high);
}

}  // namespace tern::compress
