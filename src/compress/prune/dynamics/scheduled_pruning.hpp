// Pruning along a sparsity schedule, with any criterion, scope and shape.
#pragma once

#include <cstdint>
#include <memory>

#include "compress/prune/dynamics/prune_settings.hpp"
#include "compress/prune/sparsity_schedule.hpp"

namespace tern::compress {

/// Follows `schedule` through a phase of num_steps: at steps where its value rises, weights are pruned; where
/// it falls to zero, masks are released (weights go on from zero). Gradual schedules are followed every
/// num_steps / 64 steps and at the step that reaches the target. What a short phase has not reached is done
/// at its end; without training the end of the schedule is applied at once.
///
/// A schedule that rewinds keeps all parameters (norms, biases and statistics too) at step max(1, rewind *
/// num_steps) in Parameter::state["rewind"], and puts them back after each pruning, optimizer moments
/// cleared; masks stay. Trainable state of quantizers is not rewound.
///
/// With criterion `movement`, Parameter::state["movement"] gathers -latent * gradient after each backward.
/// Errors: ErrorKind::usage, place "plan", for `movement` with a schedule that prunes before it trains, and
/// for a rewind step after the first pruning.
class ScheduledPruning : public PruneTransform {
 public:
  ScheduledPruning(const SparsityScheduleRow& schedule, PruneSettings settings);

  bool is_due(std::int64_t step, std::int64_t num_steps) const override;
  void apply(TransformContext& context) override;
  bool watches_gradients() const override { return watches_movement_; }
  void after_backward(TransformContext& context) override;
  void finish(TransformContext& context) override;

 private:
  double sparsity_at(std::int64_t step, std::int64_t num_steps) const;
  std::int64_t rewind_step(std::int64_t num_steps) const;
  /// From sparsity `before` to `now`. Returns whether weights were pruned.
  bool change(TransformContext& context, double before, double now) const;

  const SparsityScheduleRow& schedule_;
  bool watches_movement_;
};

}  // namespace tern::compress
