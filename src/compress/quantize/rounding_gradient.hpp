// What backward pretends about rounding.
#pragma once

#include <string_view>
#include <vector>

#include "base/registry.hpp"

namespace tern::compress {

/// ste:  the gradient passes unchanged (Bengio et al. 2013, Estimating or Propagating Gradients).
/// ewgs: dL/du = g * (1 + delta * sign(g) * (u - round(u))), g = dL/d round(u), delta = 5e-3: values pull towards the
///       side of the rounding step that the gradient asks for (Lee et al. 2021, Network Quantization with Element-wise
///       Gradient Scaling). It acts on the values in units of the step, inside the quantizer's own backward; wrapping
///       it in a second straight-through estimator would cancel it.
enum class RoundingGradient { ste, ewgs };

inline constexpr double ewgs_delta = 5e-3;

struct RoundingGradientRow {
  MethodInfo info;
  RoundingGradient kind;
};
const std::vector<RoundingGradientRow>& rounding_gradient_table();
/// Errors: ErrorKind::usage with the nearest known name.
const RoundingGradientRow& find_rounding_gradient(std::string_view name);

}  // namespace tern::compress
