#include "compress/quantize/extreme/ttq.hpp"

#include "compress/quantize/extreme/named_quantizer.hpp"
#include "compress/quantize/extreme/straight_through.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double threshold_factor = 0.05;

class Ttq : public NamedQuantizer {
 public:
  Ttq(const QuantizerOptions& options, const at::Tensor& weight) : NamedQuantizer("ttq", options) {
    const c10::NoGradGuard no_grad;
    const at::Tensor t = ternary(weight), fallback = weight.abs().max().clamp_min(smallest_scale);
    const auto mean = [&](const at::Tensor& members) {
      const at::Tensor sum = (weight.abs() * members).sum();
      return at::where(sum.gt(0), sum / members.sum().clamp_min(1), fallback).to(at::kFloat).clone();
    };
    positive_ = mean(t.gt(0)).set_requires_grad(true);
    negative_ = mean(t.lt(0)).set_requires_grad(true);
  }

  at::Tensor quantize(const at::Tensor& weight) override {
    const at::Tensor t = ternary(weight), above = t.gt(0).to(at::kFloat), below = t.lt(0).to(at::kFloat);
    const at::Tensor value = positive_ * above - negative_ * below;
    const at::Tensor factor = value.detach().abs() + t.eq(0);
    return value + straight_through(weight, at::zeros_like(value), factor);
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {ternary(weight) + 1, at::ones({}), at::stack({-negative_, at::zeros({}), positive_}).detach()};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"positive", positive_}, {"negative", negative_}}; }

  void project() override {
    const c10::NoGradGuard no_grad;
    positive_.clamp_min_(smallest_scale);
    negative_.clamp_min_(smallest_scale);
  }

 private:
  static at::Tensor ternary(const at::Tensor& weight) {
    const c10::NoGradGuard no_grad;
    const at::Tensor magnitude = weight.abs();
    return weight.sign().mul_(magnitude.gt(magnitude.max() * threshold_factor));
  }

  at::Tensor positive_, negative_;
};

}  // namespace

MethodInfo ttq_info() {
  return {"ttq", "ternary, with a trained value for each sign", "Zhu et al. 2017, Trained Ternary Quantization",
          {bits_parameter(2, 2)}};
}

std::shared_ptr<learn::WeightQuantizer> make_ttq(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Ttq>(options, weight);
}

}  // namespace tern::compress
