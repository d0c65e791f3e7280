// Graph data sets by name: files found and read, one split chosen, features made ready for training.
//
// The readers of formats/graph return what files hold; here they become what a network trains on. Rows of the
// registry carry each set's own split, normalisation and metric as the literature has them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "graph/graph_data.hpp"

namespace tern::data {

/// What to load and how. Zero or an empty text means "the data set's own default" (see graph_set_table()).
struct GraphDataOptions {
  std::string name = "cora";  ///< a row of graph_set_table(), in any case of letters
  std::filesystem::path
      path{};  ///< folder of the data set, or its file; of a block model empty or where to keep it
  /// "public": the published split, of several the one at (seed - 1) modulo their number; a number: that one,
  /// from 0; "full": published validation and test parts, every other labelled node trains (as FastGCN and
  /// L-GCN do); "random": drawn from `seed`; "none": no split.
  std::string split{};
  std::int64_t train_per_class = 0;       ///< random splits of nodes
  std::int64_t validation_per_class = 0;  ///< the same
  /// > 0: random splits of nodes take this share of each class to train, and half of the others validate (or
  /// num_validation). 0: train_per_class. Below 1.
  double train_fraction = 0;
  std::int64_t num_validation = 0;        ///< > 0: so many nodes instead, of any class
  std::int64_t num_test = 0;              ///< random splits of nodes: at most so many; 0: all that are left
  double validation_fraction =
      0;  ///< of what is left behind the test part, where graphs are classified; 0, 1 excluded
  double test_fraction = 0;  ///< of all graphs, in random splits; 0, 1 excluded
  std::uint64_t seed = 1;    ///< of random splits and of block models
  /// Of features: "none"; "row": each row divided by its sum; "standardise": each column to mean 0 and
  /// deviation 1 over the training nodes (constant columns to 0).
  std::string normalise_features{};
  std::string component{};  ///< "all" nodes or those of the "largest" connected component
  /// What nodes bring, joined by +: attributes (as the files have them), tags (one-hot), degree (one-hot),
  /// clustering (coefficients). Standardised over all nodes: clustering, and attributes where anything else
  /// is joined to them.
  std::string node_features{};
  // Of block models (graph/block_model.hpp).
  std::int64_t num_nodes = 0, num_edges = 0, num_classes = 0, num_features = 0;
};

/// One row of the registry.
struct GraphSetRow {
  MethodInfo info;              ///< parameters: fields of GraphDataOptions with this set's defaults
  GraphDataOptions defaults{};  ///< what zero fields mean
  std::string metric{};         ///< what the literature reports: accuracy, micro-f1 or roc-auc
  std::string layout{};         ///< what was expected where nothing was found
  graph::GraphData (*read)(const GraphDataOptions& resolved) = nullptr;
};

/// Citation and co-purchase graphs, web and social graphs, many small graphs, OGB, generated ones, lists of
/// edges.
const std::vector<GraphSetRow>& graph_set_table();

/// Errors: usage with the nearest known name.
const GraphSetRow& find_graph_set(std::string_view name);

/// `options` with every zero field replaced by the set's default. Errors: usage for values out of range.
GraphDataOptions resolve(const GraphDataOptions& options);

/// Reads a set: files, component, node features; published splits as they are. Features are checked to be
/// finite. Errors: usage (unknown name, no such folder: the message says what was expected); those of the
/// readers; bad_data where labels are missing or a feature is not finite.
graph::GraphData read_graph_set(const GraphDataOptions& options);

/// Chooses the split and normalises features. Result: exactly one split, none for split "none". Errors: usage
/// for a split that the set has not, or a class with too few nodes.
graph::GraphData prepare(graph::GraphData data, const GraphDataOptions& options);

/// prepare(read_graph_set(options), options).
graph::GraphData load_graph_data(const GraphDataOptions& options);

/// Changes with everything in `data`, the same on any machine.
std::uint64_t checksum(const graph::GraphData& data);

}  // namespace tern::data
