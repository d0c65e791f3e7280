// Sparse networks from scratch: growth by momentum, and layers compete for weights.
#pragma once

#include <cstdint>
#include <vector>

#include "compress/prune/dynamics/drop_grow.hpp"

namespace tern::compress {

MethodInfo snfs_info();

/// Parameter::state["growth_momentum"] m <- 0.9 m + 0.1 g of dense gradients g, observed ten times between
/// exchanges (the paper: at every step; each costs us another backward pass). Weights grow by |m|; all that
/// layers drop is shared out in proportion to the mean |m| of their kept weights. Source: Dettmers and
/// Zettlemoyer 2019, Sparse Networks from Scratch.
std::unique_ptr<Transform> make_snfs(const PruneSettings& settings);

/// Splits `total` in proportion to `weights` (>= 0; all zero: to the room), never above `room`; what does not
/// fit goes to the others. Exact: largest remainders first. REQUIRES: total is at most the sum of room.
std::vector<std::int64_t> split_by_weight(std::int64_t total, const std::vector<double>& weights,
                                          const std::vector<std::int64_t>& room);

}  // namespace tern::compress
