// Regularization-based sparsity: gates that are zero or one.
#pragma once

#include "compress/prune/dynamics/gate.hpp"

namespace tern::compress {

MethodInfo bernoulli_info();

/// With a = logits and u uniform in (0, 1): gate = 1 where sigmoid(a + log u - log(1 - u)) > 1/2, which has
/// probability sigmoid(a); its gradient is that of the sigmoid (straight-through over the step). Evaluation:
/// 1 where a > 0. Logits start at a probability of 0.99. Source: the regularization-based sparsity of NNCF
/// (Intel), documented in its docs/compression_algorithms/Sparsity.md.
class BernoulliGate : public ProbabilityGate {
 public:
  explicit BernoulliGate(const at::Tensor& weight) : ProbabilityGate(weight, 0.99) {}

  std::string spec() const override { return "rb"; }
  at::Tensor open_probability() const override;
  at::Tensor draw(const at::Tensor& u) const override;
  at::Tensor expected() const override;
};

}  // namespace tern::compress
