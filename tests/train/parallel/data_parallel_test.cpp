#include "train/parallel/data_parallel.hpp"

#include "base/seed.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "train/optimizer.hpp"
#include "train/parallel/cluster_owner.hpp"
#include "train/parallel/ranks.hpp"

namespace tern::train {
namespace {

constexpr std::int64_t num_features = 8, num_classes = 3;

learn::Model make_mlp(std::uint64_t seed) {
  net::Net net("mlp");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{num_features}}});
  net.add("fc1", "linear", {"x"}, {{"out_features", 16}, {"bias", true}});
  net.add("relu", "relu", {"fc1"});
  net.add("fc2", "linear", {"relu"}, {{"out_features", num_classes}, {"bias", true}});
  return learn::Model(std::move(net), seed);
}

/// Rows of Gaussian features whose class is that of the largest of the first three.
struct Rows {
  at::Tensor features, labels;
};
Rows make_rows(std::int64_t count) {
  Rows rows{at::empty({count, num_features}), {}};
  Rng rng(3);
  for (std::int64_t i = 0; i < rows.features.numel(); ++i)
    rows.features.data_ptr<float>()[i] = static_cast<float>(rng.normal());
  rows.labels = rows.features.slice(1, 0, num_classes).argmax(1);
  return rows;
}

at::Tensor mean_loss(learn::Model& model, const at::Tensor& features, const at::Tensor& labels) {
  learn::ForwardOptions options;
  options.training = true;
  const at::Tensor scores = learn::forward(model, features, 1, options);
  return learn::find_loss("ce").loss(scores, learn::one_hot(labels, num_classes, 0));
}

/// Thirty steps on batches of 20 rows, of which rank r of n takes an unequal share; rank 0 of 1 takes all.
learn::Model train_mlp(ProcessGroup* group, const std::string& optimizer_name, double rate) {
  learn::Model model = make_mlp(1);
  DataParallel parallel(model, group);
  parallel.check_equal_parameters();
  OptimizerOptions options;
  options.name = optimizer_name;
  Optimizer optimizer(model, options);
  const Rows rows = make_rows(100);
  const int r = parallel.rank(), n = parallel.size();
  for (std::int64_t step = 0; step < 30; ++step) {
    const std::int64_t batch = 20 * (step % 5);
    const std::int64_t first = batch + 20 * r * r / (n * n), last = batch + 20 * (r + 1) * (r + 1) / (n * n);
    optimizer.zero_gradients();
    const at::Tensor loss =
        mean_loss(model, rows.features.slice(0, first, last), rows.labels.slice(0, first, last));
    loss.backward();
    const auto count = static_cast<double>(last - first);
    const StepFigures figures = parallel.reduce_gradients({count, loss.item<double>() * count, 0, false});
    EXPECT_EQ(figures.rows, 20);
    optimizer.step(rate);
  }
  parallel.check_equal_parameters();
  return model;
}

double largest_difference(const learn::Model& a, const learn::Model& b) {
  double largest = 0;
  for (const auto& [name, parameter] : a.parameters())
    largest =
        std::max(largest, (parameter.latent - b.parameters().at(name).latent).abs().max().item<double>());
  return largest;
}

const bool trains = add_rank_body("trains", [](ProcessGroup& group, std::ostream& out) {
  for (const auto& [name, rate] : {std::pair("adam", 0.01), std::pair("sgd", 0.1)}) {
    const learn::Model together = train_mlp(&group, name, rate), alone = train_mlp(nullptr, name, rate);
    const double moved = largest_difference(alone, make_mlp(1));
    out << (largest_difference(together, alone) <= 1e-6) << (moved > 0.05);
  }
  out << "\n";
});

const bool differs = add_rank_body("differs", [](ProcessGroup& group, std::ostream& out) {
  learn::Model model = make_mlp(1);
  DataParallel parallel(model, &group);
  const c10::NoGradGuard no_grad;
  model.parameter("fc2", "weight").latent[1][2].add_(1e-6 * group.rank());
  try {
    parallel.check_equal_parameters();
  } catch (const Error& error) {
    out << name_of(error.kind()) << ": " << error.what() << "\n";
  }
  parallel.broadcast_parameters();
  parallel.check_equal_parameters();
  out << "equal\n";
});

/// Figures, ranks without rows, tensors without gradients, and buffers.
const bool reduces = add_rank_body("reduces", [](ProcessGroup& group, std::ostream& out) {
  learn::Model model = make_mlp(1);
  DataParallel parallel(model, &group);
  at::Tensor &weight = model.parameter("fc1", "weight").latent, &bias = model.parameter("fc1", "bias").latent;
  const double rows = group.rank() == 0 ? 0 : 4.0 * group.rank();
  weight.mutable_grad() = at::full_like(weight, group.rank() == 0 ? std::nan("") : group.rank());
  if (group.rank() == 0) bias.mutable_grad() = at::ones_like(bias);
  const StepFigures sums = parallel.reduce_gradients({rows, 0.5 * rows, 1, group.rank() == 2});
  out << sums.rows << " " << sums.loss_sum << " " << sums.correct << " " << sums.stop << " "
      << weight.grad().eq((4.0 * 1 + 8.0 * 2) / 12).all().item<bool>() << bias.grad().defined() << "\n";
});

/// A two-layer graph network on dense matrices over the union of a batch's clusters: exact mode against one
/// process.
const bool exact_mode = add_rank_body("exact mode", [](ProcessGroup& group, std::ostream& out) {
  const Rows rows = make_rows(60);
  const at::Tensor links = at::eye(60) + rows.features.mm(rows.features.t()).gt(6).to(at::kFloat);
  const auto rows_of = [](std::span<const std::int64_t> clusters) {
    std::vector<std::int64_t> ids;
    for (const std::int64_t cluster : clusters)
      for (std::int64_t i = 0; i < 60; ++i)
        if (i % 10 == cluster) ids.push_back(i);
    return at::tensor(ids, at::kLong);
  };
  const auto gradient = [&](learn::Model& model, const at::Tensor& batch, const at::Tensor& mine,
                            ProcessGroup* with) {
    // Re-normalised within the union, as Cluster-GCN does.
    const at::Tensor inside = links.index_select(0, batch).index_select(1, batch);
    const at::Tensor matrix = inside / inside.sum(1, true);
    learn::ForwardOptions options;
    options.training = true;
    const at::Tensor scores =
        matrix.mm(learn::forward(model, matrix.mm(rows.features.index_select(0, batch)), 1, options));
    const at::Tensor places = (batch.unsqueeze(0) == mine.unsqueeze(1)).to(at::kFloat).argmax(1);
    learn::find_loss("ce")
        .loss(scores.index_select(0, places),
              learn::one_hot(rows.labels.index_select(0, mine), num_classes, 0))
        .backward();
    DataParallel(model, with).reduce_gradients({static_cast<double>(mine.numel()), 0, 0, false});
    return model.parameter("fc1", "weight").latent.grad();
  };
  const auto batches = ClusterBatches::global(10, 5, 1, 0);
  for (std::int64_t b = 0; b < batches.num_batches(); ++b) {
    learn::Model together = make_mlp(1), alone = make_mlp(1);
    const at::Tensor batch = rows_of(batches.batch(b));
    const at::Tensor mine = rows_of(batches.slice(b, group.rank(), group.size()));
    const at::Tensor got = gradient(together, batch, mine, &group),
                     wanted = gradient(alone, batch, batch, nullptr);
    out << ((got - wanted).abs().max().item<double>() <= 1e-6 * wanted.abs().max().item<double>() + 1e-8);
  }
  out << "\n";
});

const bool averages = add_rank_body("averages", [](ProcessGroup& group, std::ostream& out) {
  net::Net net("norm");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 3, 3}}});
  net.add("bn", "batch_norm", {"x"});
  learn::Model model(std::move(net), 1);
  model.parameter("bn", "running_mean").latent.fill_(2 * group.rank());
  DataParallel(model, &group).average_buffers();
  out << model.parameter("bn", "running_mean").latent[1].item<float>() << "\n";
});

TEST(DataParallel, TrainsTheModelOfASingleProcess) {
  for (const int size : {2, 3})
    for (const RankResult& result : run_ranks(size, "trains")) EXPECT_EQ(result.out, "1111\n");
}

TEST(DataParallel, RefusesDifferentParameters) {
  for (const RankResult& result : run_ranks(2, "differs"))
    EXPECT_EQ(result.out,
              "usage: fc2.weight: different values on rank 1 and rank 0 of 2: start every rank with the same "
              "model, seed and options\nequal\n");
}

TEST(DataParallel, WeighsByRows) {
  for (const RankResult& result : run_ranks(3, "reduces")) EXPECT_EQ(result.out, "12 6 3 1 10\n");
}

TEST(DataParallel, ExactModeIsTheSingleProcess) {
  for (const RankResult& result : run_ranks(3, "exact mode")) EXPECT_EQ(result.out, "11\n");
}

TEST(DataParallel, AveragesBuffers) {
  for (const RankResult& result : run_ranks(3, "averages")) EXPECT_EQ(result.out, "2\n");
}

TEST(DataParallel, OfASingleProcessChangesNothing) {
  learn::Model model = make_mlp(1);
  DataParallel parallel(model, nullptr);
  at::Tensor& weight = model.parameter("fc1", "weight").latent;
  weight.mutable_grad() = at::ones_like(weight);
  const StepFigures figures = parallel.reduce_gradients({5, 2, 1, true});
  EXPECT_EQ(figures.rows, 5);
  EXPECT_TRUE(figures.stop);
  EXPECT_EQ(weight.grad()[0][0].item<float>(), 1);
  EXPECT_TRUE(parallel.is_first());
  EXPECT_FALSE(parallel.is_parallel());
  parallel.check_equal_parameters();
}

}  // namespace
}  // namespace tern::train
