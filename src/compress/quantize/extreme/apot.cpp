#include "compress/quantize/extreme/apot.hpp"

#include <algorithm>
#include <cmath>

#include "compress/quantize/extreme/cluster_values.hpp"
#include "compress/quantize/extreme/named_quantizer.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double start_alpha = 3;

/// -1 .. 1, ascending.
at::Tensor signed_levels(int bits) {
  std::vector<float> levels;
  for (const double level : apot_levels(bits - 1)) {
    levels.push_back(static_cast<float>(level));
    if (level > 0) levels.push_back(static_cast<float>(-level));
  }
  std::sort(levels.begin(), levels.end());
  return at::tensor(levels);
}

struct LevelFunction : torch::autograd::Function<LevelFunction> {
  /// alpha * level(v / alpha).
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& v, const at::Tensor& alpha,
                            const at::Tensor& level) {
    ctx->save_for_backward({v, alpha, level});
    return level * alpha;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &g = grads[0], &level = saved[2], u = saved[0] / saved[1], inside = u.abs().le(1);
    return {g * inside, (g * (level - u * inside)).sum(), at::Tensor()};
  }
};

class Apot : public NamedQuantizer {
 public:
  Apot(const QuantizerOptions& options, const at::Tensor& weight)
      : NamedQuantizer("apot", options), levels_(signed_levels(options.bits)),
        alpha_(at::full({}, start_alpha, at::TensorOptions(at::kFloat)).set_requires_grad(true)),
        sigma_(moments(weight).deviation.to(at::kFloat).clone()) {}

  at::Tensor quantize(const at::Tensor& weight) override {
    const at::Tensor v = normalised(weight);
    const at::Tensor level = levels_.index_select(0, codes_of(v).flatten().to(at::kLong)).reshape(v.sizes());
    return LevelFunction::apply(v, alpha_, level) * sigma_;
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {codes_of(normalised(weight)), (alpha_ * sigma_).detach(), levels_};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"alpha", alpha_}, {"sigma", sigma_}}; }

  void project() override {
    const c10::NoGradGuard no_grad;
    alpha_.clamp_min_(1e-3);
  }

 private:
  struct Moments {
    at::Tensor mean, deviation;
  };
  static Moments moments(const at::Tensor& weight) {
    const c10::NoGradGuard no_grad;
    const at::Tensor kept = weight.ne(0), count = kept.sum().clamp_min(1), mean = weight.sum() / count;
    const at::Tensor variance = ((weight - mean) * kept).square().sum() / count;
    return {mean, variance.sqrt().clamp_min(smallest_scale)};
  }
  static at::Tensor normalised(const at::Tensor& weight) {
    const Moments m = moments(weight);
    return (weight - m.mean) * weight.detach().ne(0) / m.deviation;
  }
  at::Tensor codes_of(const at::Tensor& v) const {
    const c10::NoGradGuard no_grad;
    return nearest_centroid(v / alpha_, levels_);
  }

  at::Tensor levels_, alpha_, sigma_;
};

}  // namespace

std::vector<double> apot_levels(int magnitude_bits) {
  const int n = magnitude_bits / 2, odd = magnitude_bits % 2;
  std::vector<double> levels{0};
  const auto add_term = [&](const std::vector<double>& choices) {
    std::vector<double> sums;
    for (const double level : levels)
      for (const double choice : choices) sums.push_back(level + choice);
    levels.swap(sums);
  };
  for (int i = 0; i < n; ++i)
    add_term({0, std::ldexp(1.0, -i), std::ldexp(1.0, -(i + n)), std::ldexp(1.0, -(i + 2 * n + odd))});
  if (odd == 1) add_term({0, std::ldexp(1.0, -2 * n)});
  std::sort(levels.begin(), levels.end());
  const double largest = levels.back();
  for (double& level : levels) level /= largest;
  return levels;
}

MethodInfo apot_info() {
  return {"apot", "sums of powers of two, trained clipping level", "Li et al. 2020, Additive Powers-of-Two Quantization",
          {bits_parameter(2, 8)}};
}

std::shared_ptr<learn::WeightQuantizer> make_apot(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Apot>(options, weight);
}

}  // namespace tern::compress
