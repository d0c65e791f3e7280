#include "train/graph/graph_classification.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.hpp"
#include "graph/build.hpp"
#include "graph/transform.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"
#include "train/graph/procedures.hpp"

namespace tern::train {
namespace {

/// `count` rings (class 0) and stars (class 1) of 4 to 9 nodes; the feature is 1, and the degree.
graph::GraphData rings_and_stars(std::int32_t count) {
  std::vector<graph::Graph> graphs;
  graph::GraphData data;
  data.num_classes = 2;
  for (std::int32_t k = 0; k < count; ++k) {
    const std::int32_t nodes = 4 + k % 6;
    graph::EdgeList edges{nodes, {}, {}, {}};
    for (std::int32_t u = 1; u < nodes; ++u) {
      edges.source.push_back(u);
      edges.target.push_back(k % 2 == 0 ? u - 1 : 0);
    }
    if (k % 2 == 0) {
      edges.source.push_back(0);
      edges.target.push_back(nodes - 1);
    }
    graphs.push_back(build_graph(edges));
    data.graph_labels.push_back(k % 2);
  }
  const graph::Batched joined = graph::block_diagonal(graphs);
  data.graph = joined.graph;
  data.graph_offsets = joined.offsets;
  data.features.columns = 2;
  for (std::int64_t u = 0; u < data.graph.num_nodes(); ++u) {
    data.features.dense.push_back(1);
    data.features.dense.push_back(static_cast<float>(data.graph.degree(u)));
  }
  graph::Split split;
  for (std::int32_t k = 0; k < count; ++k)
    (k % 5 == 3 ? split.validation : k % 5 == 4 ? split.test : split.train).push_back(k);
  data.splits = {split};
  return data;
}

/// A graph convolution, mincut to 3 clusters, another one, the mean.
net::Net small_net() {
  net::Net net("small");
  net.add("input", "input", {}, {{"shape", net::Shape{2}}, {"time", false}});
  net.add("graph", "graph");
  net.add("linear1", "linear", {"input"}, {{"out_features", 8}, {"bias", true}});
  net.add("propagate1", "propagate", {"linear1", "graph"}, {{"normalisation", std::string("symmetric")}});
  net.add("act1", "relu", {"propagate1"});
  net.add("logits", "linear", {"act1"}, {{"out_features", 3}, {"bias", true}});
  net.add("mincut", "mincut", {"logits", "graph"});
  net.add("pool", "graph_pool", {"act1", "mincut"});
  net.add("coarse", "graph_coarsen", {"graph", "mincut"});
  net.add("propagate2", "propagate", {"pool", "coarse"}, {{"normalisation", std::string("sum")}});
  net.add("add", "add", {"propagate2", "pool"});
  net.add("readout", "graph_readout", {"add", "coarse"});
  net.add("classifier", "linear", {"readout"}, {{"out_features", 2}, {"bias", true}});
  return net;
}

GraphProcedureOptions quick(int epochs) {
  GraphProcedureOptions options;
  graph_classification_procedure().set_defaults(options.train);
  options.train.epochs = epochs;
  options.train.batch_size = 8;
  options.train.learning_rate.base = 1e-2;
  return options;
}

TEST(GraphClassification, LearnsRingsAndStars) {
  learn::Model model(small_net(), 1);
  const GraphRunResult result = graph_classification_procedure().run(model, rings_and_stars(60), quick(60));
  EXPECT_EQ(result.metric, "accuracy");
  EXPECT_GT(result.selected.test, 0.9);
  EXPECT_GT(result.selected_epoch, 0);
}

TEST(GraphClassification, SelectsTheLowestValidationLoss) {
  learn::Model model(small_net(), 2);
  const GraphRunResult result = graph_classification_procedure().run(model, rings_and_stars(40), quick(8));
  ASSERT_EQ(result.history.size(), 8U);
  for (const EpochResult& epoch : result.history)
    EXPECT_GE(epoch.validation_loss, result.selected.validation_loss);
  EXPECT_EQ(result.history[static_cast<std::size_t>(result.selected_epoch) - 1].test_accuracy,
            result.selected.test);
}

TEST(GraphClassification, PatienceEndsTrainingBehindTheBestEpoch) {
  learn::Model model(small_net(), 3);
  GraphProcedureOptions options = quick(400);
  options.train.patience = 3;
  options.train.learning_rate.base = 0.3;  // too large to go on improving
  const GraphRunResult result = graph_classification_procedure().run(model, rings_and_stars(40), options);
  ASSERT_LT(result.history.size(), 400U);
  EXPECT_EQ(static_cast<int>(result.history.size()), result.selected_epoch + 3);
  options.plan = compress::parse_plan("prune:global=0.5");
  EXPECT_THROW(graph_classification_procedure().run(model, rings_and_stars(40), options), Error);
}

TEST(GraphClassificationSource, ShowsEveryTrainingGraphOnceAnEpoch) {
  const graph::GraphData data = rings_and_stars(40);
  TrainOptions options;
  options.batch_size = 7;
  GraphClassificationSource source(data, options);
  EXPECT_EQ(source.samples_per_epoch(), 24);
  EXPECT_EQ(source.batches_per_epoch(), 4);
  std::int64_t graphs = 0, nodes = 0, ones = 0, expected_nodes = 0, expected_ones = 0;
  for (std::int64_t index = 0; index < 4; ++index) {
    const TrainBatch batch = source.batch(1, index);
    EXPECT_EQ(batch.graph->graph.num_graphs(), batch.num_labelled());
    EXPECT_EQ(batch.graph->graph.num_rows(), batch.frames.size(0));
    graphs += batch.num_labelled();
    nodes += batch.frames.size(0);
    ones += batch.labels.sum().item<std::int64_t>();
  }
  for (const std::int32_t k : data.splits[0].train) {
    expected_nodes +=
        data.graph_offsets[static_cast<std::size_t>(k) + 1] - data.graph_offsets[static_cast<std::size_t>(k)];
    expected_ones += data.graph_labels[static_cast<std::size_t>(k)];
  }
  EXPECT_EQ(graphs, 24);
  EXPECT_EQ(nodes, expected_nodes);
  EXPECT_EQ(ones, expected_ones);
}

TEST(GraphClassificationSource, ItsBatchesDependOnEpochAndIndexAlone) {
  const graph::GraphData data = rings_and_stars(40);
  TrainOptions options;
  options.batch_size = 8;
  GraphClassificationSource source(data, options), other(data, options);
  const TrainBatch first = source.batch(1, 1);
  source.batch(2, 0);
  EXPECT_TRUE(at::equal(source.batch(1, 1).frames, first.frames));
  EXPECT_TRUE(at::equal(other.batch(1, 1).labels, first.labels));
  EXPECT_FALSE(at::equal(source.batch(2, 1).frames.sum(), first.frames.sum()) &&
               at::equal(source.batch(2, 1).labels, first.labels) &&
               at::equal(source.batch(2, 0).labels, source.batch(1, 0).labels));
}

TEST(GraphClassificationSource, SparseFeaturesEqualDenseOnes) {
  graph::GraphData data = rings_and_stars(20);
  const GraphShelf dense(data);
  graph::GraphData sparse_data = data;
  sparse_data.features.sparse = graph::to_sparse(data.graph.num_nodes(), 2, data.features.dense);
  sparse_data.features.dense.clear();
  sparse_data.features.is_sparse = true;
  const GraphShelf sparse(sparse_data);
  const std::vector<std::int32_t> chosen{7, 2, 11};
  learn::Model model(small_net(), 4);
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> scores;
  for (const TrainBatch& batch : {dense.batch(chosen), sparse.batch(chosen)})
    scores.push_back(compress::run(model, {batch.frames, batch.targets, 1, batch.graph, batch.rows}));
  EXPECT_LT((scores[0] - scores[1]).abs().max().item<double>(), 1e-5);
}

TEST(GraphClassification, ResumesBitForBit) {
  const graph::GraphData data = rings_and_stars(30);
  learn::Model whole(small_net(), 5), halves(small_net(), 5);
  graph_classification_procedure().run(whole, data, quick(4));
  const auto path =
      std::filesystem::temp_directory_path() / ("tern_graphs_" + std::to_string(::getpid()) + ".safetensors");
  GraphProcedureOptions options = quick(4);
  options.train.checkpoint = path;
  struct Stop {};
  options.on_epoch = [](const EpochResult& epoch) {
    if (epoch.epoch == 2) throw Stop();
  };
  EXPECT_THROW(graph_classification_procedure().run(halves, data, options), Stop);
  learn::Model again(small_net(), 5);
  options.on_epoch = {};
  const GraphRunResult result = graph_classification_procedure().run(again, data, options);
  std::filesystem::remove(path);
  EXPECT_EQ(result.history.size(), 4U);
  EXPECT_TRUE(std::isfinite(result.history[0].validation_loss));
  for (const auto& [name, parameter] : whole.parameters())
    EXPECT_TRUE(at::equal(parameter.latent, again.parameters().at(name).latent)) << name;
}

TEST(GraphClassification, RefusesWhatItCannotTrainOn) {
  TrainOptions options;
  graph::GraphData data = rings_and_stars(20);
  data.splits.clear();
  EXPECT_THROW(GraphClassificationSource(data, options), Error);
  data = rings_and_stars(20);
  data.splits[0].train.clear();
  EXPECT_THROW(GraphClassificationSource(data, options), Error);
  data = rings_and_stars(20);
  data.graph_labels.clear();
  EXPECT_THROW(GraphClassificationSource(data, options), Error);
  data = rings_and_stars(20);
  data.features = {};
  EXPECT_THROW(GraphClassificationSource(data, options), Error);
  options.batch_size = 0;
  EXPECT_THROW(GraphClassificationSource(rings_and_stars(20), options), Error);
}

}  // namespace
}  // namespace tern::train
