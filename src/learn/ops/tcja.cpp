// Temporal-channel joint attention (Zhu et al. 2022).
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

/// src [n, channels, length], weight [channels, channels, k] -> the same length: (k-1)/2 zeros before, the rest after.
at::Tensor conv1d_same(const at::Tensor& src, const at::Tensor& weight) {
  const std::int64_t total = weight.size(2) - 1, before = total / 2;
  return at::conv1d(at::constant_pad_nd(src, {before, total - before}), weight);
}

/// The effective value in training; scale * integers otherwise, as the engine stores it.
at::Tensor weight_of(OpCall& call, std::string_view name) {
  const Parameter& parameter = call.model.parameter(call.node.name, name);
  if (call.options.training || !parameter.quantizer)
    return parameter.effective(call.options.training, call.options.seed);
  return parameter.stored();
}

}  // namespace

at::Tensor tcja(OpCall& call) {
  const at::Tensor& src = call.src[0];
  const std::int64_t steps = call.num_steps, n = src.size(0) / steps, channels = src.size(1);
  const at::Tensor mean = src.mean(at::IntArrayRef{2, 3}).view({steps, n, channels});
  const at::Tensor over_channels = conv1d_same(mean.permute({1, 0, 2}), weight_of(call, "time_weight"));
  const at::Tensor over_time = conv1d_same(mean.permute({1, 2, 0}), weight_of(call, "channel_weight"));
  const at::Tensor gate = at::sigmoid(over_channels * over_time.permute({0, 2, 1}));  // [n, steps, channels]
  return src * gate.permute({1, 0, 2}).reshape({steps * n, channels, 1, 1});
}

}  // namespace tern::learn::ops
