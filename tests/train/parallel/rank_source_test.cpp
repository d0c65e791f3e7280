#include "train/parallel/rank_source.hpp"

#include "learn/graph/graph_batch.hpp"
#include "train/parallel/data_parallel.hpp"
#include "train/parallel/ranks.hpp"

namespace tern::train {
namespace {

/// Points of the plane whose class is the sign of their sum, 24 to a batch, as vectors or as nodes of a graph
/// that the network does not read.
class Points : public BatchSource {
 public:
  explicit Points(bool is_graph, std::int64_t num_steps = 1) : is_graph_(is_graph), num_steps_(num_steps) {}
  std::string place() const override { return "points"; }
  std::string identity() const override { return "points"; }
  std::int64_t batches_per_epoch() const override { return 4; }
  std::int64_t samples_per_epoch() const override { return 96; }
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override {
    TrainBatch batch;
    const at::Tensor points =
        at::randn({24, 2}, learn::make_generator(static_cast<std::uint64_t>(100 * epoch + index)));
    batch.labels = points.sum(1).gt(0).to(at::kLong);
    batch.num_steps = num_steps_;
    std::vector<at::Tensor> steps;
    for (std::int64_t t = 0; t < num_steps_; ++t) steps.push_back(points + 10 * t);
    batch.frames = at::cat(steps);
    if (is_graph_) {
      batch.graph = std::make_shared<learn::GraphBatch>();
      batch.rows = at::arange(1, 24, 2, at::kLong);
      batch.labels = batch.labels.index_select(0, batch.rows);
    }
    batch.targets = at::stack({1 - batch.labels, batch.labels}, 1).to(at::kFloat);
    return batch;
  }
  Scores evaluate(learn::Model&) override { return {}; }
  compress::Samples samples(std::int64_t) override { return {}; }

 private:
  bool is_graph_;
  std::int64_t num_steps_;
};

learn::Model train_points(ProcessGroup* group, bool is_graph) {
  net::Net net("points");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2}}});
  net.add("fc1", "linear", {"x"}, {{"out_features", 8}, {"bias", true}});
  net.add("relu", "relu", {"fc1"});
  net.add("fc2", "linear", {"relu"}, {{"out_features", 2}, {"bias", true}});
  learn::Model model(std::move(net), 1);
  Points points(is_graph);
  RankSource source(points, group);
  DataParallel parallel(model, group);
  TrainOptions options;
  options.epochs = 5;
  options.exchange = &parallel;
  options.validate_each_epoch = false;
  train(model, source, {}, options);
  return model;
}

const bool trains = add_rank_body("trains points", [](ProcessGroup& group, std::ostream& out) {
  for (const bool is_graph : {false, true}) {
    const learn::Model together = train_points(&group, is_graph), alone = train_points(nullptr, is_graph);
    double largest = 0;
    for (const auto& [name, parameter] : alone.parameters())
      largest = std::max(
          largest, (parameter.latent - together.parameters().at(name).latent).abs().max().item<double>());
    out << (largest <= 1e-6);
  }
  out << "\n";
});

const bool deals = add_rank_body("deals points", [](ProcessGroup& group, std::ostream& out) {
  for (const auto& [is_graph, num_steps] : {std::pair(false, 1), std::pair(false, 3), std::pair(true, 1)}) {
    Points points(is_graph, num_steps);
    RankSource source(points, &group);
    const TrainBatch whole = points.batch(1, 0), mine = source.batch(1, 0);
    out << group.all_gather_rows(mine.targets).equal(whole.targets)
        << group.all_gather_rows(mine.labels).equal(whole.labels);
    if (is_graph)
      out << group.all_gather_rows(mine.rows).equal(whole.rows) << mine.frames.equal(whole.frames);
    const std::int64_t n = mine.num_labelled();
    for (std::int64_t t = 0; t < num_steps && !is_graph; ++t)
      out << group.all_gather_rows(mine.frames.slice(0, t * n, (t + 1) * n))
                 .equal(whole.frames.slice(0, t * 24, (t + 1) * 24));
    out << " " << n << " ";
  }
  Points points(false);
  std::vector<at::Tensor> total{at::full({1}, RankSource(points, &group).samples_per_epoch(), at::kLong)};
  group.all_reduce_sum(total);
  out << total[0].item<std::int64_t>() << "\n";
});

TEST(RankSource, DealsEveryBatchOut) {
  const auto results = run_ranks(3, "deals points");
  for (const RankResult& result : results) EXPECT_EQ(result.out, "111 8 11111 8 1111 4 96\n");
}

TEST(RankSource, TrainsTheModelOfASingleProcess) {
  for (const RankResult& result : run_ranks(2, "trains points")) EXPECT_EQ(result.out, "11\n");
}

TEST(RankSource, OfASingleProcessIsTheSource) {
  Points points(false);
  RankSource source(points, nullptr);
  EXPECT_TRUE(source.batch(2, 1).frames.equal(points.batch(2, 1).frames));
  EXPECT_EQ(source.samples_per_epoch(), 96);
}

}  // namespace
}  // namespace tern::train
