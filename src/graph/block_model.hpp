// Large graphs made up: communities, and few nodes that hold many of the edges.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/progress.hpp"

namespace tern::graph {

/// A degree-corrected stochastic block model (Karrer and Newman, "Stochastic blockmodels and community
/// structure in networks", 2011) with blocks of equal size. Inside a block the node of rank r (0, 1, ..) is
/// drawn in proportion to (r + flat_ranks) ^ (-1 / (tail - 1)), which gives degrees a power law with exponent
/// `tail`. The defaults resemble a co-purchase graph: mean degree 50, most nodes below it, the largest some
/// thousands.
struct BlockModelOptions {
  std::int64_t num_nodes = 2'400'000;
  std::int64_t num_edges =
      60'000'000;  ///< undirected edges drawn; loops and repeated ones are dropped, some percent
  std::int64_t num_blocks = 47;
  double within = 0.8;     ///< share of edges whose second node is drawn from the first one's block; 0 .. 1
  double tail = 2.5;       ///< > 2
  double flat_ranks = 10;  ///< > 0; larger: smaller largest degrees
  bool shuffle = true;     ///< node ids in random order; otherwise block after block by falling degree
  std::uint64_t seed = 1;
  std::int64_t memory_bytes = std::int64_t{256}
                              << 20;  ///< for edges while they are sorted; does not change the graph
};

/// Writes the graph file (symmetric, no loops, no repeated edges) and returns the block of each node. Memory:
/// the above and some tens of bytes a node; edges are drawn again for each part of the file. Errors: usage
/// for options out of range, io.
std::vector<std::int32_t> write_block_model(const std::filesystem::path& path,
                                            const BlockModelOptions& options,
                                            const ProgressCallback& progress = {});

/// Writes features [nodes, columns] as an .npy file: the centre of the node's block (standard normal, times
/// `signal`) plus standard normal noise. Memory: the centres. Errors: usage, io.
void write_block_features(const std::filesystem::path& path, std::span<const std::int32_t> block,
                          std::int64_t columns, double signal, std::uint64_t seed);

}  // namespace tern::graph
