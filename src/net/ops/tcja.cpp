#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_tcja(const OpContext& context) {
  const TensorType& src = context.src[0];
  if (!src.has_time || src.shape.size() != 3)
    context.refuse("expected input [T, N, c, h, w], got {}", to_string(src));
  if (context.num_steps < 1) context.refuse("its kernel spans time: the Net must state num_steps");
  return src;
}

std::vector<ParameterSpec> tcja_parameters(const OpContext& context) {
  const std::int64_t steps = context.num_steps, channels = context.src[0].shape[0], kernel = context.integer("kernel");
  return {{"time_weight", {steps, steps, kernel}, ParameterRole::weight},
          {"channel_weight", {channels, channels, kernel}, ParameterRole::weight}};
}

Work tcja_work(const OpContext& context, const TensorType&) {
  // A whole sample costs T*T*k*C for the first kernel and C*C*k*T for the second; this is one step's share.
  const std::int64_t channels = context.src[0].shape[0], kernel = context.integer("kernel");
  return {.macs = kernel * channels * (context.num_steps + channels)};
}

}  // namespace

const OpSpec tcja{
    .info = {"tcja",
             "temporal-channel joint attention: m = spatial mean [T, c]; A = conv1d over c mixing steps; B = conv1d over "
             "t mixing channels; dst = src * sigmoid(A * B)",
             "Zhu et al. 2022, TCJA-SNN: Temporal-Channel Joint Attention for Spiking Neural Networks",
             {{"kernel", "int", "4", "> 0", "extent of both one-dimensional kernels, padded to keep the length"}}},
    .is_temporal = true,
    .infer = infer_tcja,
    .parameters = tcja_parameters,
    .work = tcja_work,
};

}  // namespace tern::net::ops
