#include "compress/quantize/uniform_weight.hpp"

#include <utility>

#include "learn/torch.hpp"

namespace tern::compress {

UniformWeight::UniformWeight(std::string name, const QuantizerOptions& options, bool narrow)
    : name_(std::move(name)), options_(options),
      codes_(code_range(options.bits, true, options.narrow.value_or(narrow))) {}

at::Tensor UniformWeight::quantize(const at::Tensor& weight) {
  FakeQuantize rule;
  rule.low = static_cast<double>(codes_.low), rule.high = static_cast<double>(codes_.high);
  rule.gradient = options_.gradient;
  rule.scale_factor = scale_factor(weight);
  return fake_quantize(weight, scale_of(weight), rule);
}

learn::QuantizedWeight UniformWeight::integers(const at::Tensor& weight) const {
  const c10::NoGradGuard no_grad;
  const at::Tensor scale = scale_of(weight).detach();
  const at::Tensor rows = rows_of(weight, options_.granularity);
  const at::Tensor codes = (rows * scale.reshape({-1, 1}).reciprocal()).round_().clamp_(
      static_cast<double>(codes_.low), static_cast<double>(codes_.high));
  return {codes.reshape(weight.sizes()), scale, {}};
}

}  // namespace tern::compress
