// Operations without parameters that keep or merely rearrange their elements.
#include "base/seed.hpp"
#include "learn/ops/keep_mask.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

at::Tensor flatten(OpCall& call) {
  // Logical order is c, h, w: contiguous() leaves channels-last memory before the view.
  return call.src[0].contiguous().view({call.src[0].size(0), -1});
}

/// Also the identity with frozen_norms: what is differentiated then is the network in evaluation.
at::Tensor dropout(OpCall& call) {
  const net::OpContext context = call.context();
  const double p = context.real("p");
  const at::Tensor& src = call.src[0];
  if (!call.options.training || call.options.frozen_norms || p == 0.0) return src;
  const bool has_time = context.src[0].has_time;
  const bool shared = context.flag("per_sample") && has_time && call.num_steps > 1;
  auto sizes = src.sizes().vec();
  if (shared) sizes[0] /= call.num_steps;
  const at::Tensor keep = keep_factors(sizes, p, derive_seed(call.options.seed, call.node.name)).to(src.device());
  if (!shared) return src * keep;
  auto repeats = std::vector<std::int64_t>(sizes.size(), 1);
  repeats[0] = call.num_steps;
  return src * keep.repeat(repeats);
}

/// In place behind batch_norm and add, which keep no copy of what they return, where nobody else reads it.
at::Tensor relu(OpCall& call) {
  const net::Net& net = call.model.net();
  const net::Node& source = net.node(call.node.inputs[0]);
  const bool is_free = (source.op == "batch_norm" || source.op == "add") && net.readers(source.name).size() == 1;
  return is_free && !call.options.observer ? at::relu_(call.src[0]) : at::relu(call.src[0]);
}

}  // namespace tern::learn::ops
