#include "compress/quantize/duq.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/quantize/uniform_activation.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double smallest_range = 1e-6;

struct DuqFunction : torch::autograd::Function<DuqFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& weight, const at::Tensor& range,
                            const at::Tensor& scale, double steps, bool ewgs) {
    const at::Tensor u = (weight / range).clamp_(-1, 1).mul_(steps);
    ctx->save_for_backward({weight, range, scale});
    ctx->saved_data["steps"] = steps;
    ctx->saved_data["ewgs"] = ewgs;
    return u.round().mul_(scale / steps);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &weight = saved[0], &range = saved[1], &scale = saved[2];
    const double steps = ctx->saved_data["steps"].toDouble();
    const at::Tensor ratio = weight / range;
    const at::Tensor u = ratio.clamp(-1, 1).mul_(steps), code = u.round();
    const at::Tensor grad_scale = (grads[0] * code).sum() / steps;
    at::Tensor grad_u = grads[0] * (scale / steps);
    if (ctx->saved_data["ewgs"].toBool()) grad_u = grad_u * (1 + ewgs_delta * grad_u.sign() * (u - code));
    const at::Tensor inside = grad_u * ratio.abs().le(1);
    const at::Tensor grad_weight = inside * (steps / range);
    const at::Tensor grad_range = -(grad_weight * ratio).sum();
    return {grad_weight, grad_range, grad_scale, at::Tensor(), at::Tensor()};
  }
};

/// max(|mu - 3 sigma|, |mu + 3 sigma|) over all entries, pruned ones included.
double initial_range(const at::Tensor& weight) {
  const at::Tensor values = weight.to(at::kDouble);
  const double mean = values.mean().item<double>(), sigma = values.std(false).item<double>();
  return std::max(smallest_range, std::abs(mean) + 3 * sigma);
}

class Duq : public learn::WeightQuantizer {
 public:
  Duq(const QuantizerOptions& options, const at::Tensor& weight)
      : bits_(options.bits), gradient_(options.gradient), steps_((1 << (options.bits - 1)) - 1) {
    const double range = initial_range(weight.detach());
    range_ = at::full({}, range).set_requires_grad(true);
    scale_ = at::full({}, range).set_requires_grad(true);
  }

  std::string name() const override { return "duq"; }
  int bits() const override { return bits_; }

  at::Tensor quantize(const at::Tensor& weight) override {
    return DuqFunction::apply(weight, range_, scale_, steps_, gradient_ == RoundingGradient::ewgs);
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {(weight / range_).clamp_(-1, 1).mul_(steps_).round_(), scale_.detach() / steps_, {}};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"range", range_}, {"scale", scale_}}; }

  void project() override {
    const c10::NoGradGuard no_grad;
    range_.clamp_min_(smallest_range);
    scale_.clamp_min_(smallest_range);
  }

  std::string spec() const override {
    return fmt::format("duq:w={},gradient={}", bits_, gradient_ == RoundingGradient::ewgs ? "ewgs" : "ste");
  }

 private:
  int bits_;
  RoundingGradient gradient_;
  double steps_;
  at::Tensor range_, scale_;
};

class DuqActivation : public UniformActivation {
 public:
  DuqActivation(const ActivationOptions& options, CalibratedRange range) : UniformActivation("duq", options) {
    levels_ = static_cast<double>(std::max<std::int64_t>(1, codes().high));
    range_ = learned(start_scale(range) * levels_);
  }

  at::Tensor quantize(const at::Tensor& x) override { return fake_quantize(x, range_ / levels_, rule()); }
  learn::AffineRange affine() const override { return {(range_.detach() / levels_).item<float>(), 0}; }
  std::map<std::string, at::Tensor> tensors() override { return {{"range", range_}}; }

  void project() override {
    const c10::NoGradGuard no_grad;
    range_.clamp_min_(smallest_range);
  }

 private:
  at::Tensor range_;
  double levels_ = 1;
};

}  // namespace

MethodInfo duq_info() {
  return {"duq",
          "uniform, symmetric, trainable range and scale; 2 bits are ternary",
          "Park and Yoo 2020, PROFIT; Schaefer et al. 2023",
          {bits_parameter(2, 8), gradient_parameter()}};
}

MethodInfo duq_activation_info() {
  return {"duq", "uniform, trainable range", "Park and Yoo 2020, PROFIT", activation_parameters()};
}

std::shared_ptr<learn::ActivationQuantizer> make_duq_activation(const ActivationOptions& options,
                                                                CalibratedRange range) {
  return std::make_shared<DuqActivation>(options, range);
}

std::shared_ptr<learn::WeightQuantizer> make_duq(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Duq>(options, weight);
}

}  // namespace tern::compress
