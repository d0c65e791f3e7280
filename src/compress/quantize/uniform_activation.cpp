#include "compress/quantize/uniform_activation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "learn/torch.hpp"

namespace tern::compress {

UniformActivation::UniformActivation(std::string name, const ActivationOptions& options)
    : name_(std::move(name)), options_(options), codes_(code_range(options.bits, options.is_signed, false)) {}

FakeQuantize UniformActivation::rule() const {
  FakeQuantize rule;
  rule.low = static_cast<double>(codes_.low), rule.high = static_cast<double>(codes_.high);
  rule.gradient = options_.gradient;
  return rule;
}

double UniformActivation::start_scale(CalibratedRange range) const {
  const double magnitude = std::max(-range.low, range.high);
  if (magnitude == 0) return 1;
  return std::max(smallest_scale, magnitude / static_cast<double>(std::max<std::int64_t>(1, codes_.high)));
}

double UniformActivation::step_gradient_scale(const at::Tensor& x) const {
  const double elements = static_cast<double>(x.numel()) / static_cast<double>(std::max<std::int64_t>(1, x.size(0)));
  return 1 / std::sqrt(elements * static_cast<double>(std::max<std::int64_t>(1, codes_.high)));
}

at::Tensor UniformActivation::learned(double value) {
  return at::full({}, value, at::TensorOptions(at::kFloat)).set_requires_grad(true);
}

}  // namespace tern::compress
