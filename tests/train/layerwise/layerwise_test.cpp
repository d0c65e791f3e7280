#include "train/layerwise/layerwise.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "graph/transform.hpp"
#include "learn/testing.hpp"
#include "train/layerwise/joint_training.hpp"
#include "train/layerwise/toy_nodes.hpp"
#include "train/parallel/ranks.hpp"

namespace tern::train {
namespace {

namespace fs = std::filesystem;

LayerwiseOptions small_options() {
  LayerwiseOptions options;
  options.hidden = 8;
  options.learning_rate = 0.01;
  options.batch_rows = 32;
  options.epochs_per_layer = 20;
  options.decide_every = 5;
  return options;
}

LayerwiseResult run(const graph::GraphData& data, const LayerwiseOptions& options,
                    const ProgressCallback& progress = {}) {
  return train_layerwise(node_data(data, data.splits[0]), options, progress);
}

void expect_equal(const LayerwiseResult& a, const LayerwiseResult& b) {
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (std::size_t i = 0; i < a.weights.size(); ++i) EXPECT_TRUE(at::equal(a.weights[i], b.weights[i])) << i;
  for (std::size_t i = 0; i < a.layers.size(); ++i) EXPECT_EQ(a.layers[i].losses, b.layers[i].losses) << i;
}

TEST(Layerwise, PropagationsDoNotDependOnEpochs) {
  const graph::GraphData data = toy_nodes();
  for (const int layers : {1, 2, 3})
    for (const int epochs : {1, 20}) {
      LayerwiseOptions options = small_options();
      options.layers = layers;
      options.epochs_per_layer = epochs;
      const LayerwiseResult result = run(data, options);
      EXPECT_EQ(result.propagations, 2 * layers - 1);  // labelled rows a layer, and what the next one reads
      EXPECT_EQ(result.epochs, layers * epochs);
      EXPECT_EQ(result.epochs_saved, 0);
      ASSERT_EQ(result.weights.size(), static_cast<std::size_t>(layers) + 1);
      EXPECT_EQ(result.weights[0].sizes(), (at::IntArrayRef{8, 12}));
      EXPECT_EQ(result.weights.back().sizes(), (at::IntArrayRef{3, 8}));
    }
}

TEST(Layerwise, LearnsAboutAsWellAsJointTraining) {
  const graph::GraphData data = toy_nodes({900});
  const NodeData nodes = node_data(data, data.splits[0]);
  LayerwiseOptions options = small_options();
  const LayerwiseResult result = run(data, options);
  JointOptions joint;
  joint.hidden = 8;
  joint.epochs = 40;
  joint.batch_rows = 32;
  joint.learning_rate = 0.01;
  const JointResult reference = train_joint(whole_graph(nodes), joint);
  const SplitScores expected = scores_of_splits(predict(data.graph, nodes.input(), reference.weights), nodes);
  EXPECT_GT(expected.test, 0.85);
  EXPECT_GT(result.scores.test, expected.test - 0.03);
  EXPECT_EQ(result.metric, "accuracy");
  for (const auto& layer : result.layers) EXPECT_LT(layer.losses.back(), layer.losses.front());
}

TEST(Layerwise, PredictionIsTheDenseFormula) {
  const graph::GraphData data = toy_nodes();
  const NodeData nodes = node_data(data, data.splits[0]);
  const LayerwiseResult result = run(data, small_options());
  const graph::Graph p = graph::normalise(data.graph, graph::Normalisation::lgcn);
  at::Tensor x = at::tensor(data.features.dense).view({300, 12}), matrix = at::zeros({300, 300});
  for (std::int64_t u = 0; u < 300; ++u)
    for (std::int64_t e = p.rowptr()[static_cast<std::size_t>(u)];
         e < p.rowptr()[static_cast<std::size_t>(u) + 1]; ++e)
      matrix[u][p.col()[static_cast<std::size_t>(e)]] = p.weight_of(e);
  for (const auto& weight : {result.weights[0], result.weights[1]})
    x = at::mm(at::mm(matrix, x), weight.t()).relu();
  x = at::mm(x, result.weights[2].t());
  const RowMatrix got = predict(data.graph, nodes.input(), result.weights);
  EXPECT_LT(learn::distance(got.values(), x), 1e-4);
  std::int64_t correct = 0;
  for (const std::int32_t node : data.splits[0].test)
    correct += x[node].argmax().item<std::int64_t>() == data.labels[static_cast<std::size_t>(node)];
  EXPECT_NEAR(result.scores.test,
              static_cast<double>(correct) / static_cast<double>(data.splits[0].test.size()), 1e-12);
}

TEST(Layerwise, SameSeedSameBits) {
  const graph::GraphData data = toy_nodes();
  LayerwiseOptions options = small_options();
  const LayerwiseResult first = run(data, options);
  expect_equal(first, run(data, options));
  options.seed = 2;
  EXPECT_FALSE(at::equal(first.weights[0], run(data, options).weights[0]));
}

TEST(Layerwise, SparseFeaturesTrainAsDenseOnes) {
  ToyNodesOptions toy;
  toy.sparse = true;
  const graph::GraphData sparse = toy_nodes(toy);
  graph::GraphData dense = sparse;
  dense.features.dense = graph::to_dense(sparse.features.sparse);
  dense.features.is_sparse = false;
  const LayerwiseResult a = run(sparse, small_options()), b = run(dense, small_options());
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    EXPECT_LT(learn::distance(a.weights[i], b.weights[i]), 1e-2);
  EXPECT_NEAR(a.layers[0].losses.front(), b.layers[0].losses.front(), 1e-5);
}

TEST(Layerwise, FeaturesOutOfCoreGiveTheSameBits) {
  const graph::GraphData data = toy_nodes();
  const fs::path folder = fs::temp_directory_path() / "tern-layerwise-scratch";
  fs::remove_all(folder);
  graph::MappedMatrix file = graph::MappedMatrix::create(folder / "features.npy", 300, 12);
  std::copy(data.features.dense.begin(), data.features.dense.end(), file.writable());
  file.commit();
  for (const bool inductive : {false, true}) {
    LayerwiseOptions options = small_options();
    options.inductive = inductive;
    const LayerwiseResult expected = run(data, options);
    const graph::MappedMatrix mapped = graph::MappedMatrix::open(folder / "features.npy");
    NodeData nodes = node_data(data, data.splits[0]);
    nodes.features = nullptr;
    nodes.mapped = &mapped;
    options.scratch = folder;
    const LayerwiseResult got = train_layerwise(nodes, options);
    expect_equal(expected, got);
    EXPECT_EQ(got.scores.test, expected.scores.test);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "scratch files stay";
  }
  fs::remove_all(folder);
}

TEST(Layerwise, InductiveTrainingSeesItsNodesOnly) {
  graph::GraphData data = toy_nodes();
  LayerwiseOptions options = small_options();
  options.inductive = true;
  const LayerwiseResult before = run(data, options);
  for (const std::int32_t node : data.splits[0].test)
    for (std::int64_t f = 0; f < 12; ++f) data.features.dense[static_cast<std::size_t>(node * 12 + f)] = 7;
  expect_equal(before, run(data, options));
  options.inductive = false;
  const LayerwiseResult whole = run(toy_nodes(), options);
  EXPECT_FALSE(at::equal(whole.weights[0], run(data, options).weights[0]));
}

TEST(Layerwise, GoesOnWhereItWasStopped) {
  const graph::GraphData data = toy_nodes();
  const fs::path folder = fs::temp_directory_path() / "tern-layerwise-resume";
  for (const bool fresh : {false, true}) {
    fs::remove_all(folder);
    LayerwiseOptions options = small_options();
    options.layers = 3;
    options.fresh_classifier_per_layer = fresh;
    const LayerwiseResult expected = run(data, options);
    options.checkpoint = folder / "run.safetensors";
    for (const char* until : {"layer 2", "layer 3"}) {
      try {
        run(data, options, [&](const Progress& p) { request_stop(p.stage == until && p.done == 7); });
        ADD_FAILURE() << "was not interrupted";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::interrupted);
        EXPECT_EQ(error.place(), until);
      }
      request_stop(false);
    }
    int trained = 0, epochs = 0;
    const LayerwiseResult resumed =
        run(data, options, [&](const Progress& p) { trained += p.finished, ++epochs; });
    EXPECT_EQ(trained, 1);
    EXPECT_EQ(epochs, 20 - 7) << "epochs of the layer that was stopped are kept";
    EXPECT_EQ(resumed.propagations, 3);
    expect_equal(expected, resumed);
    const LayerwiseResult again =
        run(data, options, [&](const Progress&) { ADD_FAILURE() << "nothing is left to train"; });
    expect_equal(expected, again);
    EXPECT_EQ(again.scores.test, expected.scores.test);
    options.seed = 2;
    EXPECT_THROW(run(data, options), Error);
  }
  std::ofstream(folder / "run.safetensors") << "damaged";
  LayerwiseOptions options = small_options();
  options.checkpoint = folder / "run.safetensors";
  EXPECT_THROW(run(data, options), Error);
  fs::remove_all(folder);
}

TEST(Layerwise, PlateauSavesEpochs) {
  const graph::GraphData data = toy_nodes({900});
  LayerwiseOptions options = small_options();
  options.epochs_per_layer = 100;
  options.stopping = "plateau";
  options.plateau = {0.05, 2};
  const LayerwiseResult result = run(data, options);
  EXPECT_GT(result.epochs_saved, 0);
  EXPECT_EQ(result.epochs + result.epochs_saved, 200);
  EXPECT_GT(result.scores.test, 0.85);
}

TEST(Layerwise, ValidationEndsLayers) {
  const graph::GraphData data = toy_nodes();
  LayerwiseOptions options = small_options();
  options.epochs_per_layer = 200;
  options.stopping = "validation";
  options.patience = 5;
  const LayerwiseResult result = run(data, options);
  for (const LayerwiseLayer& layer : result.layers) {
    ASSERT_LT(layer.losses.size(), 200U);
    ASSERT_EQ(layer.scores.size(), layer.losses.size());
    std::size_t best = 0;
    for (std::size_t e = 0; e < layer.scores.size(); ++e)
      if (layer.scores[e].validation_loss < layer.scores[best].validation_loss) best = e;
    EXPECT_EQ(layer.scores.size() - 1 - best, 5U);
  }
  // The last epoch's scores are those of the network on the whole graph.
  EXPECT_DOUBLE_EQ(result.layers.back().scores.back().validation, result.scores.validation);
  EXPECT_DOUBLE_EQ(result.layers.back().scores.back().test, result.scores.test);
  // Scoring changes nothing.
  LayerwiseOptions scored = small_options(), plain = small_options();
  scored.scores = true;
  expect_equal(run(data, plain), run(data, scored));
  options.inductive = true;
  EXPECT_THROW(run(data, options), Error);
}

TEST(Layerwise, ControllerIsTrainedOnceAndKept) {
  const graph::GraphData data = toy_nodes();
  const fs::path folder = fs::temp_directory_path() / "tern-layerwise-controller";
  fs::remove_all(folder);
  LayerwiseOptions options = small_options();
  options.stopping = "controller";
  options.controller.rounds = 12;
  options.controller.sample_nodes = 60;
  options.controller.epoch_cost = 0.05;  // dear: stopping early is worth it
  options.controller.deployment = "sample";
  const LayerwiseResult expected = run(data, options);
  ASSERT_TRUE(expected.controller.has_value());
  EXPECT_EQ(expected.controller->costs.size(), 12U);
  options.checkpoint = folder / "run.safetensors";
  EXPECT_THROW(run(data, options, [](const Progress& p) { request_stop(p.stage == "layer 2"); }), Error);
  request_stop(false);
  const LayerwiseResult resumed = run(
      data, options, [](const Progress& p) { EXPECT_EQ(p.stage, "layer 2") << "the controller was kept"; });
  expect_equal(expected, resumed);
  EXPECT_EQ(resumed.controller->costs, expected.controller->costs);
  fs::remove_all(folder);
}

TEST(Layerwise, SeveralLabels) {
  ToyNodesOptions toy;
  toy.many_labels = true;
  const graph::GraphData data = toy_nodes(toy);
  LayerwiseOptions options = small_options();
  options.fresh_classifier_per_layer = true;
  options.epochs_per_layer = 60;
  const LayerwiseResult result = run(data, options);
  EXPECT_EQ(result.metric, "micro-F1");
  EXPECT_GT(result.scores.test, 0.85);  // all ones: 0.8
}

TEST(Layerwise, MicroF1ByHand) {
  graph::GraphData data;
  data.graph = graph::Graph({0, 0, 0}, {});
  data.num_classes = 2;
  data.multi_labels = {1, 0, 1, 1};
  const graph::Split split{{0, 1}, {}, {1}};
  const NodeData nodes = node_data(data, split);
  const std::vector<float> scores{1, 1, -1, 1};  // hits 2, wrong: one too many, one missing
  const SplitScores got = scores_of_splits(RowMatrix::view(scores.data(), 2, 2), nodes);
  EXPECT_NEAR(got.train, 4.0 / 6, 1e-12);
  EXPECT_NEAR(got.test, 2.0 / 3, 1e-12);
  EXPECT_TRUE(std::isnan(got.validation));
}

TEST(Layerwise, GraphsWithoutEdges) {
  ToyNodesOptions toy;
  toy.edges = false;
  const LayerwiseResult result = run(toy_nodes(toy), small_options());
  EXPECT_TRUE(std::isfinite(result.layers.back().losses.back()));
  EXPECT_GT(result.scores.train, 0.4);
}

TEST(Layerwise, RelabellingNodesRelabelsScores) {
  const graph::GraphData data = toy_nodes();
  const LayerwiseResult result = run(data, small_options());
  Rng rng(4);
  const std::vector<std::int64_t> order = permutation(300, rng);
  const std::vector<std::int32_t> new_id(order.begin(), order.end());
  const at::Tensor ids = at::tensor(order, at::kLong), x = at::tensor(data.features.dense).view({300, 12});
  const at::Tensor moved = at::empty_like(x).index_copy_(0, ids, x);
  const auto scores_on = [&](const graph::Graph& graph, const at::Tensor& features) {
    return predict(graph, LayerInput(RowMatrix::view(features.data_ptr<float>(), 300, 12)), result.weights)
        .values();
  };
  EXPECT_LT(learn::distance(scores_on(graph::relabel(data.graph, new_id), moved).index_select(0, ids),
                            scores_on(data.graph, x)),
            1e-4);
}

/// Batches of a few rows, all rows at once, sparse features, several labels.
std::vector<std::pair<graph::GraphData, LayerwiseOptions>> shared_runs() {
  std::vector<std::pair<graph::GraphData, LayerwiseOptions>> out;
  for (int kind = 0; kind < 4; ++kind) {
    ToyNodesOptions toy;
    toy.sparse = kind == 2;
    toy.many_labels = kind == 3;
    LayerwiseOptions options = small_options();
    options.layers = 3;
    options.epochs_per_layer = 3;
    options.batch_rows = kind == 1 ? 0 : 32;
    options.scores = kind == 0;
    out.emplace_back(toy_nodes(toy), options);
  }
  return out;
}

const bool trains_layers = add_rank_body("trains layers", [](ProcessGroup& group, std::ostream& out) {
  for (const auto& [data, options] : shared_runs()) {
    LayerwiseOptions shared = options;
    shared.group = &group;
    const LayerwiseResult together = run(data, shared), alone = run(data, options);
    double largest = 0;
    for (std::size_t i = 0; i < alone.weights.size(); ++i)
      largest = std::max(largest, learn::distance(together.weights[i], alone.weights[i]));
    out << (largest <= 1e-6);
    for (std::size_t l = 0; l < alone.layers.size() && options.scores; ++l)
      out << (std::abs(together.layers[l].scores.back().validation -
                       alone.layers[l].scores.back().validation) < 0.02);
  }
  out << "\n";
});

const bool loses_a_rank = add_rank_body("loses a rank", [](ProcessGroup& group, std::ostream& out) {
  LayerwiseOptions options = small_options();
  options.group = &group;
  options.checkpoint = fs::temp_directory_path() / std::getenv("TERN_TEST_FOLDER") / "layers.safetensors";
  out.flush();
  run(toy_nodes(), options, [&](const Progress& p) {
    if (group.rank() == 1 && p.stage == "layer 1" && p.done == 4) raise(SIGKILL);
  });
});

const bool differs = add_rank_body("layers of other options", [](ProcessGroup& group, std::ostream&) {
  LayerwiseOptions options = small_options();
  options.group = &group;
  options.learning_rate = 0.01 * (1 + group.rank());
  run(toy_nodes(), options);
});

TEST(Layerwise, ProcessesTrainTheModelOfOne) {
  for (const int size : {2, 3})
    for (const RankResult& result : run_ranks(size, "trains layers")) EXPECT_EQ(result.out, "1111111\n");
}

TEST(Layerwise, ARankThatDiesLeavesACheckpoint) {
  const std::string name = "tern-layerwise-lost-" + std::to_string(::getpid());
  const fs::path folder = fs::temp_directory_path() / name;
  fs::create_directories(folder);
  const auto results = run_ranks(2, "loses a rank", {"TERN_TEST_FOLDER=" + name});
  EXPECT_EQ(results[1].signal, SIGKILL);
  EXPECT_NE(results[0].out.find("rank 1 of 2 stopped answering"), std::string::npos) << results[0].out;
  EXPECT_NE(results[0].out.find("resumes from the checkpoint"), std::string::npos) << results[0].out;
  LayerwiseOptions options = small_options();
  options.checkpoint = folder / "layers.safetensors";
  int epochs = 0;
  const LayerwiseResult resumed = run(toy_nodes(), options, [&](const Progress&) { ++epochs; });
  EXPECT_LE(epochs, 2 * 20 - 4) << "four epochs were done";
  const LayerwiseResult expected = run(toy_nodes(), small_options());
  for (std::size_t i = 0; i < expected.weights.size(); ++i)
    EXPECT_LT(learn::distance(resumed.weights[i], expected.weights[i]), 1e-4);
  fs::remove_all(folder);
}

TEST(Layerwise, ProcessesWithOtherOptionsAreRefused) {
  for (const RankResult& result : run_ranks(2, "layers of other options"))
    EXPECT_NE(result.out.find("rank 1 of 2 was started with other data or options"), std::string::npos)
        << result.out;
}

/// The message of the error that a change of data or options leads to.
template <typename Change>
std::string message_after(const Change& change) {
  graph::GraphData data = toy_nodes();
  LayerwiseOptions options = small_options();
  change(data, options);
  try {
    run(data, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Layerwise, BadInputIsNamed) {
  using D = graph::GraphData;
  using O = LayerwiseOptions;
  const std::int32_t node = toy_nodes().splits[0].train[3];
  EXPECT_EQ(message_after(
                [](D& d, O&) { d.features.dense[12 * 17 + 3] = std::numeric_limits<float>::quiet_NaN(); }),
            "features: node 17, column 3 is nan");
  EXPECT_EQ(message_after([&](D& d, O&) { d.labels[static_cast<std::size_t>(node)] = -1; }),
            fmt::format("training split: node {} has no label", node));
  EXPECT_EQ(message_after([](D& d, O&) { d.splits[0].train.clear(); }), "training split: it has no nodes");
  EXPECT_EQ(message_after([](D& d, O&) { d.splits[0].train[1] = 300; }),
            "training split: node 300 is not in 0 .. 299");
  EXPECT_EQ(message_after([](D& d, O&) { d.splits[0].train[1] = d.splits[0].train[0]; }),
            fmt::format("training split: node {} is given twice", toy_nodes().splits[0].train[0]));
  EXPECT_EQ(message_after([](D& d, O&) { d.splits[0].test[0] = -1; }),
            "test split: node -1 is not in 0 .. 299");
  EXPECT_EQ(message_after([](D& d, O&) { d.labels[5] = 3; }),
            "labels: node 5 has class 3, which is not in 0 .. 2");
  EXPECT_EQ(message_after([](D& d, O&) { d.labels.pop_back(); }), "labels: 299 labels, expected 300");
  EXPECT_EQ(message_after([](D& d, O&) { d.labels.clear(); }),
            "labels: nodes need one label each, or several, and have none");
  EXPECT_EQ(message_after([](D& d, O&) { d.features.dense.resize(12 * 299); }),
            "features: 299 rows for a graph of 300 nodes");
  EXPECT_EQ(message_after([](D& d, O&) { d.features = {}; }), "features: the nodes have none");
  EXPECT_EQ(message_after([](D&, O& o) { o.layers = 0; }), "layer-wise: layers = 0 is not positive");
  EXPECT_EQ(message_after([](D&, O& o) { o.learning_rate = 0; }),
            "layer-wise: learning_rate = 0 is not positive");
  EXPECT_EQ(message_after([](D&, O& o) { o.batch_rows = -1; }),
            "layer-wise: batch_rows = -1 is not 0 or more");
  EXPECT_NE(message_after([](D&, O& o) { o.stopping = "controler"; }).find("did you mean 'controller'?"),
            std::string::npos);
  EXPECT_NE(message_after([](D&, O& o) { o.learning_rate = 1e30; }).find("layer 1: the loss of epoch 1"),
            std::string::npos);
}

}  // namespace
}  // namespace tern::train
