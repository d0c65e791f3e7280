// conv2d and linear.
#include "base/error.hpp"
#include "learn/autograd/conv_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

at::Tensor run_conv(const net::OpContext& context, const at::Tensor& src, const at::Tensor& weight, bool training) {
  const auto [sh, sw] = context.pair("stride");
  const auto [ph, pw] = context.pair("padding");
  const auto [dh, dw] = context.pair("dilation");
  const ConvGeometry geometry{{sh, sw}, {ph, pw}, {dh, dw}, context.integer("groups")};
  return training ? conv2d_lean(src, weight, geometry) : conv2d_plain(src, weight, geometry);
}

/// kernel(weight) in training; scale * kernel(codes) in evaluation, so that sums of integers stay exact.
template <typename Kernel>
at::Tensor apply(OpCall& call, Kernel kernel) {
  const Parameter& weight = call.model.parameter(call.node.name, "weight");
  at::Tensor dst;
  if (call.options.training || !weight.quantizer) {
    dst = kernel(weight.effective());
  } else {
    const QuantizedWeight integers = weight.integers();
    dst = kernel(integers.codes).mul_(integers.scale);
  }
  if (!call.context().flag("bias")) return dst;
  const at::Tensor bias = call.model.parameter(call.node.name, "bias").effective();
  return dst + (dst.dim() == 4 ? bias.view({1, -1, 1, 1}) : bias);
}

}  // namespace

at::Tensor conv2d(OpCall& call) {
  const net::OpContext context = call.context();
  return apply(call, [&](const at::Tensor& weight) {
    return run_conv(context, call.src[0], weight, call.options.training);
  });
}

at::Tensor linear(OpCall& call) {
  return apply(call, [&](const at::Tensor& weight) { return at::linear(call.src[0], weight); });
}

}  // namespace tern::learn::ops
