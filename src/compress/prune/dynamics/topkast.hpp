// Top-KAST: a sparse forward pass, a less sparse backward pass.
#pragma once

#include <memory>

#include "compress/prune/dynamics/prune_settings.hpp"

namespace tern::compress {

MethodInfo topkast_info();

/// Forward weights A are the largest latents at the sparsity asked, trained weights B
/// (Parameter::backward_mask) the largest at `backward` (0: half way to dense). Both are chosen anew every
/// `interval` steps; latents outside B keep their values in Parameter::state["outside"] and may come back.
/// penalty(), the paper's exploration term with squares:
///   decay / 2 * (sum over A of w^2 + 1/(1 - sparsity) * sum over B without A of w^2).
/// At the end of the phase A stays as the mask, all else is zero.
/// Source: Jayakumar et al. 2020, Top-KAST: Top-K Always Sparse Training. Any scope and shape.
/// Errors: ErrorKind::usage, place "plan", for a backward sparsity above the sparsity asked.
class TopKast : public PruneTransform {
 public:
  explicit TopKast(PruneSettings settings);

  bool is_due(std::int64_t step, std::int64_t num_steps) const override;
  void apply(TransformContext& context) override;
  at::Tensor penalty(learn::Model& model) override;
  void finish(TransformContext& context) override;
};

std::unique_ptr<Transform> make_topkast(const PruneSettings& settings);

}  // namespace tern::compress
