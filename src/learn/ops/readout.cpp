// From spikes to class scores.
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

at::Tensor mean_time(OpCall& call) {
  auto sizes = call.src[0].sizes().vec();
  sizes[0] /= call.num_steps;
  sizes.insert(sizes.begin(), call.num_steps);
  return call.src[0].reshape(sizes).sum(0).div(static_cast<double>(call.num_steps));
}

at::Tensor vote(OpCall& call) {
  const std::int64_t group = call.context().integer("group");
  const auto scores = call.src[0].view({call.src[0].size(0), -1, group});
  return scores.sum(2).div(static_cast<double>(group));
}

}  // namespace tern::learn::ops
