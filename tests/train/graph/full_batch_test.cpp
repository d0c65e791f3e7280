#include "train/graph/full_batch.hpp"

#include <unistd.h>

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"
#include "train/graph/procedures.hpp"
#include "train/graph/toy_graphs.hpp"

namespace tern::train {
namespace {

GraphProcedureOptions quick(int epochs = 60) {
  GraphProcedureOptions options;
  full_batch_procedure().set_defaults(options.train);
  options.train.epochs = epochs;
  return options;
}

bool equal_weights(const learn::Model& a, const learn::Model& b) {
  for (const auto& [name, parameter] : a.parameters())
    if (!at::equal(parameter.latent, b.parameters().at(name).latent)) return false;
  return true;
}

TEST(FullBatch, OneBatchOfTheWholeGraphWithTheTrainingRows) {
  const graph::GraphData data = toy_communities();
  FullBatchSource source(data);
  EXPECT_EQ(source.batches_per_epoch(), 1);
  EXPECT_EQ(source.samples_per_epoch(), 24);
  const TrainBatch batch = source.batch(3, 0);
  EXPECT_EQ(batch.frames.size(0), 120);
  EXPECT_EQ(batch.num_labelled(), 24);
  for (std::int64_t i = 0; i < 24; ++i) {
    const auto node = static_cast<std::size_t>(batch.rows[i].item<std::int64_t>());
    EXPECT_EQ(node % 5, 0U);
    EXPECT_EQ(batch.labels[i].item<std::int64_t>(), data.labels[node]);
    EXPECT_EQ(batch.targets[i][data.labels[node]].item<float>(), 1.0F);
  }
  const compress::Samples samples = source.samples(1);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_TRUE(at::equal(samples[0].rows, batch.rows));
}

TEST(FullBatch, IdentityFollowsDataAndMetric) {
  graph::GraphData data = toy_communities();
  const std::string before = FullBatchSource(data).identity();
  EXPECT_EQ(FullBatchSource(data).identity(), before);
  EXPECT_NE(FullBatchSource(data, "roc-auc").identity(), before);
  data.splits[0].test.pop_back();
  EXPECT_NE(FullBatchSource(data).identity(), before);
}

TEST(FullBatch, LearnsCommunitiesThatFeaturesAloneDoNotTell) {
  const graph::GraphData data = toy_communities();
  learn::Model model(toy_gcn(), 1);
  draw_glorot(model, 1);
  const GraphRunResult result = full_batch_procedure().run(model, data, quick());
  ASSERT_EQ(result.history.size(), 60U);
  EXPECT_EQ(result.metric, "accuracy");
  EXPECT_GE(result.last.test, 0.95);
  EXPECT_LT(result.history.back().train_loss, 0.5 * result.history.front().train_loss);
  EXPECT_GT(result.peak_bytes, 1 << 20);
  // The best class of one's own features alone: P(N(0.8, 2) > 0) = 0.714.
  double best = 0;
  int epoch = 0;
  for (const EpochResult& e : result.history)
    if (e.validation_accuracy > best) {
      best = e.validation_accuracy;
      epoch = e.epoch;
    }
  EXPECT_EQ(result.selected_epoch, epoch);
  EXPECT_EQ(result.selected.validation, best);
  EXPECT_EQ(result.selected.test, result.history[static_cast<std::size_t>(epoch) - 1].test_accuracy);
}

TEST(FullBatch, SparseFeaturesTrainLikeDenseOnes) {
  const graph::GraphData dense = toy_communities();
  graph::GraphData sparse = dense;
  sparse.features.sparse = graph::to_sparse(120, 4, dense.features.dense);
  sparse.features.is_sparse = true;
  sparse.features.dense.clear();
  learn::Model a(toy_gcn(4, 2, 0), 1), b(toy_gcn(4, 2, 0), 1);
  const GraphRunResult first = full_batch_procedure().run(a, dense, quick(20));
  const GraphRunResult second = full_batch_procedure().run(b, sparse, quick(20));
  EXPECT_NEAR(first.history.back().train_loss, second.history.back().train_loss, 1e-4);
  EXPECT_TRUE(at::allclose(a.parameter("linear1", "weight").latent, b.parameter("linear1", "weight").latent,
                           1e-3, 1e-4));
}

TEST(FullBatch, DecayFallsOnTheNamedLayerAlone) {
  const graph::GraphData data = toy_communities();
  learn::Model free(toy_gcn(4, 2, 0), 1), decayed(toy_gcn(4, 2, 0), 1);
  GraphProcedureOptions options = quick(1);
  options.train.optimizer.name = "sgd";
  options.train.optimizer.weight_decay = 0;
  full_batch_procedure().run(free, data, options);
  options.train.optimizer.weight_decay = 0.5;
  full_batch_procedure().run(decayed, data, options);
  const learn::Model start(toy_gcn(4, 2, 0), 1);
  // One step of SGD at 0.01: w - 0.01 (g + 0.5 w).
  const at::Tensor expected =
      free.parameter("linear1", "weight").latent - 0.005 * start.parameter("linear1", "weight").latent;
  EXPECT_TRUE(at::allclose(decayed.parameter("linear1", "weight").latent, expected, 1e-5, 1e-7));
  EXPECT_TRUE(
      at::equal(decayed.parameter("linear2", "weight").latent, free.parameter("linear2", "weight").latent));
}

TEST(FullBatch, ARunThatWasStoppedEndsWithTheSameWeights) {
  const graph::GraphData data = toy_communities();
  const auto folder =
      std::filesystem::temp_directory_path() / ("tern_full_batch_resume_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  learn::Model whole(toy_gcn(), 3), stopped(toy_gcn(), 3), resumed(toy_gcn(), 3);
  full_batch_procedure().run(whole, data, quick(12));
  GraphProcedureOptions options = quick(12);
  options.train.checkpoint = folder / "checkpoint.safetensors";
  struct Stop {};
  options.on_epoch = [](const EpochResult& e) {
    if (e.epoch == 5) throw Stop{};
  };
  EXPECT_THROW(full_batch_procedure().run(stopped, data, options), Stop);
  options.on_epoch = {};
  const GraphRunResult result = full_batch_procedure().run(resumed, data, options);
  EXPECT_EQ(result.history.size(), 12U);
  EXPECT_TRUE(equal_weights(whole, resumed));
  EXPECT_FALSE(equal_weights(whole, stopped));
  EXPECT_TRUE(equal_weights(whole, load_model(options.train.checkpoint)));
  std::filesystem::remove_all(folder);
}

TEST(FullBatch, SeveralLabelsAreScoredByMicroF1) {
  graph::GraphData data = toy_communities();
  data.num_classes = 3;
  for (const std::int32_t label : data.labels)
    for (const int value : {label, 1 - label, 1})
      data.multi_labels.push_back(static_cast<std::uint8_t>(value));
  data.labels.clear();
  learn::Model model(toy_gcn(4, 3), 1);
  GraphProcedureOptions options = quick();
  options.train.loss = "bce";
  const GraphRunResult result = full_batch_procedure().run(model, data, options);
  EXPECT_EQ(result.metric, "micro-f1");
  EXPECT_GE(result.last.test, 0.93);
  options.metric = "accuracy";
  EXPECT_THROW(full_batch_procedure().run(model, data, options), Error);
}

TEST(FullBatch, RefusesDataThatItCannotTrainOn) {
  graph::GraphData data = toy_communities();
  data.labels.clear();
  EXPECT_THROW(FullBatchSource{data}, Error);
  data = toy_communities();
  data.splits.clear();
  EXPECT_THROW(FullBatchSource{data}, Error);
  data = toy_communities();
  data.splits[0].train.clear();
  EXPECT_THROW(FullBatchSource{data}, Error);
}

TEST(Procedures, ParametersAreReadAndChecked) {
  const MethodInfo info{
      "example",
      "",
      "",
      {{"parts", "int", "7", "", ""}, {"share", "float", "0.5", "", ""}, {"fast", "bool", "true", "", ""}}};
  GraphProcedureOptions options;
  EXPECT_EQ(parameter_int(info, options, "parts"), 7);
  EXPECT_TRUE(parameter_bool(info, options, "fast"));
  options.parameters = {{"parts", "12"}, {"share", "x"}};
  EXPECT_EQ(parameter_int(info, options, "parts"), 12);
  EXPECT_THROW(parameter_float(info, options, "share"), Error);
  options.parameters = {{"part", "12"}};
  EXPECT_THROW(check_parameters(info, options), Error);
  EXPECT_THROW(find_graph_procedure("full-bach"), Error);
  EXPECT_EQ(find_graph_procedure("full-batch").info.name, "full-batch");
}

TEST(Glorot, WeightsFillTheirIntervalAndDependOnTheSeedAlone) {
  learn::Model a(toy_gcn(400), 1), b(toy_gcn(400), 2);
  draw_glorot(a, 9);
  draw_glorot(b, 9);
  EXPECT_TRUE(at::equal(a.parameter("linear1", "weight").latent, b.parameter("linear1", "weight").latent));
  const double bound = std::sqrt(6.0 / 408);
  const at::Tensor w = a.parameter("linear1", "weight").latent;
  EXPECT_LE(w.abs().max().item<double>(), bound);
  EXPECT_GT(w.abs().max().item<double>(), 0.99 * bound);
  // 3200 draws, uniform: deviation bound / sqrt 3, mean within five standard errors of 0.
  EXPECT_NEAR(w.std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound);
  EXPECT_NEAR(w.mean().item<double>(), 0, 5 * bound / std::sqrt(3.0 * 3200));
}

}  // namespace
}  // namespace tern::train
