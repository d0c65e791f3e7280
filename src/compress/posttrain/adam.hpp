// Adam for the small problems that post-training methods solve.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// x <- x - lr * m^ / (sqrt(v^) + 1e-8), m and v with decays 0.9 and 0.999, corrected for their start at zero.
/// Source: Kingma and Ba 2015, Adam.
class Adam {
 public:
  /// `leaves` are changed in place; each has its own rate.
  Adam(std::vector<at::Tensor> leaves, std::vector<double> rates);
  /// `gradients` in the order of the leaves; an undefined one leaves its leaf alone. `factor` multiplies the rates.
  void step(const std::vector<at::Tensor>& gradients, double factor = 1.0);

 private:
  std::vector<at::Tensor> leaves_, first_, second_;
  std::vector<double> rates_;
  int count_ = 0;
};

}  // namespace tern::compress
