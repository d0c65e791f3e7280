// Activation quantization; net/ops/quantize.cpp says what it computes.
#include <algorithm>

#include "base/seed.hpp"
#include "graph/statistics.hpp"
#include "learn/degree_protection.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"
#include "net/quantized_source.hpp"

namespace tern::learn::ops {
namespace {

/// Rows of nodes that keep full precision in this step (Tailor et al. 2021, Degree-Quant); undefined: none.
at::Tensor protected_rows(const OpCall& call, const Protection& protection) {
  if (!call.options.graph || call.options.graph->graph.is_dense()) return {};
  const std::vector<float> ranks = graph::degree_ranks(call.options.graph->graph.sparse->graph());
  if (call.src[0].size(0) != static_cast<std::int64_t>(ranks.size())) return {};
  const at::Tensor rank = at::empty({call.src[0].size(0)});
  std::copy(ranks.begin(), ranks.end(), rank.data_ptr<float>());
  at::Generator generator = make_generator(derive_seed(call.options.seed, call.node.name + "/protect"));
  return at::rand({call.src[0].size(0)}, generator).lt(rank * (protection.high - protection.low) + protection.low);
}

at::Tensor train(const OpCall& call, ActivationQuantizer& quantizer) {
  const at::Tensor& x = call.src[0];
  const auto* protecting = dynamic_cast<const DegreeProtected*>(&quantizer);
  const at::Tensor kept = protecting ? protected_rows(call, protecting->protection()) : at::Tensor();
  if (!kept.defined() || !kept.any().item<bool>()) return quantizer.quantize(x);
  const at::Tensor rows = kept.logical_not().nonzero().squeeze(1);
  if (rows.numel() == 0) return x;
  return x.index_copy(0, rows, quantizer.quantize(x.index_select(0, rows)));
}

}  // namespace

at::Tensor quantize(OpCall& call) {
  const auto& quantizers = call.model.activation_quantizers();
  const auto found = quantizers.find(call.node.name);
  if (call.options.training && found != quantizers.end() && found->second) return train(call, *found->second);
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
