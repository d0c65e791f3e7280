// Pruning by magnitude: the smallest weights go.
#pragma once

#include <string>
#include <vector>

#include "base/registry.hpp"
#include "learn/model.hpp"

namespace tern::compress {

MethodInfo magnitude_info();

/// Sets the masks of `names` so that round(sparsity * number of weights) are zero, the smallest in absolute value over
/// all of them together (global) or in each tensor (local); equal values go in storage order, so that the count is
/// exact. Pruned latents become zero, and stay among the smallest: masks only grow. 0 <= sparsity < 1.
/// Source: Han et al. 2015, Learning both Weights and Connections. Errors: ErrorKind::usage for a sparsity out of range.
void prune_by_magnitude(learn::Model& model, const std::vector<std::string>& names, double sparsity, bool global);

/// Fraction of zeros that masks make over `names`.
double masked_fraction(const learn::Model& model, const std::vector<std::string>& names);

}  // namespace tern::compress
