// RigL: the smallest weights are exchanged for those whose gradients are largest.
#pragma once

#include "compress/prune/dynamics/drop_grow.hpp"

namespace tern::compress {

MethodInfo rigl_info();

/// |dense gradient| of the batch that comes next.
/// Source: Evci et al. 2020, Rigging the Lottery, algorithm 1. Where we differ: drop_and_grow(), and the
/// interval is shorter in short phases.
Scores gradient_growth(TransformContext& context, const std::vector<std::string>& names);

std::unique_ptr<Transform> make_rigl(const PruneSettings& settings);

}  // namespace tern::compress
