// Rounding to a grid with gradients: what every uniform quantizer is made of.
#pragma once

#include <ATen/core/Tensor.h>

#include "compress/quantize/rounding_gradient.hpp"

namespace tern::compress {

/// The grid's codes and what backward does.
struct FakeQuantize {
  double low = 0, high = 0;    ///< codes
  double zero_point = 0;       ///< code of 0; a whole number
  RoundingGradient gradient = RoundingGradient::ste;
  double scale_factor = 1;     ///< multiplies the gradient of the scale
  bool clip_only = false;      ///< the scale's gradient comes from clipped values alone (PACT)
};

/// y = scale * clamp(round_half_even(x / scale), low - zero_point, high - zero_point).
///
/// `scale` is 0-d, or [..] such that x viewed as [.., elements that share one] has one for each row; positive.
/// Backward, with g = dL/dy, u = x / scale, c = clamp(u), code = round(c), inside: u = c, and the rounding gradient's
/// factor r = 1 (ste) or 1 + delta * sign(g) * (c - code) (ewgs):
///   dL/dx = g * r inside, 0 outside;
///   dL/dscale = scale_factor * sum of g * (code - r * u) inside (0 with clip_only), g * code outside.
/// `offset` (0-d, may be undefined) is the learned value of the smallest code, which the caller rounded into
/// zero_point = low - round(offset / scale): dL/doffset = scale_factor * sum of g outside, and there dL/dscale counts
/// steps from the smallest code, g * (code + zero_point - low).
/// The rules are those of Esser et al. 2020, LSQ (eq. 3) and Bhalgat et al. 2020, LSQ+ (eqs. 5, 6).
/// One pass over memory in each direction for a 0-d scale; the result does not depend on the number of threads.
at::Tensor fake_quantize(const at::Tensor& x, const at::Tensor& scale, const FakeQuantize& rule,
                         const at::Tensor& offset = {});

}  // namespace tern::compress
