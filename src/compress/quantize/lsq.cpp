#include "compress/quantize/lsq.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compress/quantize/uniform_activation.hpp"
#include "compress/quantize/uniform_weight.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// A step at the time of the last forward pass, to which project() compares.
class BoundedStep {
 public:
  void remember(const at::Tensor& scale) { before_ = scale.detach().clone(); }

  void bound(at::Tensor& scale) const {
    const c10::NoGradGuard no_grad;
    if (before_.defined()) {
      const at::Tensor low = before_ * (1 - largest_step_change), high = before_ * (1 + largest_step_change);
      scale.copy_(at::maximum(at::minimum(scale, high), low));
    }
    scale.clamp_min_(smallest_scale);
  }

 private:
  at::Tensor before_;
};

class LsqWeight : public UniformWeight {
 public:
  LsqWeight(std::string name, const QuantizerOptions& options, const at::Tensor& weight)
      : UniformWeight(std::move(name), options, false) {
    const at::Tensor magnitude = rows_of(weight, options.granularity).abs();
    const at::Tensor mean = magnitude.sum(1) / magnitude.ne(0).sum(1).clamp_min(1);
    const auto top = static_cast<double>(codes().high);
    const at::Tensor start = at::minimum(2 * mean / std::sqrt(top), magnitude.amax(1) / top);
    scale_ = floor_scale(start).reshape(scale_shape(options.granularity, weight.sizes())).contiguous();
    scale_.set_requires_grad(true);
  }

  at::Tensor quantize(const at::Tensor& weight) override {
    bound_.remember(scale_);
    return UniformWeight::quantize(weight);
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}}; }
  void project() override { bound_.bound(scale_); }

 protected:
  at::Tensor scale_of(const at::Tensor&) const override { return scale_; }

  double scale_factor(const at::Tensor& weight) const override {
    const double shared = static_cast<double>(weight.numel()) / static_cast<double>(scale_.numel());
    return 1 / std::sqrt(shared * static_cast<double>(codes().high));
  }

 private:
  at::Tensor scale_;
  BoundedStep bound_;
};

class LsqActivation : public UniformActivation {
 public:
  LsqActivation(const ActivationOptions& options, CalibratedRange range) : UniformActivation("lsq", options) {
    scale_ = learned(start_scale(range));
  }

  at::Tensor quantize(const at::Tensor& x) override {
    bound_.remember(scale_);
    FakeQuantize rule = this->rule();
    rule.scale_factor = step_gradient_scale(x);
    return fake_quantize(x, scale_, rule);
  }

  learn::AffineRange affine() const override { return {scale_.item<float>(), 0}; }
  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}}; }
  void project() override { bound_.bound(scale_); }

 private:
  at::Tensor scale_;
  BoundedStep bound_;
};

class LsqPlusActivation : public UniformActivation {
 public:
  LsqPlusActivation(const ActivationOptions& options, CalibratedRange range) : UniformActivation("lsq+", options) {
    const double low = std::min(0.0, range.low);
    const double high = range.low < 0 || range.high > 0 ? std::max(0.0, range.high) : 1;  // 1 where nothing was seen
    scale_ = learned(std::max(smallest_scale, (high - low) / static_cast<double>(codes().high - codes().low)));
    offset_ = learned(low);
  }

  at::Tensor quantize(const at::Tensor& x) override {
    bound_.remember(scale_);
    FakeQuantize rule = this->rule();
    rule.zero_point = static_cast<double>(affine().zero_point);
    rule.scale_factor = step_gradient_scale(x);
    return fake_quantize(x, scale_, rule, offset_);
  }

  learn::AffineRange affine() const override {
    const float scale = scale_.item<float>();
    const auto zero = std::llround(static_cast<double>(codes().low) - offset_.item<float>() / scale);
    return {scale, std::clamp<std::int64_t>(zero, codes().low, codes().high)};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}, {"offset", offset_}}; }

  void project() override { bound_.bound(scale_); }

 private:
  at::Tensor scale_, offset_;
  BoundedStep bound_;
};

const char* const lsq_source = "Esser et al. 2020, LSQ";
const char* const lsq_plus_source = "Bhalgat et al. 2020, LSQ+";

}  // namespace

MethodInfo lsq_info() {
  return {"lsq", "uniform, trained step size", lsq_source,
          {bits_parameter(2, 16), gradient_parameter(), granularity_parameter(),
           {"narrow", "bool", "false", "", "without the smallest code, -2^(w-1)"}}};
}

MethodInfo lsq_plus_info() {
  return {"lsq+", "as lsq; the difference is in the activations", lsq_plus_source, lsq_info().parameters};
}

std::shared_ptr<learn::WeightQuantizer> make_lsq(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<LsqWeight>("lsq", options, weight);
}

std::shared_ptr<learn::WeightQuantizer> make_lsq_plus(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<LsqWeight>("lsq+", options, weight);
}

MethodInfo lsq_activation_info() {
  return {"lsq", "uniform, trained step size", lsq_source, activation_parameters()};
}

MethodInfo lsq_plus_activation_info() {
  return {"lsq+", "uniform, trained step size and offset", lsq_plus_source, activation_parameters()};
}

std::shared_ptr<learn::ActivationQuantizer> make_lsq_activation(const ActivationOptions& options,
                                                                CalibratedRange range) {
  return std::make_shared<LsqActivation>(options, range);
}

std::shared_ptr<learn::ActivationQuantizer> make_lsq_plus_activation(const ActivationOptions& options,
                                                                     CalibratedRange range) {
  return std::make_shared<LsqPlusActivation>(options, range);
}

}  // namespace tern::compress
