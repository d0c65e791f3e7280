// conv2d and linear.
#include "base/seed.hpp"
#include "learn/autograd/conv_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"
#include "net/quantized_source.hpp"

namespace tern::learn::ops {
namespace {

at::Tensor run_conv(const net::OpContext& context, const at::Tensor& src, const at::Tensor& weight, bool training) {
  const auto [sh, sw] = context.pair("stride");
  const auto [ph, pw] = context.pair("padding");
  const auto [dh, dw] = context.pair("dilation");
  const ConvGeometry geometry{{sh, sw}, {ph, pw}, {dh, dw}, context.integer("groups")};
  return training ? conv2d_lean(src, weight, geometry) : conv2d_plain(src, weight, geometry);
}

/// One factor, or one for each output channel along dimension 1 of `dst`.
at::Tensor scaled(const at::Tensor& dst, const at::Tensor& scale) {
  return dst * (dst.dim() == 4 ? scale.reshape({1, -1, 1, 1}) : scale.reshape({1, -1}));
}

/// kernel(integers, codes), exactly: in double where float could not hold the sums.
template <typename Kernel>
at::Tensor sum_integers(const Kernel& kernel, const at::Tensor& src, const at::Tensor& codes, double largest_source) {
  const double absolute = codes.abs().flatten(1).sum(1, false, at::kDouble).max().item<double>();
  if (net::fits_float(absolute, largest_source)) return kernel(src, codes);
  return kernel(src.to(at::kDouble), codes.to(at::kDouble)).to(at::kFloat);
}

/// Evaluation of a quantized weight: kernel(integers of src, codes) * (weight scale * src scale), so that sums of integers
/// stay exact. Groups and codebooks have no integers: their values are floats.
template <typename Kernel>
at::Tensor apply_quantized(OpCall& call, const Kernel& kernel, const Parameter& weight) {
  const QuantizedWeight integers = weight.integers();
  if (!integers.uniform() || weight.bits() > 16 || integers.scale.numel() > weight.latent.size(0))
    return kernel(call.src[0], integers.values(weight.latent.sizes()));
  const net::Node* source = net::quantized_source(call.model.net(), call.node.inputs[0]);
  if (source == nullptr) return scaled(sum_integers(kernel, call.src[0], integers.codes, 1), integers.scale);
  const AffineRange range = call.model.affine_range(*source);
  const double largest = net::largest_integer(call.model.net(), *source, static_cast<double>(range.zero_point));
  const at::Tensor src = (call.src[0] * (1.0F / range.scale)).round_();
  return scaled(sum_integers(kernel, src, integers.codes, largest), integers.scale * range.scale);
}

/// kernel(src, weight) in training and for floats, plus the bias.
template <typename Kernel>
at::Tensor apply(OpCall& call, const Kernel& kernel) {
  const Parameter& weight = call.model.parameter(call.node.name, "weight");
  const at::Tensor dst =
      call.options.training || !weight.quantizer
          ? kernel(call.src[0], weight.effective(call.options.training, derive_seed(call.options.seed, call.node.name)))
          : apply_quantized(call, kernel, weight);
  if (!call.context().flag("bias")) return dst;
  const at::Tensor bias = call.model.parameter(call.node.name, "bias").effective();
  return dst + (dst.dim() == 4 ? bias.view({1, -1, 1, 1}) : bias);
}

}  // namespace

at::Tensor conv2d(OpCall& call) {
  const net::OpContext context = call.context();
  return apply(call, [&](const at::Tensor& src, const at::Tensor& weight) {
    return run_conv(context, src, weight, call.options.training);
  });
}

at::Tensor linear(OpCall& call) {
  return apply(call, [](const at::Tensor& src, const at::Tensor& weight) { return at::linear(src, weight); });
}

}  // namespace tern::learn::ops
