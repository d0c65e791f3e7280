#include "compress/posttrain/ocs.hpp"

#include "base/error.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

TEST(Ocs, KeepsTheFunctionAndHalvesTheOutlier) {
  learn::Model model = random_model(chain_net());
  { const c10::NoGradGuard no_grad; model.parameter("conv3", "weight").latent.select(1, 5).mul_(10); }
  const Samples samples = image_samples();
  const at::Tensor before = scores_of(model, samples);
  // conv3 reads a depthwise kernel and fc a flattened one: neither input can be widened.
  OcsResult none = split_outlier_channels(model, {"conv3.weight", "fc.weight", "dw.weight"}, {});
  EXPECT_EQ(none.refused.size(), 3U);
  EXPECT_TRUE(none.split.empty());

  learn::Model residual = random_model(residual_net());
  { const c10::NoGradGuard no_grad; residual.parameter("conv3", "weight").latent.select(1, 5).mul_(10); }
  const at::Tensor old = residual.parameter("conv3", "weight").latent.detach();
  const at::Tensor scores = scores_of(residual, samples);
  OcsResult result = split_outlier_channels(residual, {"conv3.weight", "conv2.weight"}, {.ratio = 0.1, .bits = 4});
  EXPECT_EQ(result.split.size(), 1U);
  EXPECT_EQ(result.refused.size(), 1U) << "conv2's input is also the shortcut";
  const at::Tensor split = result.model.parameter("conv3", "weight").latent.detach();
  EXPECT_EQ(split.size(1), 9) << "ceil(0.1 * 8) channels more";
  const double step = old.abs().max().item<double>() / 7;
  EXPECT_NEAR(split.select(1, 8).abs().max().item<double>(), old.abs().max().item<double>() / 2, 0.5 * step);
  EXPECT_LT(learn::distance(scores_of(result.model, samples), scores), 1e-5 * scores.abs().max().item<double>());
}

// The halves of w round to codes whose sum is the nearest code of w: (w - s/2)/2 and (w + s/2)/2 on a grid of step s.
TEST(Ocs, HalvesRoundToOppositeSides) {
  for (double w = -7; w <= 7; w += 0.37) {
    const double halves = std::nearbyint((w - 0.5) / 2) + std::nearbyint((w + 0.5) / 2);
    EXPECT_LE(std::abs(halves - w), 0.5 + 1e-9) << w;
  }
}

TEST(Ocs, WidensNormsAndNeuronsBetween) {
  net::Net net("spiking", 4);
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 6}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv1"});
  net.add("lif", "lif", {"bn"});
  net.add("pool", "max_pool2d", {"lif"});
  net.add("conv2", "conv2d", {"pool"}, {{"out_channels", 5}});
  net.add("flat", "flatten", {"conv2"});
  net.add("mean", "mean_time", {"flat"});
  learn::Model model = random_model(net);
  const at::Tensor frames = image_samples(1, 16)[0].frames;
  const at::Tensor before = learn::forward(model, frames, 4, {});
  OcsResult result = split_outlier_channels(model, {"conv2.weight"}, {.ratio = 0.5});
  EXPECT_EQ(result.model.parameter("bn", "running_var").latent.size(0), 9);
  EXPECT_LT(learn::distance(learn::forward(result.model, frames, 4, {}), before),
            1e-5 * before.abs().max().item<double>());
}

TEST(Ocs, RefusesQuantizedKernels) {
  learn::Model model = random_model(residual_net());
  quantize_weights(model, 8);
  EXPECT_THROW(split_outlier_channels(model, {"conv3.weight"}, {}), Error);
}

}  // namespace
}  // namespace tern::compress
