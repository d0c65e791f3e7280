// Sparse evolutionary training: the smallest weights are exchanged for random others.
#pragma once

#include "compress/prune/dynamics/drop_grow.hpp"

namespace tern::compress {

MethodInfo set_info();

/// Uniform in [0, 1), drawn from the run's seed, the step and the weight's name.
/// Source: Mocanu et al. 2018, Scalable Training of Artificial Neural Networks with Adaptive Sparse
/// Connectivity. We drop the smallest in absolute value (they: nearest zero of each sign), a share that falls
/// as RigL's does (theirs: constant), and new weights start at zero (theirs: random).
Scores random_growth(TransformContext& context, const std::vector<std::string>& names);

std::unique_ptr<Transform> make_set(const PruneSettings& settings);

}  // namespace tern::compress
