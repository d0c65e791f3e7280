#include "train/graph/cluster_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "compress/samples.hpp"
#include "learn/losses.hpp"
#include "learn/testing.hpp"
#include "train/graph/cluster_gcn.hpp"
#include "train/graph/cluster_net.hpp"
#include "train/graph/cluster_partition.hpp"
#include "train/graph/full_batch.hpp"
#include "train/graph/toy_graphs.hpp"
#include "train/layerwise/toy_nodes.hpp"
#include "train/parallel/data_parallel.hpp"
#include "train/parallel/ranks.hpp"

namespace tern::train {
namespace {

namespace fs = std::filesystem;

/// A folder that vanishes.
struct Folder {
  Folder()
      : path(fs::temp_directory_path() /
             ("tern_clusters_" + std::to_string(::getpid()) + "_" + std::to_string(count++))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  static inline int count = 0;
  fs::path path;
};

ClusterOptions cut(std::int64_t parts, std::int64_t q = 1) {
  ClusterOptions options;
  options.parts = parts;
  options.clusters_per_batch = q;
  return options;
}

/// The layer of the released code, twice.
net::Net toy_cluster_net(std::int64_t features, std::int64_t classes,
                         const std::string& normalisation = "diagonal") {
  net::Net net("toy-cluster");
  net.add("input", "input", {}, {{"shape", net::Shape{features}}, {"time", false}});
  net.add("graph", "graph", {});
  net.add("propagate1", "propagate", {"input", "graph"}, {{"normalisation", normalisation}});
  net.add("concat1", "concat", {"propagate1", "input"});
  net.add("linear1", "linear", {"concat1"}, {{"out_features", std::int64_t{8}}});
  net.add("norm1", "layer_norm", {"linear1"});
  net.add("act1", "relu", {"norm1"});
  net.add("propagate2", "propagate", {"act1", "graph"}, {{"normalisation", std::string("diagonal")}});
  net.add("concat2", "concat", {"propagate2", "act1"});
  net.add("linear2", "linear", {"concat2"}, {{"out_features", classes}});
  return net;
}

struct Step {
  double loss;
  std::map<std::string, at::Tensor> gradients;
};

Step step_of(learn::Model& model, const TrainBatch& batch) {
  for (auto& [name, parameter] : model.parameters())
    if (parameter.latent.requires_grad()) parameter.latent.mutable_grad() = at::Tensor();
  learn::ForwardOptions options;
  options.training = true;
  const at::Tensor scores =
      compress::run(model, {batch.frames, batch.targets, batch.num_steps, batch.graph, batch.rows}, options);
  const at::Tensor loss = learn::find_loss("ce").loss(scores, batch.targets);
  loss.backward();
  Step out{loss.item<double>(), {}};
  for (const auto& [name, parameter] : model.parameters())
    if (parameter.latent.requires_grad()) out.gradients[name] = parameter.latent.grad().clone();
  return out;
}

TEST(ClusterSource, AnEpochShowsEveryNodeOnce) {
  const graph::GraphData data = toy_nodes();
  for (const auto& [parts, q] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {7, 1}, {7, 3}, {300, 20}}) {
    ClusterSource source(node_data(data, data.splits[0]), cut(parts, q));
    EXPECT_EQ(source.batches_per_epoch(), (parts + q - 1) / q);
    for (const std::int64_t epoch : {1, 2}) {
      std::vector<std::int32_t> seen;
      std::int64_t labelled = 0;
      for (std::int64_t b = 0; b < source.batches_per_epoch(); ++b) {
        const auto nodes = source.nodes_of(epoch, b);
        seen.insert(seen.end(), nodes.begin(), nodes.end());
        labelled += source.batch(epoch, b).num_labelled();
      }
      std::sort(seen.begin(), seen.end());
      std::vector<std::int32_t> all(300);
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(seen, all);
      EXPECT_EQ(labelled, source.samples_per_epoch());
    }
  }
}

TEST(ClusterSource, AllPartsInABatchAreTheFullBatch) {
  const graph::GraphData data = toy_nodes();
  ClusterSource clusters(node_data(data, data.splits[0]), cut(9, 9));
  FullBatchSource full(data);
  const TrainBatch batch = clusters.batch(4, 0), whole = full.batch(4, 0);
  EXPECT_TRUE(at::equal(batch.frames, whole.frames));
  for (const std::string normalisation : {"diagonal", "gcn", "row", "sum"}) {
    learn::Model model(toy_cluster_net(12, 3, normalisation), 3);
    const Step mine = step_of(model, batch), theirs = step_of(model, whole);
    EXPECT_NEAR(mine.loss, theirs.loss, 1e-6);
    for (const auto& [name, gradient] : mine.gradients)
      EXPECT_LE(learn::distance(gradient, theirs.gradients.at(name)), 1e-6) << normalisation << " " << name;
  }
}

TEST(ClusterSource, BatchesAreInducedSubgraphsNormalisedInside) {
  const graph::GraphData data = toy_nodes();
  ClusterSource source(node_data(data, data.splits[0]), cut(10, 3));
  const auto nodes = source.nodes_of(2, 1);
  const TrainBatch batch = source.batch(2, 1);
  const graph::Graph& sub = batch.graph->graph.sparse->graph();
  ASSERT_EQ(sub.num_nodes(), static_cast<std::int64_t>(nodes.size()));
  const auto& scales = batch.graph->graph.sparse->scales(graph::Normalisation::row_self);
  std::int64_t between_parts = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::vector<std::int32_t> expected;
    for (const std::int32_t v : data.graph.neighbours(nodes[i]))
      if (std::binary_search(nodes.begin(), nodes.end(), v)) {
        expected.push_back(v);
        between_parts += source.partition().part[static_cast<std::size_t>(v)] !=
                         source.partition().part[static_cast<std::size_t>(nodes[i])];
      }
    std::vector<std::int32_t> found;
    for (const std::int32_t v : sub.neighbours(static_cast<std::int64_t>(i)))
      found.push_back(nodes[static_cast<std::size_t>(v)]);
    EXPECT_EQ(found, expected);
    EXPECT_FLOAT_EQ(scales.row[i], 1.0F / static_cast<float>(expected.size() + 1));
    for (int c = 0; c < 12; ++c)
      EXPECT_EQ(batch.frames[static_cast<std::int64_t>(i)][c].item<float>(),
                data.features.dense[static_cast<std::size_t>(nodes[i] * 12 + c)]);
  }
  EXPECT_GT(between_parts, 0);  // links between the parts of a batch are restored
  for (std::int64_t r = 0; r < batch.num_labelled(); ++r)
    EXPECT_EQ(batch.labels[r].item<std::int64_t>(),
              data.labels[static_cast<std::size_t>(
                  nodes[static_cast<std::size_t>(batch.rows[r].item<std::int64_t>())])]);
}

TEST(ClusterSource, BlocksAreSubgraphsOfTheirOwn) {
  const graph::GraphData data = toy_nodes();
  const NodeData nodes = node_data(data, data.splits[0]);
  ClusterOptions options = cut(12, 5);
  options.blocks = 3;
  ClusterSource whole(nodes, options);
  options.num_ranks = 3;
  std::vector<std::unique_ptr<ClusterSource>> ranks;
  for (options.rank = 0; options.rank < 3; ++options.rank)
    ranks.push_back(std::make_unique<ClusterSource>(nodes, options));
  std::vector<std::vector<std::int32_t>> seen_by(3);
  for (const std::int64_t epoch : {1, 2})
    for (std::int64_t b = 0; b < whole.batches_per_epoch(); ++b) {
      const TrainBatch batch = whole.batch(epoch, b);
      const graph::Graph& joined = batch.graph->graph.sparse->graph();
      std::int64_t first = 0, edges = 0, labelled = 0;
      std::vector<std::int32_t> together;
      for (std::size_t r = 0; r < 3; ++r) {
        EXPECT_EQ(ranks[r]->batches_per_epoch(), whole.batches_per_epoch());
        EXPECT_EQ(ranks[r]->identity(), whole.identity());
        const TrainBatch mine = ranks[r]->batch(epoch, b);
        const graph::Graph& own = mine.graph->graph.sparse->graph();
        for (std::int64_t u = 0; u < own.num_nodes(); ++u) {
          ASSERT_EQ(own.neighbours(u).size(), joined.neighbours(first + u).size());
          for (std::size_t e = 0; e < own.neighbours(u).size(); ++e)
            EXPECT_EQ(own.neighbours(u)[e] + first, joined.neighbours(first + u)[e]);
        }
        EXPECT_TRUE(at::equal(batch.frames.slice(0, first, first + own.num_nodes()), mine.frames));
        EXPECT_TRUE(
            at::equal(batch.rows.slice(0, labelled, labelled + mine.num_labelled()), mine.rows + first));
        first += own.num_nodes(), edges += own.num_edges(), labelled += mine.num_labelled();
        const auto nodes_here = ranks[r]->nodes_of(epoch, b);
        together.insert(together.end(), nodes_here.begin(), nodes_here.end());
        if (epoch == 1) seen_by[r].insert(seen_by[r].end(), nodes_here.begin(), nodes_here.end());
      }
      EXPECT_EQ(first, joined.num_nodes());
      EXPECT_EQ(edges, joined.num_edges());
      EXPECT_EQ(labelled, batch.num_labelled());
      EXPECT_EQ(together, whole.nodes_of(epoch, b));
    }
  std::size_t all = 0;
  for (const auto& seen : seen_by) {
    all += seen.size();
    EXPECT_NEAR(static_cast<double>(seen.size()), 100, 30);
  }
  EXPECT_EQ(all, 300U);
  options.rank = 0;
  options.num_ranks = 2;
  EXPECT_THROW(ClusterSource(nodes, options), Error);
  options.blocks = 13;
  EXPECT_THROW(ClusterSource(nodes, options), Error);
}

/// Cluster-GCN with blocks, or the full batch with a plan, by all ranks or by one process.
learn::Model train_together(ProcessGroup* group, bool blocks) {
  const graph::GraphData data = toy_nodes();
  learn::Model model(toy_cluster_net(12, 3), 3);
  GraphProcedureOptions options;
  options.train.epochs = 6;
  options.train.learning_rate = {.name = "constant", .base = 0.01, .warmup_share = 0};
  options.train.validate_each_epoch = false;
  options.group = group;
  if (blocks) {
    options.parameters = {{"parts", "9"}, {"batch-clusters", "4"}, {"blocks", "2"}};
    cluster_gcn_procedure().run(model, data, options);
  } else {
    options.plan = compress::parse_plan("quantize:w=4,a=4,lsq,ste + prune:global=0.5");
    full_batch_procedure().run(model, data, options);
  }
  return model;
}

const bool trains_clusters = add_rank_body("trains clusters", [](ProcessGroup& group, std::ostream& out) {
  for (const bool blocks : {true, false}) {
    const learn::Model together = train_together(&group, blocks), alone = train_together(nullptr, blocks);
    double largest = 0;
    for (const auto& [name, parameter] : alone.parameters())
      largest =
          std::max(largest, learn::distance(parameter.stored(), together.parameters().at(name).stored()));
    out << (largest <= 1e-5) << " ";
  }
  out << "\n";
});

TEST(ClusterSource, ProcessesTrainTheModelOfOne) {
  for (const RankResult& result : run_ranks(2, "trains clusters")) EXPECT_EQ(result.out, "1 1 \n");
}

TEST(ClusterSource, OrderIsOfSeedAndEpochAlone) {
  const graph::GraphData data = toy_nodes();
  const NodeData nodes = node_data(data, data.splits[0]);
  ClusterSource a(nodes, cut(12, 3)), b(nodes, cut(12, 3));
  ClusterOptions other = cut(12, 3);
  other.seed = 2;
  ClusterSource c(nodes, other);
  EXPECT_EQ(a.nodes_of(5, 2), b.nodes_of(5, 2));
  EXPECT_NE(a.nodes_of(5, 2), a.nodes_of(6, 2));
  EXPECT_NE(a.nodes_of(5, 2), c.nodes_of(5, 2));
  EXPECT_EQ(a.identity(), b.identity());
  EXPECT_NE(a.identity(), c.identity());
}

TEST(ClusterSource, InductiveTrainingSeesItsOwnNodesOnly) {
  const graph::GraphData data = toy_nodes();
  ClusterOptions options = cut(5, 2);
  options.inductive = true;
  ClusterSource source(node_data(data, data.splits[0]), options);
  std::vector<std::int32_t> seen, train = data.splits[0].train;
  for (std::int64_t b = 0; b < source.batches_per_epoch(); ++b) {
    const auto nodes = source.nodes_of(1, b);
    const TrainBatch batch = source.batch(1, b);
    seen.insert(seen.end(), nodes.begin(), nodes.end());
    EXPECT_EQ(batch.num_labelled(), static_cast<std::int64_t>(nodes.size()));
    for (std::size_t i = 0; i < nodes.size(); ++i)
      EXPECT_EQ(batch.frames[static_cast<std::int64_t>(i)][3].item<float>(),
                data.features.dense[static_cast<std::size_t>(nodes[i] * 12 + 3)]);
  }
  std::sort(seen.begin(), seen.end());
  std::sort(train.begin(), train.end());
  EXPECT_EQ(seen, train);
}

TEST(ClusterSource, SparseAndMappedFeaturesAreTheSameRows) {
  ToyNodesOptions toy;
  toy.sparse = true;
  const graph::GraphData data = toy_nodes(toy);
  const Folder folder;
  const std::vector<float> dense = graph::to_dense(data.features.sparse);
  graph::MappedMatrix file = graph::MappedMatrix::create(folder.path / "x.npy", 300, 12);
  std::copy(dense.begin(), dense.end(), file.writable());
  file.commit();
  const graph::MappedMatrix features = graph::MappedMatrix::open(folder.path / "x.npy");
  NodeData mapped = node_data(data, data.splits[0]);
  ClusterSource sparse(mapped, cut(6, 2));
  mapped.features = nullptr;
  mapped.mapped = &features;
  ClusterSource from_file(mapped, cut(6, 2));
  learn::Model model(toy_cluster_net(12, 3), 1);
  for (std::int64_t b = 0; b < 3; ++b) {
    const TrainBatch a = sparse.batch(1, b), c = from_file.batch(1, b);
    ASSERT_TRUE(a.graph->features);
    EXPECT_TRUE(at::equal(learn::to_dense(*a.graph->features), c.frames));
    EXPECT_NEAR(step_of(model, a).loss, step_of(model, c).loss, 1e-6);
  }
  const c10::NoGradGuard no_grad;
  EXPECT_EQ(sparse.evaluate(model).test, from_file.evaluate(model).test);
}

TEST(ClusterSource, PrecomputedFirstLayerKeepsCutEdges) {
  const graph::GraphData data = toy_nodes();
  const NodeData nodes = node_data(data, data.splits[0]);
  ClusterOptions options = cut(6, 2);
  options.precompute = true;
  ClusterSource source(nodes, options);
  const auto ids = source.nodes_of(1, 0);
  const TrainBatch batch = source.batch(1, 0);
  ASSERT_EQ(batch.frames.size(1), 24);
  for (std::size_t i = 0; i < ids.size(); i += 7)
    for (std::int64_t c = 0; c < 12; ++c) {
      double sum = 0;
      for (const std::int32_t v : data.graph.neighbours(ids[i]))
        sum += data.features.dense[static_cast<std::size_t>(v * 12 + c)];
      EXPECT_NEAR(batch.frames[static_cast<std::int64_t>(i)][c].item<double>(), sum, 1e-5);
      EXPECT_EQ(batch.frames[static_cast<std::int64_t>(i)][12 + c].item<float>(),
                data.features.dense[static_cast<std::size_t>(ids[i] * 12 + c)]);
    }
  // A model that is put together again scores the whole graph as the reduced one does on [A X, X].
  learn::Model model(toy_cluster_net(12, 3), 1);
  learn::Model reduced = without_first_propagation(model);
  EXPECT_FALSE(reduced.net().contains("propagate1"));
  EXPECT_TRUE(
      at::equal(reduced.parameter("linear1", "weight").latent, model.parameter("linear1", "weight").latent));
  learn::Model whole = with_first_propagation(model.net(), reduced);
  const c10::NoGradGuard no_grad;
  FullBatchSource full(data);
  EXPECT_DOUBLE_EQ(source.evaluate(reduced).test, full.evaluate(whole).test);
  EXPECT_THROW(without_first_propagation(learn::Model(toy_gcn(), 1)), Error);
}

TEST(ClusterSource, EdgelessAndIsolatedNodesTrain) {
  ToyNodesOptions toy;
  toy.nodes = 40;
  toy.edges = false;
  graph::GraphData data = toy_nodes(toy);
  for (const bool some_edges : {false, true}) {
    if (some_edges) data.graph = graph::build_graph({40, {0, 1, 1}, {1, 2, 3}, {}});
    ClusterSource source(node_data(data, data.splits[0]), cut(5, 2));
    learn::Model model(toy_cluster_net(12, 3), 1);
    for (std::int64_t b = 0; b < source.batches_per_epoch(); ++b)
      EXPECT_TRUE(std::isfinite(step_of(model, source.batch(1, b)).loss));
    const c10::NoGradGuard no_grad;
    EXPECT_TRUE(std::isfinite(source.evaluate(model).test));
  }
}

TEST(ClusterSource, DirectedEdgesStayDirected) {
  ToyNodesOptions toy;
  toy.nodes = 6;
  graph::GraphData data = toy_nodes(toy);
  graph::BuildOptions directed;
  directed.symmetrise = false;
  data.graph = graph::build_graph({6, {0, 0, 1, 4}, {1, 2, 2, 3}, {}}, directed);
  ClusterSource source(node_data(data, data.splits[0]), cut(2, 2));
  const TrainBatch batch = source.batch(1, 0);
  const graph::Graph& sub = batch.graph->graph.sparse->graph();
  EXPECT_EQ(sub.num_edges(), 4);
  EXPECT_EQ(sub.degree(0), 2);
  EXPECT_EQ(sub.degree(2), 0);
}

TEST(ClusterSource, BatchesWithoutTrainingNodesArePassedOver) {
  graph::GraphData data = toy_nodes();
  graph::Split& split = data.splits[0];
  split.test.insert(split.test.end(), split.train.begin() + 2, split.train.end());
  split.train.resize(2);
  for (const std::int32_t node : split.test)
    data.labels[static_cast<std::size_t>(node)] = -1;  // labels are missing
  ClusterSource source(node_data(data, split), cut(30));
  std::int64_t empty = 0, labelled = 0;
  for (std::int64_t b = 0; b < 30; ++b) {
    const TrainBatch batch = source.batch(1, b);
    empty += batch.num_labelled() == 0;
    labelled += batch.num_labelled();
  }
  EXPECT_GE(empty, 28);
  EXPECT_EQ(labelled, 2);
  learn::Model model(toy_cluster_net(12, 3), 1);
  TrainOptions options;
  options.epochs = 2;
  const auto history = train(model, source, {}, options);
  EXPECT_TRUE(std::isfinite(history.back().train_loss));
  EXPECT_TRUE(std::isnan(history.back().test_accuracy));
  data.labels[static_cast<std::size_t>(split.train[0])] = -1;
  EXPECT_THROW(ClusterSource(node_data(data, split), cut(30)), Error);
}

TEST(ClusterSource, RefusesWhatDoesNotFit) {
  const graph::GraphData data = toy_nodes();
  const NodeData nodes = node_data(data, data.splits[0]);
  for (const auto& [parts, q] : {std::pair<std::int64_t, std::int64_t>{301, 1}, {0, 1}, {5, 6}, {5, 0}}) try {
      ClusterSource source(nodes, cut(parts, q));
      FAIL() << parts << " " << q;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
    }
}

TEST(ClusterSource, AKilledRunEndsWithTheSameWeights) {
  const graph::GraphData data = toy_nodes();
  const NodeData nodes = node_data(data, data.splits[0]);
  for (const std::int64_t q : {1, 3}) {
    ClusterSource source(nodes, cut(8, q));
    TrainOptions options;
    options.epochs = 3;
    learn::Model straight(toy_cluster_net(12, 3), 1);
    train(straight, source, {}, options);
    const Folder folder;
    options.checkpoint = folder.path / "run.safetensors";
    learn::Model resumed(toy_cluster_net(12, 3), 1);
    int stops = 0;
    for (bool done = false; !done && stops < 20;) {
      request_stop(false);
      ClusterSource again(nodes, cut(8, q));
      learn::Model model(toy_cluster_net(12, 3), 1);
      int batches = 0;
      try {
        train(model, again, {}, options, [&](const Progress&) {
          if (++batches == 4) request_stop();
        });
        done = true;
        resumed = model;
      } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
        ++stops;
      }
    }
    request_stop(false);
    EXPECT_GE(stops, 2);
    for (const auto& [name, parameter] : straight.parameters())
      EXPECT_TRUE(at::equal(parameter.latent, resumed.parameters().at(name).latent)) << name;
  }
}

TEST(ClusterGcn, LearnsAboutAsWellAsFullBatch) {
  const graph::GraphData data = toy_nodes({900});
  GraphProcedureOptions options;
  options.train.epochs = 60;
  options.train.learning_rate.base = 0.02;
  learn::Model full(toy_cluster_net(12, 3), 1), clusters(toy_cluster_net(12, 3), 1),
      first(toy_cluster_net(12, 3), 1);
  const double reached = full_batch_procedure().run(full, data, options).last.test;
  options.train.epochs = 20;
  options.parameters = {{"parts", "12"}, {"batch-clusters", "3"}};
  const GraphRunResult result = cluster_gcn_procedure().run(clusters, data, options);
  EXPECT_GE(result.last.test, reached - 0.05);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_NE(result.notes[0].find("12 parts by"), std::string::npos);
  options.parameters["precompute"] = "true";
  const GraphRunResult precomputed = cluster_gcn_procedure().run(first, data, options);
  EXPECT_GE(precomputed.last.test, reached - 0.05);
  const c10::NoGradGuard no_grad;  // the returned model takes plain features
  EXPECT_NEAR(FullBatchSource(data).evaluate(first).test, precomputed.last.test, 1e-9);
}

}  // namespace
}  // namespace tern::train
