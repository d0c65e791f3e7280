// Rounding as something to learn: each weight goes up or down.
#pragma once

#include <ATen/core/Tensor.h>

#include "learn/model.hpp"

namespace tern::compress {

/// The grid a weight is rounded on. Tensors broadcast against the weight.
struct WeightGrid {
  at::Tensor scale;   ///< of one code step, in the weight's shape or [oc, 1, ..] or []
  at::Tensor stored;  ///< the same as QuantizedWeight::scale holds it
  double low = 0, high = 0;  ///< codes allowed
  at::Tensor mask;    ///< undefined: nothing is pruned
  at::Tensor codes;   ///< the quantizer's own: nearest rounding, in the weight's shape
};

/// The grid of a parameter's quantizer. Codes reach from -(2^(b-1) - 1), or the lowest in use, to 2^(b-1) - 1.
/// REQUIRES: has_grid(parameter).
WeightGrid weight_grid(const learn::Parameter& parameter);

/// A stored scale ([], [oc] or [oc, g]) so that it broadcasts against a weight of these sizes.
at::Tensor broadcast_scale(const at::Tensor& scale, at::IntArrayRef sizes);

/// Whether rounding can be learned: a uniform quantizer with at least 2 bits.
bool has_grid(const learn::Parameter& parameter);

/// Gives `parameter` a quantizer whose codes are these, so that whatever reads the model (evaluation, packing) sees
/// them: LSQ, whose scale does not follow the weights, and latent <- scale * codes. Training may go on from there.
/// The float value stays known to float_twin(). `scale` as QuantizedWeight holds it.
void freeze_codes(learn::Parameter& parameter, const at::Tensor& codes, const at::Tensor& scale);

/// AdaRound's rounding variable V for one weight:
///   codes = clamp(floor(w / s) + h(V), low, high),   h(V) = clamp(1.2 * sigmoid(V) - 0.1, 0, 1),
/// started where codes = w / s. The regulariser sum(1 - |2 h - 1|^beta) drives every h to 0 or 1.
/// Source: Nagel et al. 2020, Up or Down? Adaptive Rounding for Post-Training Quantization, equations 21 to 24.
class SoftRounding {
 public:
  SoftRounding(const at::Tensor& weight, const WeightGrid& grid);

  at::Tensor& variable() { return variable_; }
  at::Tensor soft_values() const;  ///< s * codes * mask, differentiable
  at::Tensor hard_codes() const;   ///< h >= 1/2 goes up
  /// Down where `codes` went up and up where they went down, within the grid; pruned weights stay 0.
  at::Tensor other_codes(const at::Tensor& codes) const;
  at::Tensor regulariser(double beta) const;
  std::int64_t count() const { return variable_.numel(); }

 private:
  at::Tensor up() const;
  WeightGrid grid_;
  at::Tensor floor_, variable_;
};

/// When the regulariser acts and how sharp it is: none for the first fifth of the iterations, then beta falls from 20
/// to 2 along a cosine.
struct RoundingSchedule {
  static constexpr double warm_up = 0.2, beta_start = 20, beta_end = 2;
  static bool is_active(double progress) { return progress >= warm_up; }
  static double beta(double progress);
};

}  // namespace tern::compress
