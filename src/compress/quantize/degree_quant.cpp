#include "compress/quantize/degree_quant.hpp"

#include <algorithm>
#include <cmath>

#include "compress/quantize/uniform_activation.hpp"
#include "learn/degree_protection.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double way_of_a_step = 0.1;

class DegreeQuant : public UniformActivation, public learn::DegreeProtected {
 public:
  DegreeQuant(const ActivationOptions& options, CalibratedRange range)
      : UniformActivation("degree-quant", options), is_wide_(options.bits >= 8), is_signed_(options.is_signed) {
    scale_ = at::full({}, start_scale(range), at::TensorOptions(at::kFloat));
  }

  at::Tensor quantize(const at::Tensor& x) override {
    follow(x.detach());
    return fake_quantize(x, scale_, rule());
  }
  learn::AffineRange affine() const override { return {scale_.item<float>(), 0}; }
  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}}; }
  learn::Protection protection() const override {
    return is_wide_ ? learn::Protection{0.0, 0.1} : learn::Protection{0.1, 0.2};
  }

 private:
  /// Moves the scale towards the range of `x` without its outermost values.
  void follow(const at::Tensor& x) {
    if (x.numel() == 0) return;
    const c10::NoGradGuard no_grad;
    const at::Tensor magnitude = (is_signed_ ? x.abs() : x.clamp_min(0)).flatten();
    const double clipped = (is_wide_ ? 0.001 : 0.01) * (is_signed_ ? 2 : 1);
    const auto beyond = static_cast<std::int64_t>(std::floor(clipped * static_cast<double>(magnitude.numel())));
    const double edge = std::get<0>(magnitude.kthvalue(magnitude.numel() - beyond)).item<double>();
    if (edge > 0) scale_.mul_(1 - way_of_a_step).add_(way_of_a_step * start_scale({is_signed_ ? -edge : 0, edge}));
  }

  bool is_wide_, is_signed_;
  at::Tensor scale_;
};

}  // namespace

MethodInfo degree_quant_info() {
  return {"degree-quant", "uniform on percentiles; nodes of high degree are protected in training", "Tailor et al. 2021, Degree-Quant",
          activation_parameters()};
}

std::shared_ptr<learn::ActivationQuantizer> make_degree_quant(const ActivationOptions& options, CalibratedRange range) {
  return std::make_shared<DegreeQuant>(options, range);
}

}  // namespace tern::compress
