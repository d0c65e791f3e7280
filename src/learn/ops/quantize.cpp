// Activation quantization; net/ops/quantize.cpp says what it computes.
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"
#include "net/quantized_source.hpp"

namespace tern::learn::ops {

at::Tensor quantize(OpCall& call) {
  const auto& quantizers = call.model.activation_quantizers();
  const auto found = quantizers.find(call.node.name);
  if (call.options.training && found != quantizers.end() && found->second) return found->second->quantize(call.src[0]);
  const AffineRange range = call.model.affine_range(call.node);
  const auto [low, high] = net::code_range(call.model.net(), call.node);
  const float inverse = 1.0F / range.scale;
  const auto zero = static_cast<double>(range.zero_point);
  at::Tensor code = (call.src[0].detach() * inverse).round_();
  code.clamp_(static_cast<double>(low) - zero, static_cast<double>(high) - zero).mul_(range.scale);
  if (!call.options.training || !call.src[0].requires_grad()) return code;
  // Straight-through inside the range, for a calibrated node that nothing trains.
  const at::Tensor inside = call.src[0].clamp((static_cast<double>(low) - zero) * range.scale,
                                              (static_cast<double>(high) - zero) * range.scale);
  return inside + (code - inside).detach();
}

}  // namespace tern::learn::ops
