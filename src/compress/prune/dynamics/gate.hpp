// The registry of weight gates: each weight has a trained probability of being there.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "compress/prune/dynamics/prune_settings.hpp"
#include "learn/weight_gate.hpp"

namespace tern::compress {

/// A gate with one logit for each weight. tensors(): {"log_alpha"}; the logit used is logit_gain times it, so
/// that one learning rate serves weights and gates.
class ProbabilityGate : public learn::WeightGate {
 public:
  static constexpr double logit_gain = 10.0;

  /// Each weight is there with probability about `probability`; larger weights a little more, to break ties.
  ProbabilityGate(const at::Tensor& weight, double probability);

  std::map<std::string, at::Tensor> tensors() override { return {{"log_alpha", scaled_logit_}}; }
  at::Tensor apply(const at::Tensor& weight, bool training, std::uint64_t seed) override;

  /// Differentiable, in the weight's shape.
  at::Tensor logits() const;
  /// Probability that each gate is not zero; differentiable.
  virtual at::Tensor open_probability() const = 0;
  /// Gates for uniform draws `u` in (0, 1); differentiable with respect to logits.
  virtual at::Tensor draw(const at::Tensor& u) const = 0;
  /// Gates of evaluation.
  virtual at::Tensor expected() const = 0;

 private:
  at::Tensor scaled_logit_;
};

struct GateRow {
  MethodInfo info;
  std::shared_ptr<ProbabilityGate> (*make)(const at::Tensor& weight);
};

/// l0 (hard_concrete_gate.hpp), rb (bernoulli_gate.hpp); spec() is the name.
const std::vector<GateRow>& gate_table();
/// Errors: ErrorKind::usage with the nearest known name.
const GateRow& find_gate(std::string_view name);

/// The inverse of WeightGate::spec(), without the tensors; used when a checkpoint is read.
std::shared_ptr<learn::WeightGate> make_gate_from_spec(std::string_view spec, const at::Tensor& weight);

}  // namespace tern::compress
