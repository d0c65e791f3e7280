// Masks that are chosen anew while dense latents train behind them.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "compress/prune/dynamics/prune_settings.hpp"

namespace tern::compress {

/// The registry. In both, gradients at the masked weights are applied to the dense latents
/// (Parameter::backward_mask is all ones), masks keep the best latents by the criterion, and at the end of
/// the phase the last mask stays.
///
/// dpf: masks every 16 steps, with sparsity growing as the schedule `cubic`. Lin et al. 2020, Dynamic Model
/// Pruning with
///   Feedback.
/// srste: masks at every step, sparsity as asked from the start; masked latents decay, penalty()
///   decay / 2 * sum over masked of w^2, so that their gradient is g + decay (1 - M) w. For N:M sparsity:
///   Zhou et al. 2021, Learning N:M Fine-grained Structured Sparse Neural Networks From Scratch, eq. 8.
const std::vector<SparseTrainingRow>& dynamic_mask_table();

class DynamicMasks : public PruneTransform {
 public:
  /// `grows`: sparsity follows `cubic`; else it is there from the start.
  DynamicMasks(PruneSettings settings, bool grows) : PruneTransform(std::move(settings)), grows_(grows) {}

  bool is_due(std::int64_t step, std::int64_t num_steps) const override;
  void apply(TransformContext& context) override;
  at::Tensor penalty(learn::Model& model) override;
  void finish(TransformContext& context) override;

 private:
  double sparsity_at(std::int64_t step, std::int64_t num_steps) const;

  bool grows_;
};

}  // namespace tern::compress
