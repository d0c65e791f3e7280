// A trainable, possibly random factor on a weight while it is being trained: hard concrete gates and their like.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace tern::learn {

class WeightGate {
 public:
  virtual ~WeightGate() = default;
  /// Gated weight, differentiable. `training`: a random draw of `seed`; otherwise the deterministic value.
  virtual at::Tensor apply(const at::Tensor& weight, bool training, std::uint64_t seed) = 0;
  virtual std::map<std::string, at::Tensor> tensors() = 0;
  virtual at::Tensor penalty() { return {}; }
  /// "l0:...": rebuilt by make_gate_from_spec() of `compress`.
  virtual std::string spec() const = 0;
};

}  // namespace tern::learn
