// Training, validation and test parts of graph data sets.
#pragma once

#include "data/graphs/graph_set.hpp"
#include "graph/graph_data.hpp"

namespace tern::data {

/// The split that resolved options ask for. Ids ascend in every part.
///   random, nodes:  train_per_class and validation_per_class nodes of each class, the rest tests (Shchur et
///   al. 2018,
///                   "Pitfalls of Graph Neural Network Evaluation")
///   random, graphs: stratified by class: test_fraction, then validation_fraction of the others
/// Published splits of graphs without a validation part give validation_fraction of their training part,
/// stratified. Errors: usage naming what the set has, or the class that is too small.
graph::Split choose_split(const graph::GraphData& data, const GraphDataOptions& resolved);

}  // namespace tern::data
