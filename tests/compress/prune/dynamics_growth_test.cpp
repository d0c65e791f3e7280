#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "compress/prune/dynamics/growth.hpp"
#include "compress/prune/dynamics/rigl.hpp"
#include "compress/prune/dynamics/set.hpp"
#include "compress/prune/dynamics/snfs.hpp"
#include "compress/prune/dynamics_testing.hpp"

namespace tern::compress {
namespace {

TinyTraining::Factory growing(const char* method, PruneSettings settings) {
  return [=] { return find_growth(method).make(settings); };
}

learn::Parameter row_of(std::vector<float> latent, std::vector<float> mask) {
  learn::Parameter parameter;
  parameter.latent = learn::leaf(at::tensor(latent));
  parameter.mask = at::tensor(mask);
  return parameter;
}

TEST(DropAndGrow, HandWorked) {
  learn::Parameter parameter = row_of({0.1F, -3, 0, 2, 0, 0, -0.2F, 0}, {1, 1, 0, 1, 0, 0, 1, 0});
  const at::Tensor scores = at::tensor({9.0F, 9.0F, 1.0F, 9.0F, 3.0F, 3.0F, 9.0F, 2.0F});
  drop_and_grow(parameter, scores, 2, 1, "w");
  EXPECT_TRUE(parameter.mask.equal(at::tensor({0.0F, 1.0F, 0.0F, 1.0F, 1.0F, 0.0F, 0.0F, 0.0F})))
      << "what was dropped is no candidate; of equal scores the first grows";
  EXPECT_TRUE(parameter.latent.equal(at::tensor({0.0F, -3.0F, 0.0F, 2.0F, 0.0F, 0.0F, 0.0F, 0.0F})));
  const at::Tensor bad = at::full({8}, std::nan(""));
  EXPECT_THROW(drop_and_grow(parameter, bad, 1, 1, "w"), Error);
}

TEST(DropAndGrow, FractionFallsAsACosine) {
  EXPECT_DOUBLE_EQ(drop_fraction(0.3, 0, 1000), 0.3);
  EXPECT_NEAR(drop_fraction(0.3, 375, 1000), 0.15, 1e-12);
  EXPECT_NEAR(drop_fraction(0.3, 750, 1000), 0.0, 1e-12);
  EXPECT_NEAR(drop_fraction(0.3, 250, 1000), 0.15 * 1.5, 1e-12);
}

TEST(DropAndGrow, ShortPhasesExchangeMoreOften) {
  EXPECT_EQ(exchange_interval(100, 100000), 100);
  EXPECT_EQ(exchange_interval(100, 400), 15);
  EXPECT_EQ(exchange_interval(100, 10), 1);
}

// Layers keep their counts, the smallest go and the largest gradients come, against a plain sort of
// everything.
TEST(Rigl, ExchangesByBruteForce) {
  PruneSettings settings = settings_at(0.75, "erk");
  settings.interval = 10;
  TinyTraining training(growing("rigl", settings), 400);
  std::map<std::string, std::int64_t> counts;
  std::map<std::string, at::Tensor> latents, masks, gradients;
  training.before_apply = [&](std::int64_t step) {
    if (step == 0 || step % 10 != 0) return;
    gradients = weight_gradients(training.model, training.model.weight_names(), tiny_batch(step),
                                 learn::find_loss("ce").loss, true);
    for (const auto& name : training.model.weight_names()) {
      latents[name] = training.model.parameters().at(name).latent.detach().clone();
      masks[name] = training.model.parameters().at(name).mask.clone();
    }
  };
  int exchanged = 0;
  training.after_apply = [&](std::int64_t step) {
    if (step == 0) counts = zeros_of(training.model);
    EXPECT_EQ(zeros_of(training.model), counts) << step;
    if (step == 0 || step % 10 != 0) return;
    for (const auto& [name, mask] : masks) {
      const at::Tensor now = training.model.parameters().at(name).mask;
      const double kept = mask.sum().item<double>();
      const auto count =
          step < 300 ? std::min(static_cast<std::int64_t>(drop_fraction(0.3, step, 400) * kept), counts[name])
                     : 0;
      const at::Tensor size = at::where(mask.ne(0), latents[name].abs(), at::full_like(mask, 1e9)).flatten();
      const at::Tensor pull = at::where(mask.ne(0), at::full_like(mask, -1), gradients[name].abs()).flatten();
      at::Tensor expected = mask.clone().flatten();
      expected.index_fill_(0, size.argsort().narrow(0, 0, count), 0);
      expected.index_fill_(0, pull.argsort(0, true).narrow(0, 0, count), 1);
      EXPECT_TRUE(now.flatten().equal(expected)) << name << " at " << step;
      const at::Tensor fresh = now * (1 - mask);
      EXPECT_EQ((training.model.parameters().at(name).latent * fresh).abs().sum().item<double>(), 0)
          << "starts at zero";
      exchanged += static_cast<int>(count);
    }
  };
  training.run();
  EXPECT_GT(exchanged, 50);
}

TEST(Rigl, GrownWeightsLearnAndMaskedOnesDoNot) {
  TinyTraining training(growing("rigl", settings_at(0.7)), 100);
  at::Tensor first;
  training.after_step = [&](std::int64_t step) {
    if (step == 0) first = training.model.parameter("a", "weight").mask.clone();
    const learn::Parameter& a = training.model.parameter("a", "weight");
    EXPECT_EQ((a.latent * (1 - a.mask)).abs().sum().item<double>(), 0) << step;
  };
  training.run();
  const learn::Parameter& a = training.model.parameter("a", "weight");
  const at::Tensor grown = a.mask * (1 - first);
  EXPECT_GT(grown.sum().item<double>(), 5);
  EXPECT_GT((a.latent * grown).ne(0).sum().item<double>(), 0.9 * grown.sum().item<double>());
}

TEST(Set, DrawsFollowSeedStepAndName) {
  learn::Model model = tiny_model();
  const auto draw = [&](std::uint64_t seed, std::int64_t step) {
    TransformContext context = context_of(model);
    context.seed = seed;
    context.step = step;
    return random_growth(context, model.weight_names());
  };
  EXPECT_TRUE(draw(1, 10).at("a.weight").equal(draw(1, 10).at("a.weight")));
  EXPECT_FALSE(draw(1, 10).at("a.weight").equal(draw(1, 20).at("a.weight")));
  EXPECT_FALSE(draw(1, 10).at("a.weight").equal(draw(2, 10).at("a.weight")));
  EXPECT_FALSE(
      draw(1, 10).at("a.weight").flatten().narrow(0, 0, 64).equal(draw(1, 10).at("b.weight").flatten()));
}

TEST(Set, EveryWeightGetsItsTurn) {
  PruneSettings settings = settings_at(0.5, "local");
  settings.interval = 4;
  TinyTraining training(growing("set", settings), 600);
  at::Tensor ever = at::zeros({16, 8});
  training.after_apply = [&](std::int64_t) {
    ever = at::maximum(ever, training.model.parameter("a", "weight").mask);
  };
  training.run();
  EXPECT_EQ(ever.sum().item<double>(), 128);
  EXPECT_EQ(zeros_of(training.model).at("a.weight"), 64);
}

TEST(Snfs, SplitsExactlyWithinTheRoom) {
  EXPECT_EQ(split_by_weight(10, {1, 1, 2}, {9, 9, 9}), (std::vector<std::int64_t>{3, 2, 5}));  // 2.5, 2.5, 5
  EXPECT_EQ(split_by_weight(10, {1, 0, 9}, {9, 9, 4}), (std::vector<std::int64_t>{6, 0, 4}));
  EXPECT_EQ(split_by_weight(10, {1, 0, 9}, {3, 9, 4}), (std::vector<std::int64_t>{3, 3, 4}));
  EXPECT_EQ(split_by_weight(0, {1, 1}, {5, 5}), (std::vector<std::int64_t>{0, 0}));
  for (std::int64_t total = 0; total <= 30; ++total) {
    const auto parts = split_by_weight(total, {0.1, 3.7, 0.0, 1.1}, {10, 8, 7, 5});
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}), total);
    EXPECT_TRUE(parts[0] <= 10 && parts[1] <= 8 && parts[2] <= 7 && parts[3] <= 5);
  }
}

TEST(Snfs, MomentumIsThatOfDenseGradientsAndTheTotalIsConstant) {
  PruneSettings settings = settings_at(0.6);
  settings.interval = 10;  // observed at every step
  TinyTraining training(growing("snfs", settings), 300);
  at::Tensor momentum = at::zeros({16, 8}), gradient;
  training.before_apply = [&](std::int64_t step) {
    gradient = weight_gradients(training.model, {"a.weight"}, tiny_batch(step), learn::find_loss("ce").loss,
                                true)["a.weight"];
  };
  std::set<std::int64_t> counts_of_a;
  training.after_apply = [&](std::int64_t step) {
    EXPECT_EQ(all_zeros(training.model), std::llround(0.6 * 192)) << step;
    counts_of_a.insert(zeros_of(training.model).at("a.weight"));
    if (step == 0 || step > 30) return;
    momentum = 0.9 * momentum + 0.1 * gradient;
    const auto& state = training.model.parameter("a", "weight").state;
    EXPECT_LT(learn::distance(state.at("growth_momentum"), momentum), 1e-6) << step;
  };
  training.run();
  EXPECT_GT(counts_of_a.size(), 2u) << "layers compete";
}

TEST(Growth, WorksOnSingleWeightsOnly) {
  PruneSettings settings = settings_at(0.5, "local");
  settings.shape = parse_mask_shape("2:4");
  for (const char* method : {"set", "rigl", "snfs"})
    EXPECT_THROW(growing(method, settings)(), Error) << method;
  EXPECT_THROW(find_growth("rigll"), Error);
}

}  // namespace
}  // namespace tern::compress
