// Cutting a graph into parts of about equal size with few edges between them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace tern::graph {

/// A part for every node, and how good that is.
struct Partition {
  std::vector<std::int32_t> part;  ///< [num_nodes], 0 .. num_parts-1
  std::int64_t num_parts = 0;
  std::int64_t cut_edges = 0;   ///< edges (u, v), u < v, between parts; self loops never
  double cut_fraction = 0;      ///< of all edges that are no self loops; 0 where there are none
  double imbalance = 0;         ///< largest part over the mean size: 1 is perfect
  std::string method;           ///< "metis" or "multilevel"
  std::string fallback_reason;  ///< why METIS was not used although it was asked for; empty otherwise
};

enum class PartitionMethod { automatic, metis, multilevel };

struct PartitionOptions {
  PartitionMethod method =
      PartitionMethod::automatic;  ///< METIS, else multilevel where that is absent or fails
  std::uint64_t seed = 1;
  double imbalance =
      1.03;  ///< largest part over the mean that is aimed at; small graphs may exceed it by one node
  /// `automatic` leaves METIS alone where it would take more; the multilevel scheme needs about a fifth of
  /// that.
  std::int64_t metis_memory_bytes = std::int64_t{2} << 30;
};

/// k-way partition. Direction, weights, self loops and repeated edges are not looked at: an edge in either
/// direction counts once. Every node gets a part and no part is empty, whatever the library below returned.
/// The same seed gives the same parts. Errors: usage for parts < 1 or more parts than nodes, or METIS asked
/// for by name in a build without it.
Partition partition(const Graph& graph, std::int64_t num_parts, const PartitionOptions& options = {});

/// The nodes of each part, ascending.
std::vector<std::vector<std::int32_t>> nodes_of_parts(std::span<const std::int32_t> part,
                                                      std::int64_t num_parts);

/// Fills in cut and imbalance, and checks that every node has a part and that none is empty.
/// Errors: bad_data naming the node or part.
void assess(const Graph& graph, Partition& partition);

/// Whether this build has METIS.
bool has_metis();

}  // namespace tern::graph
