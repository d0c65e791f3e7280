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
  return dst * (scale.dim() == 1 && dst.dim() == 4 ? scale.view({1, -1, 1, 1}) : scale);
}

/// kernel(src, weight) in training and for floats. In evaluation kernel(integers of src, codes) * (weight scale * src
/// scale), so that sums of integers stay exact.
template <typename Kernel>
at::Tensor apply(OpCall& call, Kernel kernel) {
  const Parameter& weight = call.model.parameter(call.node.name, "weight");
  at::Tensor dst;
  if (call.options.training || !weight.quantizer) {
    dst = kernel(call.src[0], weight.effective(call.options.training, derive_seed(call.options.seed, call.node.name)));
  } else {
    const QuantizedWeight integers = weight.integers();
    if (!integers.uniform() || integers.scale.dim() > 1) {
      dst = kernel(call.src[0], integers.values(weight.latent.sizes()));
    } else if (const net::Node* source = net::quantized_source(call.model.net(), call.node.inputs[0])) {
      const float scale = call.model.affine_range(*source).scale;
      dst = scaled(kernel((call.src[0] * (1.0F / scale)).round_(), integers.codes), integers.scale * scale);
    } else {
      dst = scaled(kernel(call.src[0], integers.codes), integers.scale);
    }
  }
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
