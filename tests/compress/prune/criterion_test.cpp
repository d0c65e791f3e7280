// The registry, and criteria that look at weights or activations alone.
#include "compress/prune/criterion.hpp"

#include <set>

#include "base/error.hpp"
#include "compress/prune/small_networks.hpp"

namespace tern::compress {
namespace {

learn::Model linear_net(const at::Tensor& weight, bool relu = false) {
  net::Net net("linear");
  net.add("x", "input", {}, {{"shape", net::Shape{weight.size(1)}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", weight.size(0)}});
  if (relu) net.add("act", "relu", {"a"});
  learn::Model model(net, 1);
  const c10::NoGradGuard no_grad;
  model.parameter("a", "weight").latent.copy_(weight);
  return model;
}

TEST(Criterion, NamesAreUniqueAndSamplesAreAskedFor) {
  std::set<std::string> names;
  for (const auto& row : criterion_table()) EXPECT_TRUE(names.insert(row.info.name).second) << row.info.name;
  EXPECT_THROW(find_criterion("magnitud"), Error);
  learn::Model model = residual_net();
  const auto weights = model.weight_names();
  for (const auto& row : criterion_table())
    if (row.needs_samples) {
      EXPECT_THROW(score_weights(row, {.model = model, .names = weights}), Error) << row.info.name;
    }
}

TEST(Criterion, ScoringLeavesTheModelAlone) {
  learn::Model model = residual_net();
  const Samples samples = make_samples(model, 1, 4);
  std::map<std::string, at::Tensor> before;
  for (const auto& [name, parameter] : model.parameters()) before[name] = parameter.latent.detach().clone();
  for (const auto& row : criterion_table()) {
    if (row.info.name == "l0") continue;  // needs gates
    const Scores scores = scores_of(row.info.name, model, samples, 0.5);
    for (const auto& name : model.weight_names()) {
      EXPECT_EQ(scores.at(name).sizes(), before.at(name).sizes()) << row.info.name;
      EXPECT_EQ(scores.at(name).scalar_type(), at::kFloat) << row.info.name;
      EXPECT_FALSE(scores.at(name).requires_grad()) << row.info.name;
    }
    for (const auto& [name, parameter] : model.parameters()) {
      EXPECT_TRUE(at::equal(parameter.latent, before.at(name))) << row.info.name << " " << name;
      EXPECT_FALSE(parameter.override_value.defined()) << row.info.name << " " << name;
      EXPECT_FALSE(parameter.latent.grad().defined()) << row.info.name << " " << name;
    }
  }
}

TEST(Criterion, SpikingNetworksAreScoredToo) {
  net::Net net("spiking", 3);
  net.add("x", "input", {}, {{"shape", net::Shape{2, 8, 8}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 4}, {"kernel", 3}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("lif", "lif", {"bn"}, {{"v_threshold", 0.2}});
  net.add("tcja", "tcja", {"lif"});
  net.add("pool", "max_pool2d", {"tcja"});
  net.add("drop", "dropout", {"pool"});
  net.add("flatten", "flatten", {"drop"});
  net.add("fc", "linear", {"flatten"}, {{"out_features", 8}});
  net.add("out", "if", {"fc"}, {{"v_threshold", 0.1}});
  net.add("mean", "mean_time", {"out"});
  net.add("vote", "vote", {"mean"}, {{"group", 2}});
  learn::Model model(net, 3);
  const Samples samples{{learn::random({3 * 5, 2, 8, 8}, 1).gt(0.5).to(at::kFloat),
                         learn::one_hot(at::arange(5, at::kLong) % 4, 4, 0.0), 3}};
  for (const auto& row : criterion_table()) {
    std::vector<std::string> names = model.weight_names();
    if (row.info.name == "l0") continue;  // needs gates
    if (row.info.name == "obs") names = {"conv.weight", "fc.weight"};
    const Scores scores = score_weights(row, {.model = model,
                                              .names = names,
                                              .samples = [&]() -> const Samples& { return samples; },
                                              .loss = learn::find_loss("mse").loss,
                                              .sparsity = 0.5});
    for (const auto& name : names) {
      EXPECT_TRUE(scores.at(name).isfinite().all().item<bool>()) << row.info.name << " " << name;
      EXPECT_GT(scores.at(name).abs().sum().item<double>(), 0.0) << row.info.name << " " << name;
    }
  }
}

TEST(Criterion, GradientsAreThoseOfEvaluationWithoutDropout) {
  const auto scored = [](double p) {
    net::Net net("dropping");
    net.add("x", "input", {}, {{"shape", net::Shape{6}}, {"time", false}});
    net.add("a", "linear", {"x"}, {{"out_features", 8}});
    net.add("drop", "dropout", {"a"}, {{"p", p}});
    net.add("b", "linear", {"drop"}, {{"out_features", 4}});
    learn::Model model(net, 3);
    return scores_of("snip", model, make_samples(model, 1, 6)).at("a.weight");
  };
  EXPECT_TRUE(at::equal(scored(0.5), scored(0.0)));
}

TEST(Criterion, LampByHand) {
  learn::Model model = linear_net(at::tensor({-2.F, 1.F, 3.F, 0.F}).view({1, 4}));
  const at::Tensor expected = at::tensor({4.F / 13, 1.F / 14, 1.F, 0.F}).view({1, 4});
  EXPECT_LT(learn::distance(scores_of("lamp", model, {}).at("a.weight"), expected), 1e-7);
}

TEST(Criterion, FpgmByHand) {
  learn::Model model = linear_net(at::tensor({0.F, 0.F, 3.F, 4.F, 0.F, 0.F}).view({3, 2}));
  const at::Tensor expected = at::tensor({5.F, 5.F, 10.F, 10.F, 5.F, 5.F}).view({3, 2});
  EXPECT_LT(learn::distance(scores_of("fpgm", model, {}).at("a.weight"), expected), 1e-6);
}

TEST(Criterion, ActivationLooksBehindTheNonlinearity) {
  const at::Tensor weight = at::tensor({1.F, -1.F, 2.F}).view({3, 1});
  const Samples samples{{at::tensor({1.F, 3.F}).view({2, 1}), at::zeros({2, 3}), 1},
                        {at::tensor({-4.F, 4.F}).view({2, 1}), at::zeros({2, 3}), 1}};
  learn::Model plain = linear_net(weight), rectified = linear_net(weight, true);
  EXPECT_LT(learn::distance(scores_of("activation", plain, samples).at("a.weight"),
                            at::tensor({3.F, 3.F, 6.F}).view({3, 1})),
            1e-6);
  EXPECT_LT(learn::distance(scores_of("activation", rectified, samples).at("a.weight"),
                            at::tensor({2.F, 1.F, 4.F}).view({3, 1})),
            1e-6);
}

TEST(Criterion, RandomDependsOnSeedAndNameAlone) {
  learn::Model model = residual_net();
  const std::vector<std::string> all = model.weight_names(), one{"conv2.weight"};
  const auto& row = find_criterion("random");
  const Scores first = score_weights(row, {.model = model, .names = all, .seed = 1});
  EXPECT_TRUE(at::equal(first.at("conv2.weight"),
                        score_weights(row, {.model = model, .names = one, .seed = 1}).at("conv2.weight")));
  EXPECT_FALSE(at::equal(first.at("conv2.weight"),
                         score_weights(row, {.model = model, .names = one, .seed = 2}).at("conv2.weight")));
}

}  // namespace
}  // namespace tern::compress
