// Learned codes as a quantizer that gives exactly them.
#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/soft_rounding.hpp"
#include "compress/quantize/quantizer.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// The granularity whose scales have this shape.
Granularity granularity_of(const at::Tensor& scale, const at::Tensor& weight) {
  if (scale.dim() == 0) return {};
  if (scale.dim() == 1) return {Granularity::Kind::channel, 0};
  return {Granularity::Kind::group, weight.numel() / scale.numel()};
}

}  // namespace

void freeze_codes(learn::Parameter& parameter, const at::Tensor& codes, const at::Tensor& scale) {
  const c10::NoGradGuard no_grad;
  QuantizerOptions options;
  options.bits = parameter.bits();
  options.granularity = granularity_of(scale, parameter.latent);
  const double lowest = -static_cast<double>(std::int64_t{1} << (options.bits - 1));
  if (codes.min().item<double>() > lowest) options.narrow = true;
  const auto quantizer = make_quantizer("lsq", options, parameter.masked());
  quantizer->tensors().at("scale").copy_(scale);
  keep_reference(parameter);
  parameter.quantizer = quantizer;
  parameter.latent.copy_(codes * broadcast_scale(scale, parameter.latent.sizes()));
  seal_reference(parameter);
}

}  // namespace tern::compress
