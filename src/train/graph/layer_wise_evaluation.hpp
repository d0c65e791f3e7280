// A network on a whole graph that is larger than memory: layer after layer, rows in blocks.
#pragma once

#include <cstdint>
#include <filesystem>

#include "graph/graph.hpp"
#include "graph/normalise.hpp"
#include "learn/model.hpp"
#include "train/layerwise/layer_input.hpp"

namespace tern::train {

struct LayerWiseOptions {
  /// Half of it for activations of all nodes, which lie in scratch files where they are more; half for the
  /// columns of a scratch file that are propagated at a time. Beside it: the graph, its degrees, one block of
  /// rows. >= 1 MiB.
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  std::filesystem::path scratch;  ///< folder of those files, which vanish with their use; empty: the system's
  std::int64_t block_rows = 1 << 14;  ///< rows a block; >= 1
};

/// Whether the network consists of `propagate` and operations on single rows, so that it can be computed in
/// this way. Others (attention, pooling, readout, time) take learn::forward.
bool is_layer_wise(const net::Net& net);

/// What learn::forward gives in evaluation on the whole graph: [num_nodes, outputs]. Operations run in
/// stages: those that need no further neighbours go together, block by block, and between stages lie only
/// what a later stage reads. Equal to learn::forward within the rounding of float32: the term of a node
/// itself is added behind the sum over its neighbours instead of fused with it, and matrix products of fewer
/// rows may add in another order. REQUIRES: is_layer_wise(model.net()). Errors: usage for options out of
/// range and features that are not the network's; io where the disk is full.
RowMatrix forward_layer_wise(learn::Model& model, const graph::Graph& graph, const LayerInput& features,
                             const LayerWiseOptions& options = {});

/// Writes M x, M the graph's matrix in a normalisation, into the columns of `dst` from `first_column` on.
/// Where x is mapped, slices of its columns are brought into memory (half of options.memory_bytes) and
/// propagated one by one.
void propagate_rows(const graph::Graph& graph, const graph::Scales& scales, const RowMatrix& x,
                    RowMatrix& dst, std::int64_t first_column, const LayerWiseOptions& options);

}  // namespace tern::train
