// What partition() chooses from. Graphs here are symmetric and loop-free, parts between 2 and the number of
// nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/partition/partition.hpp"

namespace tern::graph {

/// Karypis and Kumar, "A fast and high quality multilevel scheme for partitioning irregular graphs", 1998, by
/// libmetis. False with a reason where METIS is absent, refuses, or returns parts that are no partition (some
/// releases report success and leave parts empty); `part` is then unspecified.
bool metis_parts(const Graph& graph, std::int64_t num_parts, const PartitionOptions& options,
                 std::vector<std::int32_t>& part, std::string& reason);

/// Our own scheme: nodes are clustered by size-constrained label propagation until few are left (Meyerhenke,
/// Sanders and Schulz, "Partitioning complex networks via size-constrained clustering", 2014), the coarse
/// graph is cut by growing parts breadth first, and parts are refined by greedy moves on the way back.
std::vector<std::int32_t> multilevel_parts(const Graph& graph, std::int64_t num_parts,
                                           const PartitionOptions& options);

/// Moves nodes out of the largest parts until no part is empty. REQUIRES: num_parts <= nodes.
void fill_empty_parts(std::vector<std::int32_t>& part, std::int64_t num_parts);

}  // namespace tern::graph
