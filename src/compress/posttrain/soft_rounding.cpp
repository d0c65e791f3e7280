#include "compress/posttrain/soft_rounding.hpp"

#include <algorithm>
#include <cmath>

#include "learn/torch.hpp"

namespace tern::compress {

at::Tensor broadcast_scale(const at::Tensor& scale, at::IntArrayRef sizes) {
  if (scale.dim() == 0) return scale;
  if (scale.dim() == 1) {
    std::vector<std::int64_t> shape(sizes.size(), 1);
    shape[0] = scale.size(0);
    return scale.view(shape);
  }
  std::int64_t count = 1;
  for (const auto size : sizes) count *= size;
  return scale.reshape({-1, 1}).expand({scale.numel(), count / scale.numel()}).reshape(sizes);
}

bool has_grid(const learn::Parameter& parameter) {
  return parameter.quantizer && parameter.bits() >= 2 && parameter.bits() <= 16 && parameter.integers().uniform();
}

WeightGrid weight_grid(const learn::Parameter& parameter) {
  const learn::QuantizedWeight integers = parameter.integers();
  const double most = static_cast<double>((std::int64_t{1} << (parameter.bits() - 1)) - 1);
  const double lowest = integers.codes.min().item<double>();
  return {broadcast_scale(integers.scale.detach(), parameter.latent.sizes()),
          integers.scale.detach(),
          std::min(-most, lowest),
          most,
          parameter.mask,
          integers.codes.reshape(parameter.latent.sizes()).contiguous()};
}

SoftRounding::SoftRounding(const at::Tensor& weight, const WeightGrid& grid) : grid_(grid) {
  const c10::NoGradGuard no_grad;
  const at::Tensor steps = (weight / grid.scale).clamp_(grid.low, grid.high);
  floor_ = steps.floor();
  const at::Tensor share = (steps - floor_ + 0.1) / 1.2;
  variable_ = share.div(1 - share).log_().contiguous().set_requires_grad(true);
}

at::Tensor SoftRounding::up() const { return at::sigmoid(variable_).mul(1.2).sub(0.1).clamp(0, 1); }

at::Tensor SoftRounding::soft_values() const {
  const at::Tensor values = (floor_ + up()).clamp(grid_.low, grid_.high) * grid_.scale;
  return grid_.mask.defined() ? values * grid_.mask : values;
}

at::Tensor SoftRounding::hard_codes() const {
  const c10::NoGradGuard no_grad;
  const at::Tensor codes = (floor_ + variable_.ge(0).to(at::kFloat)).clamp_(grid_.low, grid_.high);
  return grid_.mask.defined() ? codes * grid_.mask : codes;
}

at::Tensor SoftRounding::other_codes(const at::Tensor& codes) const {
  const at::Tensor other = (2 * floor_ + 1 - codes).clamp_(grid_.low, grid_.high);
  return grid_.mask.defined() ? other * grid_.mask : other;
}

at::Tensor SoftRounding::regulariser(double beta) const {
  return (1 - (2 * up() - 1).abs().clamp_min(1e-6).pow(beta)).sum();
}

double RoundingSchedule::beta(double progress) {
  const double share = std::clamp((progress - warm_up) / (1 - warm_up), 0.0, 1.0);
  return beta_end + 0.5 * (beta_start - beta_end) * (1 + std::cos(share * 3.14159265358979323846));
}

}  // namespace tern::compress
