// From scores to masks.
#pragma once

#include <string>
#include <vector>

#include "compress/prune/criterion.hpp"
#include "compress/prune/scope.hpp"
#include "compress/prune/shape.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// Sets the masks of `names` so that llround(sparsity * weights) of all their weights are zero, those with
/// the lowest scores within the scope and in units of the shape; equal scores go in the order of `names` and
/// storage, so that the result depends on the scores alone.
///
/// A unit ranks by the mean score of its weights: what is lost for each weight saved. With units larger than
/// one weight the count is the nearest that units give: off by at most half a unit globally, one unit a layer
/// otherwise.
///
/// Masks only grow: pruned weights stay pruned and count as zeros. With `regrow` the masks are computed
/// afresh from the scores of all weights (dynamic sparse training). Latents outside trainable_mask() become
/// zero; with a backward_mask that covers them, pruned latents live on.
///
/// 0 <= sparsity < 1. Linear in the number of weights. Errors: ErrorKind::usage, place "prune", for a
/// sparsity out of range or above max_sparsity(shape), or what scope and shape refuse; ErrorKind::bad_data
/// for scores that are not finite. Nothing is changed then.
void prune(learn::Model& model, const Scores& scores, const std::vector<std::string>& names, double sparsity,
           const ScopeRow& scope, const MaskShape& shape = {}, bool regrow = false);

/// Scores, prunes and lets the criterion make up for what went (obs, woodfisher): one-shot pruning.
void prune_by(const CriterionRow& criterion, const CriterionInput& input, double sparsity,
              const ScopeRow& scope, const MaskShape& shape = {});

/// Fraction of zeros that masks make over `names`.
double masked_fraction(const learn::Model& model, const std::vector<std::string>& names);

}  // namespace tern::compress
