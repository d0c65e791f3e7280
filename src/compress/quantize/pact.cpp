#include "compress/quantize/pact.hpp"

#include <algorithm>

#include "compress/quantize/uniform_activation.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class Pact : public UniformActivation {
 public:
  Pact(const ActivationOptions& options, CalibratedRange range) : UniformActivation("pact", options) {
    const double magnitude = std::max(-range.low, range.high);
    alpha_ = learned(magnitude > 0 ? magnitude : pact_first_alpha);
    levels_ = static_cast<double>(std::max<std::int64_t>(1, codes().high));
  }

  at::Tensor quantize(const at::Tensor& x) override {
    FakeQuantize rule = this->rule();
    rule.clip_only = true;
    return fake_quantize(x, alpha_ / levels_, rule);
  }

  learn::AffineRange affine() const override { return {(alpha_.detach() / levels_).item<float>(), 0}; }
  std::map<std::string, at::Tensor> tensors() override { return {{"alpha", alpha_}}; }
  at::Tensor penalty() override { return alpha_.square() * (pact_decay / 2); }

  void project() override {
    const c10::NoGradGuard no_grad;
    alpha_.clamp_min_(smallest_scale * levels_);
  }

 private:
  at::Tensor alpha_;
  double levels_ = 1;
};

}  // namespace

MethodInfo pact_info() {
  return {"pact", "uniform, trained clipping level with a penalty", "Choi et al. 2018, PACT", activation_parameters()};
}

std::shared_ptr<learn::ActivationQuantizer> make_pact(const ActivationOptions& options, CalibratedRange range) {
  return std::make_shared<Pact>(options, range);
}

}  // namespace tern::compress
