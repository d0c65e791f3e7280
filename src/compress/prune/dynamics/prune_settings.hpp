// What a prune step asks for, and masks made accordingly.
//
// This folder is about when and how masks change while a network is trained: schedules at work,
// sparse-to-sparse training, dynamic masks and stochastic gates, each a Transform. What decides which weights
// go (criterion, scope, shape) lives one folder up.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compress/prune/criterion.hpp"
#include "compress/prune/scope.hpp"
#include "compress/prune/shape.hpp"
#include "compress/transform.hpp"

namespace tern::compress {

struct PruneSettings {
  double sparsity = 0.0;                    ///< [0, 1), of all selected weights together
  const ScopeRow* scope = nullptr;          ///< never null at work
  const CriterionRow* criterion = nullptr;  ///< never null at work
  MaskShape shape;
  /// Names of the weights to prune; empty: all.
  std::function<std::vector<std::string>(const learn::Model&)> select;

  // Options of single methods; their rows say which look at them, and the defaults.
  int iterations = 5;
  double rewind = 0.02;
  int interval = 100;     ///< steps between changes of masks
  double drop = 0.3;      ///< share of the kept weights exchanged at first
  double backward = 0.0;  ///< sparsity of the set that trains, at most `sparsity`
  double decay = 0.0;
};

std::vector<std::string> selected_weights(const learn::Model& model, const PruneSettings& settings);

/// Errors: ErrorKind::usage, place "plan": what scope, shape or sparsity refuse for these weights.
void check_settings(const learn::Model& model, const PruneSettings& settings);

/// Masks at `sparsity` by the settings' criterion. Masks only grow; with `regrow` they are made afresh from
/// the latents of all weights. Errors: as prune() and score_weights().
void prune_to(TransformContext& context, const PruneSettings& settings, double sparsity, bool regrow = false);

/// Says in context.notes how many zeros the masks make now.
void note_zeros(TransformContext& context, const PruneSettings& settings);

/// What all pruning transforms share.
class PruneTransform : public Transform {
 public:
  explicit PruneTransform(PruneSettings settings) : settings_(std::move(settings)) {}
  void check(const learn::Model& model) const override { check_settings(model, settings_); }

 protected:
  PruneSettings settings_;
};

/// A row of growth_table(), dynamic_mask_table() or gate_table().
struct SparseTrainingRow {
  MethodInfo info;
  std::unique_ptr<Transform> (*make)(const PruneSettings& settings);
};

}  // namespace tern::compress
