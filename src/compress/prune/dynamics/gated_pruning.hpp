// Pruning by trained gates.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "compress/prune/dynamics/prune_settings.hpp"

namespace tern::compress {

/// Gives each selected weight a gate at the start and adds, for the density asked at the moment,
///   penalty() = ((mean open_probability - density) / tolerance)^2
/// over all layers together with scope global, else the mean of the layers' own. The density falls along
/// `cubic` over three fifths of the phase; it is kept in Parameter::state["gate_density"]. After three
/// quarters the gates become masks of exactly the sparsity asked, highest logits kept, weights are multiplied
/// by their gates, and training goes on without. Without training there is nothing to learn from: prunes by
/// the criterion. The penalty has the form of NNCF's RB sparsity, whose tolerance is 0.05: over a thousand
/// steps of Adam that drowns the loss, and all gates fall alike. Louizos et al. weigh the expected number of
/// weights by a constant, which gives some sparsity or other.
class GatedPruning : public PruneTransform {
 public:
  static constexpr double tolerance = 0.2;  ///< of density

  /// `gate`: a row of gate_table(). Errors: ErrorKind::usage for an unknown one.
  GatedPruning(PruneSettings settings, std::string gate);

  bool is_due(std::int64_t step, std::int64_t num_steps) const override;
  void apply(TransformContext& context) override;
  at::Tensor penalty(learn::Model& model) override;
  void finish(TransformContext& context) override;

 private:
  void attach(learn::Model& model) const;
  void set_densities(TransformContext& context) const;
  /// Returns whether there were gates.
  bool gates_to_masks(TransformContext& context) const;

  std::string gate_;
};

/// A row for each gate.
const std::vector<SparseTrainingRow>& gated_pruning_table();

}  // namespace tern::compress
