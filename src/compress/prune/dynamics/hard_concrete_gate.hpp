// L0 regularization by hard concrete gates.
#pragma once

#include "compress/prune/dynamics/gate.hpp"

namespace tern::compress {

MethodInfo hard_concrete_info();

/// With a = logits, u uniform in (0, 1), beta = 2/3, gamma = -0.1, zeta = 1.1:
///   s = sigmoid((log u - log(1 - u) + a) / beta),  gate = clip(s (zeta - gamma) + gamma, 0, 1)
///   open_probability = sigmoid(a - beta log(-gamma / zeta)),  expected = clip(sigmoid(a) (zeta - gamma) +
///   gamma, 0, 1)
/// Logits start at a probability of 0.9.
/// Source: Louizos et al. 2018, Learning Sparse Neural Networks through L0 Regularization, eqs. 10-13. Where
/// we differ: initial logits differ by magnitudes instead of by noise.
class HardConcreteGate : public ProbabilityGate {
 public:
  static constexpr double beta = 2.0 / 3.0, gamma = -0.1, zeta = 1.1;

  explicit HardConcreteGate(const at::Tensor& weight) : ProbabilityGate(weight, 0.9) {}

  std::string spec() const override { return "l0"; }
  at::Tensor open_probability() const override;
  at::Tensor draw(const at::Tensor& u) const override;
  at::Tensor expected() const override;
};

}  // namespace tern::compress
