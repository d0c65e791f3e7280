#include "compress/prune/dynamics/bernoulli_gate.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

MethodInfo bernoulli_info() {
  return {"rb",
          "weights train with the probability that they are there, drawn as zero or one",
          "NNCF, RB sparsity",
          {}};
}

at::Tensor BernoulliGate::open_probability() const {
  return at::sigmoid(logits());
}

at::Tensor BernoulliGate::draw(const at::Tensor& u) const {
  const at::Tensor soft = at::sigmoid(at::log(u) - at::log1p(-u) + logits());
  return soft + (soft.detach().gt(0.5).to(at::kFloat) - soft.detach());
}

at::Tensor BernoulliGate::expected() const {
  return logits().detach().gt(0).to(at::kFloat);
}

}  // namespace tern::compress
