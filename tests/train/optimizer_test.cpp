#include "train/optimizer.hpp"

#include <cmath>

#include "base/error.hpp"
#include "compress/plan_run.hpp"
#include "learn/testing.hpp"

namespace tern::train {
namespace {

using learn::distance;

learn::Model one_weight(float value) {
  net::Net net("one", 1);
  net.add("x", "input", {}, {{"shape", 1}});
  net.add("a", "linear", {"x"}, {{"out_features", 1}});
  learn::Model model(net, 1);
  const c10::NoGradGuard no_grad;
  model.parameter("a", "weight").latent.fill_(value);
  return model;
}

void step_with(learn::Model& model, Optimizer& optimizer, float gradient, double rate) {
  optimizer.zero_gradients();
  model.parameter("a", "weight").latent.mutable_grad() = at::full({1, 1}, gradient);
  optimizer.step(rate);
}

TEST(Optimizer, AdamByHand) {
  learn::Model model = one_weight(1.0F);
  Optimizer optimizer(model, {});
  double w = 1, m = 0, v = 0;
  for (int t = 1; t <= 5; ++t) {
    const double g = 0.3 * t - 0.7;
    step_with(model, optimizer, static_cast<float>(g), 0.1);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    w -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(model.parameter("a", "weight").latent.item<double>(), w, 1e-5);
  }
}

TEST(Optimizer, SgdByHand) {
  learn::Model model = one_weight(1.0F);
  OptimizerOptions options{"sgd", 0.1};
  Optimizer optimizer(model, options);
  step_with(model, optimizer, 0.5F, 0.1);  // v = 0.5 + 0.1 * 1 = 0.6; w = 0.94
  step_with(model, optimizer, 0.5F, 0.1);  // v = 0.54 + 0.5 + 0.094 = 1.134; w = 0.8266
  EXPECT_NEAR(model.parameter("a", "weight").latent.item<double>(), 0.8266, 1e-6);
  EXPECT_THROW(Optimizer(model, OptimizerOptions{"adma"}), Error);
}

TEST(Optimizer, MasksHoldLatentsAndMomentsAtZero) {
  for (const char* name : {"adam", "sgd"}) {
    net::Net net("one", 1);
    net.add("x", "input", {}, {{"shape", 8}});
    net.add("a", "linear", {"x"}, {{"out_features", 8}});
    learn::Model model(net, 1);
    Optimizer optimizer(model, OptimizerOptions{name, 0.01});
    learn::Parameter& weight = model.parameter("a", "weight");
    const auto step = [&](std::uint64_t seed) {
      optimizer.zero_gradients();
      weight.latent.mutable_grad() = learn::random({8, 8}, seed);
      optimizer.step(0.05);
    };
    step(1);  // moments are busy before the mask comes
    compress::apply_untrained(compress::parse_plan("prune:global=0.5"), model, {});
    for (std::uint64_t seed = 2; seed < 6; ++seed) step(seed);
    const at::Tensor pruned = 1 - weight.mask;
    EXPECT_EQ((weight.latent * pruned).abs().sum().item<double>(), 0) << name;
    for (const auto& [key, moment] : optimizer.state()) EXPECT_EQ((moment * pruned).abs().sum().item<double>(), 0) << key;
    EXPECT_EQ(weight.latent.ne(0).sum().item<std::int64_t>(), 32);
  }
}

}  // namespace
}  // namespace tern::train
