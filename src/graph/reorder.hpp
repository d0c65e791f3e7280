// Orders of nodes in which neighbours lie near one another, so that products find rows in the caches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace tern::graph {

// Each function returns new_id [num_nodes] for relabel(): node i becomes new_id[i].

/// Reverse Cuthill-McKee (Cuthill and McKee 1969; reversed by George): breadth first from a node far out of
/// each component, neighbours by rising degree, then back to front. REQUIRES: a symmetric graph.
std::vector<std::int32_t> reverse_cuthill_mckee(const Graph& graph);

/// Part after part; within a part in the given order of nodes.
std::vector<std::int32_t> order_by_part(std::span<const std::int32_t> part, std::int64_t num_parts);

/// Mean of |u - v| over the edges: what reordering lowers.
double mean_distance(const Graph& graph);

/// Rows of `width` values moved to their new places: dst[new_id[i]] = src[i].
std::vector<float> reorder_rows(std::span<const float> src, std::int64_t width,
                                std::span<const std::int32_t> new_id);

}  // namespace tern::graph
