#include "compress/quantize/affine_weight.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/quantize/uniform_weight.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double weight_percentile = 0.9999;
constexpr int clip_candidates = 32;

const std::vector<std::string> weight_calibrators{"minmax", "percentile", "mse"};

at::Tensor clip_by_percentile(const at::Tensor& magnitude) {
  const auto n = static_cast<double>(magnitude.size(1));
  const auto k = static_cast<std::int64_t>(std::ceil(weight_percentile * n));
  return std::get<0>(magnitude.kthvalue(std::max<std::int64_t>(1, k), 1));
}

at::Tensor clip_by_error(const at::Tensor& rows, const at::Tensor& largest, const CodeRange& codes) {
  const auto low = static_cast<double>(codes.low), high = static_cast<double>(codes.high);
  at::Tensor best = largest.clone(), best_error = at::full_like(largest, INFINITY);
  for (int i = clip_candidates; i >= 1; --i) {
    const at::Tensor clip = largest * (static_cast<double>(i) / clip_candidates);
    const at::Tensor scale = floor_scale(clip / high).unsqueeze(1);
    const at::Tensor value = (rows * scale.reciprocal()).round_().clamp_(low, high).mul_(scale);
    const at::Tensor error = (value.sub_(rows)).square_().sum(1);
    best = at::where(error < best_error, clip, best);
    best_error = at::minimum(error, best_error);
  }
  return best;
}

class AffineWeight : public UniformWeight {
 public:
  explicit AffineWeight(const QuantizerOptions& options) : UniformWeight("affine", options, true) {}

  at::Tensor quantize(const at::Tensor& weight) override {
    if (options().rounding == Rounding::half_even) return UniformWeight::quantize(weight);
    // Straight through within the clip: the value of integers(), the gradient of the identity.
    const at::Tensor rows = rows_of(weight, options().granularity), scale = scale_of(weight).reshape({-1, 1});
    const at::Tensor inside = at::maximum(at::minimum(rows, scale * static_cast<double>(codes().high)),
                                          scale * static_cast<double>(codes().low));
    const at::Tensor value = integers(weight).values(weight.sizes());
    return inside.reshape(weight.sizes()) + (value - inside.reshape(weight.sizes())).detach();
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    if (options().rounding == Rounding::half_even) return UniformWeight::integers(weight);
    const c10::NoGradGuard no_grad;
    const at::Tensor scale = scale_of(weight);
    const AffineGrid grid{scale.reshape({-1, 1}), at::zeros({}), codes(), options().rounding};
    return {quantize_affine(rows_of(weight, options().granularity), grid).reshape(weight.sizes()), scale, {}};
  }

  std::map<std::string, at::Tensor> tensors() override { return {}; }

 protected:
  at::Tensor scale_of(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    const at::Tensor clip = clip_of_rows(rows_of(weight.detach(), options().granularity), options().calibrator, codes());
    return symmetric_grid(clip, codes(), options().scale).scale.reshape(scale_shape(options().granularity, weight.sizes()));
  }
};

}  // namespace

void check_weight_calibrator(std::string_view name) {
  if (std::find(weight_calibrators.begin(), weight_calibrators.end(), name) == weight_calibrators.end())
    fail_unknown("calibrator of weights", name, weight_calibrators);
}

at::Tensor clip_of_rows(const at::Tensor& rows, std::string_view calibrator, const CodeRange& codes) {
  const at::Tensor magnitude = rows.abs();
  if (calibrator == "minmax") return magnitude.amax(1);
  if (calibrator == "percentile") return clip_by_percentile(magnitude);
  return clip_by_error(rows, magnitude.amax(1), codes);
}

MethodInfo affine_weight_info() {
  return {"affine",
          "uniform, symmetric, scale computed from the weights",
          "Jacob et al. 2018",
          {bits_parameter(2, 16), gradient_parameter(), granularity_parameter(),
           {"calibrator", "string", "minmax", "minmax|percentile|mse", "where weights are clipped"},
           {"scale", "string", "float", "float|po2|dyadic", "kind of scale"},
           {"rounding", "string", "half-even", "half-even|ceil|floor|up|down|half-up|half-down", "between two codes"},
           {"narrow", "bool", "true", "", "without the smallest code, -2^(w-1)"}}};
}

std::shared_ptr<learn::WeightQuantizer> make_affine_weight(const QuantizerOptions& options, const at::Tensor& /*weight*/) {
  check_weight_calibrator(options.calibrator);
  return std::make_shared<AffineWeight>(options);
}

}  // namespace tern::compress
