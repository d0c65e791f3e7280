#include "compress/posttrain/reestimate.hpp"

#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/net_walk.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

TEST(Reestimate, StatisticsAreThoseOfTheInputs) {
  learn::Model model = random_model(chain_net());
  quantize_weights(model, 3);
  const Samples samples = image_samples(3, 20);
  EXPECT_EQ(reestimate_norms(model, samples), (std::vector<std::string>{"bn1", "bn2", "bn3"}));
  std::map<std::string, at::Tensor> inputs;
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& value) { inputs[node.name] = value; };
  std::vector<at::Tensor> frames;
  for (const auto& batch : samples) frames.push_back(batch.frames);
  learn::forward(model, at::cat(frames), 1, options);
  for (const auto& [norm, source] : {std::pair{"bn1", "conv1"}, {"bn2", "dw"}, {"bn3", "conv3"}}) {
    const at::Tensor rows = inputs.at(source).transpose(0, 1).flatten(1);
    EXPECT_LT(learn::distance(model.parameter(norm, "running_mean").latent, rows.mean(1)), 1e-4) << norm;
    EXPECT_LT(learn::distance(model.parameter(norm, "running_var").latent, rows.var(1, true)), 2e-4) << norm;
  }
}

TEST(Reestimate, DoesNotDependOnTheBatchesAndTwiceChangesNothing) {
  learn::Model one = random_model(chain_net()), two = random_model(chain_net());
  const Samples samples = image_samples(2, 16);
  reestimate_norms(one, samples);
  reestimate_norms(two, split_samples(samples, 5));
  const at::Tensor variance = one.parameter("bn3", "running_var").latent;
  EXPECT_LT(learn::distance(variance, two.parameter("bn3", "running_var").latent), 1e-5);
  const at::Tensor before = variance.clone();
  reestimate_norms(one, samples);
  EXPECT_LT(learn::distance(variance, before), 1e-6);
}

// What later methods aim at: the float network's statistics, or the pruned one's own.
TEST(Reestimate, FloatStatisticsStayKnownInAQuantizedNetwork) {
  learn::Model pruned = random_model(chain_net()), quantized = random_model(chain_net());
  prune_half(pruned, 5);
  quantize_weights(quantized, 3);
  const at::Tensor old = quantized.parameter("bn1", "running_mean").latent.clone();
  reestimate_norms(pruned, image_samples());
  reestimate_norms(quantized, image_samples());
  EXPECT_EQ(learn::distance(float_twin(quantized).parameter("bn1", "running_mean").latent, old), 0);
  EXPECT_GT(learn::distance(float_twin(pruned).parameter("bn1", "running_mean").latent, old), 0.01);
}

}  // namespace
}  // namespace tern::compress
