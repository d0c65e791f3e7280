// Partitions of a graph that are computed once and kept in files.
#pragma once

#include <cstdint>
#include <filesystem>

#include "graph/graph.hpp"
#include "graph/partition/partition.hpp"

namespace tern::train {

/// Changes with every row, column and weight of the graph.
std::uint64_t checksum(const graph::Graph& graph);

/// graph::partition, or what an earlier call with the same graph, parts and options has left in `folder`
/// (empty: nothing is read or kept). The file partition-KEY.bin is one line of text, "tern-partition 1 METHOD
/// NODES PARTS CHECKSUM", and the part of each node as int32; it appears whole or not at all, and one that is
/// damaged is computed anew. `was_kept` tells whether it came from there. Errors: those of graph::partition,
/// io where the file cannot be written.
graph::Partition kept_partition(const graph::Graph& graph, std::int64_t num_parts,
                                const graph::PartitionOptions& options, const std::filesystem::path& folder,
                                bool* was_kept = nullptr);

}  // namespace tern::train
