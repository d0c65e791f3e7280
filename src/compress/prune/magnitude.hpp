// Pruning by magnitude: the smallest weights go.
#pragma once

#include <string>
#include <vector>

#include "compress/prune/criterion.hpp"
#include "compress/prune/pruner.hpp"
#include "learn/model.hpp"

namespace tern::compress {

MethodInfo magnitude_info();

/// prune() by the absolute values of the latents, element by element: over all of `names` together (global)
/// or in each tensor (local). Source: Han et al. 2015, Learning both Weights and Connections.
void prune_by_magnitude(learn::Model& model, const std::vector<std::string>& names, double sparsity,
                        bool global);

}  // namespace tern::compress
