#include "compress/quantize/sawb.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "compress/quantize/affine_weight.hpp"
#include "compress/quantize/uniform_weight.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int num_quantiles = 4096;

/// Magnitudes of a symmetric distribution at quantiles u in (0, 1) of |w|.
using Quantile = double (*)(double u);

double uniform(double u) { return u; }
double triangular(double u) { return 1 - std::sqrt(1 - u); }
double logistic(double u) { return std::log((1 + u) / (1 - u)); }
double laplace(double u) { return -std::log(1 - u); }
double normal(double u) {  // bisection of erf(x / sqrt 2) = u
  double low = 0, high = 8;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erf(middle / std::sqrt(2.0)) < u ? low : high) = middle;
  }
  return low;
}

double squared_error(const std::vector<double>& magnitudes, double clip, double levels) {
  const double scale = clip / levels;
  double error = 0;
  for (const double x : magnitudes) {
    const double rounded = std::min(std::nearbyint(x / scale), levels) * scale;
    error += (x - rounded) * (x - rounded);
  }
  return error;
}

/// The best of ranges between 1/64 of the largest magnitude and all of it, then between its neighbours.
double best_clip(const std::vector<double>& magnitudes, double levels) {
  double low = 0, high = *std::max_element(magnitudes.begin(), magnitudes.end()), best = high;
  for (int pass = 0; pass < 3; ++pass) {
    const double step = (high - low) / 64;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 1; i <= 64; ++i) {
      const double clip = low + step * i, error = squared_error(magnitudes, clip, levels);
      if (error < least) best = clip, least = error;
    }
    low = std::max(step / 64, best - step), high = best + step;
  }
  return best;
}

SawbCoefficients fit(int bits) {
  const double levels = static_cast<double>(code_range(bits, true, true).high);
  double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
  for (const Quantile quantile : {uniform, triangular, normal, logistic, laplace}) {
    std::vector<double> magnitudes;
    double first = 0, second = 0;
    for (int i = 0; i < num_quantiles; ++i) {
      const double x = quantile((i + 0.5) / num_quantiles);
      magnitudes.push_back(x);
      first += x / num_quantiles, second += x * x / num_quantiles;
    }
    const double ratio = std::sqrt(second) / first, clip = best_clip(magnitudes, levels) / first;
    n += 1, sum_x += ratio, sum_y += clip, sum_xx += ratio * ratio, sum_xy += ratio * clip;
  }
  const double slope = (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
  return {slope, -(sum_y - slope * sum_x) / n};
}

class Sawb : public UniformWeight {
 public:
  explicit Sawb(const QuantizerOptions& options)
      : UniformWeight("sawb", options, true), coefficients_(sawb_coefficients(std::min(options.bits, sawb_most_fitted_bits))) {}

  std::map<std::string, at::Tensor> tensors() override { return {}; }

 protected:
  at::Tensor scale_of(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    const at::Tensor rows = rows_of(weight.detach(), options().granularity);
    const at::Tensor clip = bits() > sawb_most_fitted_bits ? clip_of_rows(rows, "mse", codes()) : fitted_clip(rows);
    return symmetric_grid(clip, codes()).scale.reshape(scale_shape(options().granularity, weight.sizes()));
  }

 private:
  at::Tensor fitted_clip(const at::Tensor& rows) const {
    const at::Tensor kept = rows.ne(0).sum(1).clamp_min(1);
    const at::Tensor first = rows.abs().sum(1) / kept, second = (rows.square().sum(1) / kept).sqrt();
    const at::Tensor clip = coefficients_.c1 * second - coefficients_.c2 * first;
    // Moments of no distribution that was fitted may give a clip of nothing, or one beyond all weights.
    return at::minimum(at::maximum(clip, first), rows.abs().amax(1));
  }

  SawbCoefficients coefficients_;
};

}  // namespace

SawbCoefficients sawb_coefficients(int bits) {
  static const auto table = [] {
    std::array<SawbCoefficients, sawb_most_fitted_bits + 1> fitted;
    for (int b = 2; b <= sawb_most_fitted_bits; ++b) fitted[static_cast<std::size_t>(b)] = fit(b);
    return fitted;
  }();
  return table[static_cast<std::size_t>(bits)];
}

MethodInfo sawb_info() {
  return {"sawb", "uniform, clipped where the weights' moments say", "Choi et al. 2018, SAWB",
          {bits_parameter(2, 8), gradient_parameter(), granularity_parameter()}};
}

std::shared_ptr<learn::WeightQuantizer> make_sawb(const QuantizerOptions& options, const at::Tensor& /*weight*/) {
  return std::make_shared<Sawb>(options);
}

}  // namespace tern::compress
