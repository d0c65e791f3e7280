// layer_wise_evaluation: whole graphs in bounded memory give what learn::forward gives.
#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"
#include "train/graph/layer_wise_evaluation.hpp"
#include "train/graph/toy_graphs.hpp"
#include "train/layerwise/node_data.hpp"
#include "train/layerwise/toy_nodes.hpp"

namespace tern::train {
namespace {

namespace fs = std::filesystem;

/// Concatenations, sums of branches, batch and layer norms, learned and fixed eps, biases, every
/// normalisation.
net::Net busy_net(const std::string& normalisation, std::int64_t hidden = 8) {
  net::Net net("busy");
  const auto matrix = [&](const char* name) {
    return std::pair<const std::string, net::Attribute>{"normalisation", std::string(name)};
  };
  net.add("input", "input", {}, {{"shape", net::Shape{12}}, {"time", false}});
  net.add("graph", "graph", {});
  net.add("drop1", "dropout", {"input"}, {{"p", 0.5}});
  net.add("linear1", "linear", {"drop1"}, {{"out_features", hidden}});
  net.add("own1", "linear", {"drop1"}, {{"out_features", hidden}, {"bias", false}});
  net.add("propagate1", "propagate", {"linear1", "graph"}, {matrix(normalisation.c_str()), {"bias", true}});
  net.add("add1", "add", {"propagate1", "own1"});
  net.add("norm1", "batch_norm", {"add1"});
  net.add("act1", "relu", {"norm1"});
  net.add("propagate2", "propagate", {"act1", "graph"}, {matrix("sum"), {"eps", 1.0}, {"train_eps", true}});
  net.add("linear2", "linear", {"propagate2"}, {{"out_features", hidden}});
  net.add("norm2", "layer_norm", {"linear2"});
  net.add("act2", "elu", {"norm2"});
  net.add("propagate3", "propagate", {"act2", "graph"}, {matrix("row"), {"eps", 0.5}});
  net.add("concat3", "concat", {"propagate3", "act2", "act1", "input"});
  net.add("linear3", "linear", {"concat3"}, {{"out_features", std::int64_t{3}}});
  return net;
}

at::Tensor reference(learn::Model& model, const graph::GraphData& data) {
  auto batch = std::make_shared<learn::GraphBatch>();
  batch->graph.sparse = std::make_shared<learn::GraphStructure>(data.graph);
  learn::ForwardOptions options;
  options.graph = batch;
  at::Tensor frames;
  if (data.features.is_sparse)
    batch->features = std::make_shared<const learn::SparseRows>(learn::sparse_rows(data.features.sparse));
  else
    frames = at::from_blob(const_cast<float*>(data.features.dense.data()),
                           {data.graph.num_nodes(), data.features.columns});
  const c10::NoGradGuard no_grad;
  return learn::forward(model, frames, 1, options);
}

TEST(LayerWiseEvaluation, EqualsForward) {
  for (const bool sparse : {false, true}) {
    ToyNodesOptions toy;
    toy.sparse = sparse;
    const graph::GraphData data = toy_nodes(toy);
    for (const char* normalisation :
         {"sum", "symmetric", "gcn", "gcn-identity", "row", "row-self", "diagonal", "lgcn"}) {
      learn::Model model(busy_net(normalisation), 2);
      ASSERT_TRUE(is_layer_wise(model.net()));
      const at::Tensor expected = reference(model, data);
      for (const std::int64_t rows : {1, 37, 300, 1000}) {
        LayerWiseOptions options;
        options.block_rows = rows;
        const RowMatrix found =
            forward_layer_wise(model, data.graph, node_data(data, data.splits[0]).input(), options);
        EXPECT_LE(learn::distance(found.values(), expected), 1e-6 * (1 + expected.abs().max().item<double>()))
            << normalisation << " " << rows << " " << sparse;
      }
    }
  }
}

TEST(LayerWiseEvaluation, ScratchFilesAndSlicesOfColumnsChangeNothing) {
  ToyNodesOptions toy;
  toy.nodes = 6000;
  const graph::GraphData data = toy_nodes(toy);
  learn::Model model(busy_net("diagonal", 40), 2);  // 0.96 MB a matrix: more than half of 1 MiB
  const fs::path scratch = fs::temp_directory_path() / ("tern_layer_wise_" + std::to_string(::getpid()));
  LayerWiseOptions tight;
  tight.memory_bytes = 1 << 20;
  tight.scratch = scratch;
  tight.block_rows = 700;
  const LayerInput features = node_data(data, data.splits[0]).input();
  {
    const RowMatrix found = forward_layer_wise(model, data.graph, features, tight);
    const at::Tensor expected = reference(model, data);
    EXPECT_LE(learn::distance(found.values(), expected), 1e-6 * (1 + expected.abs().max().item<double>()));
    EXPECT_TRUE(fs::exists(scratch));  // it was used
  }
  EXPECT_TRUE(fs::is_empty(scratch));
  fs::remove_all(scratch);
}

TEST(LayerWiseEvaluation, SlicesEqualTheWholeProduct) {
  const graph::GraphData data = toy_nodes({6000});
  const fs::path scratch = fs::temp_directory_path() / ("tern_slices_" + std::to_string(::getpid()));
  const at::Tensor x = learn::random({6000, 50}, 3);
  RowMatrix mapped = RowMatrix::make(scratch, "x", 6000, 50), sliced = RowMatrix::make({}, "", 6000, 60),
            whole = RowMatrix::make({}, "", 6000, 50);
  mapped.block(0, 6000).copy_(x);
  const graph::Scales scales = graph::scales_of(data.graph, graph::Normalisation::gcn);
  LayerWiseOptions options;
  options.memory_bytes = 1 << 20;  // slices of 16 columns
  propagate_rows(data.graph, scales, mapped, sliced, 10, options);
  propagate_rows(data.graph, scales, RowMatrix::view(x.data_ptr<float>(), 6000, 50), whole, 0, options);
  EXPECT_LE(learn::distance(sliced.values().slice(1, 10), whole.values()), 1e-5);
  mapped = {};
  fs::remove_all(scratch);
}

TEST(LayerWiseEvaluation, EdgelessGraphs) {
  ToyNodesOptions toy;
  toy.edges = false;
  const graph::GraphData data = toy_nodes(toy);
  learn::Model model(busy_net("gcn"), 2);
  const RowMatrix found = forward_layer_wise(model, data.graph, node_data(data, data.splits[0]).input());
  EXPECT_LE(learn::distance(found.values(), reference(model, data)), 1e-6);
}

TEST(LayerWiseEvaluation, OtherOperationsAndOptionsAreRefused) {
  const graph::GraphData data = toy_nodes();
  net::Net attention("attention");
  attention.add("input", "input", {}, {{"shape", net::Shape{12}}, {"time", false}});
  attention.add("graph", "graph", {});
  attention.add("linear", "linear", {"input"}, {{"out_features", std::int64_t{4}}});
  attention.add("attend", "graph_attention", {"linear", "graph"}, {{"heads", std::int64_t{2}}});
  EXPECT_FALSE(is_layer_wise(attention));
  learn::Model model(toy_gcn(5), 1);
  EXPECT_TRUE(is_layer_wise(model.net()));
  const LayerInput features = node_data(data, data.splits[0]).input();
  EXPECT_THROW(forward_layer_wise(model, data.graph, features), Error);  // 12 features for 5
  LayerWiseOptions none;
  none.memory_bytes = 0;
  EXPECT_THROW(forward_layer_wise(model, data.graph, features, none), Error);
}

}  // namespace
}  // namespace tern::train
