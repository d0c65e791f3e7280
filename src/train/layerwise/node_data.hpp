// Labelled nodes of a graph, as layer-wise training reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include <ATen/core/Tensor.h>

#include "graph/graph_data.hpp"
#include "graph/mapped_matrix.hpp"
#include "train/layerwise/layer_input.hpp"

namespace tern::train {

/// Views; whatever they show must outlive the run.
struct NodeData {
  const graph::Graph* graph = nullptr;
  const graph::Features* features = nullptr;    ///< dense or sparse; null where they are mapped
  const graph::MappedMatrix* mapped = nullptr;  ///< [num_nodes, columns]
  std::int64_t num_classes = 0;
  std::span<const std::int32_t> labels;  ///< class of each node, -1 unknown; empty where there are several
  std::span<const std::uint8_t> multi_labels;  ///< [num_nodes, num_classes] of 0 and 1
  const graph::Split* split = nullptr;

  bool has_many_labels() const { return !multi_labels.empty(); }
  /// The features as an input, shared with their owner.
  LayerInput input() const;
};

/// The labelled nodes of a data set with one of its splits.
NodeData node_data(const graph::GraphData& data, const graph::Split& split);

/// Errors: usage where something is not given; bad_data naming what contradicts what, the first feature that
/// is not finite, the first training node without a label, a node out of range or twice in the training
/// split, and a split without training nodes.
void check(const NodeData& data);

/// int64 [nodes] classes, or float [nodes, num_classes] of 0 and 1.
at::Tensor targets_of(const NodeData& data, std::span<const std::int32_t> nodes);

/// What training sees: a graph, its features, and which rows have which targets.
struct TrainingView {
  graph::Graph graph;
  LayerInput input;
  at::Tensor rows;     ///< int64 [samples]
  at::Tensor targets;  ///< as of targets_of, one a row
  std::int64_t num_classes = 0;
  /// Nodes to score on the way, those with a label; undefined where they are not seen.
  struct Held {
    at::Tensor rows, targets;
  } validation, test;
};

/// Every node and edge is seen, training nodes have targets (transductive).
TrainingView whole_graph(const NodeData& data);
/// Only `nodes` and the edges between them are seen (the training nodes: inductive); each has its target.
TrainingView part_of_graph(const NodeData& data, std::span<const std::int32_t> nodes,
                           const std::filesystem::path& scratch);

}  // namespace tern::train
