#include "compress/posttrain/bias_correction.hpp"

#include <cmath>

#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/fold.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

/// Largest difference of channel means at `node` between the model and its float twin.
double shift_at(learn::Model& model, learn::Model& twin, const Samples& samples, const std::string& name) {
  const auto means = [&](learn::Model& of) {
    at::Tensor sum;
    learn::ForwardOptions options;
    options.observer = [&](const net::Node& node, const at::Tensor& value) {
      if (node.name != name) return;
      const at::Tensor mean = value.dim() == 4 ? value.mean({0, 2, 3}) : value.mean(0);
      sum = sum.defined() ? sum + mean : mean;
    };
    for (const auto& batch : samples) learn::forward(of, batch.frames, batch.num_steps, options);
    return sum / static_cast<double>(samples.size());
  };
  return learn::distance(means(model), means(twin));
}

TEST(BiasCorrection, RemovesTheMeanShiftExactly) {
  learn::Model model = random_model(residual_net(), 2);
  quantize_weights(model, 3);
  learn::Model twin = float_twin(model);
  const Samples samples = image_samples();
  EXPECT_GT(shift_at(model, twin, samples, "fc"), 0.01);
  EXPECT_EQ(correct_biases(model, model.weight_names(), samples).size(), 4U);
  for (const char* node : {"conv1", "conv2", "conv3", "fc"})
    EXPECT_LT(shift_at(model, twin, samples, node), 2e-5) << node;
  EXPECT_LT(
      learn::distance(float_twin(model).parameter("fc", "bias").latent, twin.parameter("fc", "bias").latent),
      1e-9);
}

TEST(BiasCorrection, NormsTakeItWhereTheKernelHasNoBias) {
  learn::Model model = random_model(chain_net(), 2);
  quantize_weights(model, 3);
  learn::Model twin = float_twin(model);
  const Samples samples = image_samples();
  EXPECT_EQ(correct_biases(model, model.weight_names(), samples).size(), 4U);
  for (const char* node : {"bn1", "bn2", "bn3", "fc"}) EXPECT_LT(shift_at(model, twin, samples, node), 5e-5) << node;
}

TEST(BiasCorrection, Pitfall12TwiceChangesNothing) {
  for (const net::Net& net : {residual_net(), chain_net()}) {
    learn::Model model = random_model(net, 3);
    quantize_weights(model, 3);
    const Samples samples = image_samples();
    correct_biases(model, model.weight_names(), samples);
    const at::Tensor once = scores_of(model, samples);
    correct_biases(model, model.weight_names(), samples);
    EXPECT_LT(learn::distance(scores_of(model, samples), once), 1e-4 * once.abs().max().item<double>()) << net.name();
  }
}

TEST(BiasCorrection, MakesPlaceWhereThereIsNone) {
  net::Net net("bare");
  net.add("x", "input", {}, {{"shape", 4}});
  net.add("fc", "linear", {"x"}, {{"out_features", 3}});
  learn::Model model = random_model(net);
  const at::Tensor weight = model.parameter("fc", "weight").latent;
  EXPECT_TRUE(add_missing_biases(model, model.weight_names()));
  EXPECT_EQ(model.parameter("fc", "bias").latent.abs().sum().item<double>(), 0);
  EXPECT_TRUE(model.parameter("fc", "weight").latent.is_same(weight));
  EXPECT_FALSE(add_missing_biases(model, model.weight_names()));
}

TEST(BiasCorrection, MeanOfAClippedNormal) {
  const at::Tensor mean = at::tensor({0.0F, 1.0F, -1.0F, 0.7F}), deviation = at::tensor({1.0F, 0.0F, 0.0F, 2.0F});
  const at::Tensor result = mean_of_clipped_normal(mean, deviation);
  EXPECT_NEAR(result[0].item<double>(), 1 / std::sqrt(2 * M_PI), 1e-6);
  EXPECT_NEAR(result[1].item<double>(), 1, 1e-6);
  EXPECT_NEAR(result[2].item<double>(), 0, 1e-6);
  double sum = 0;  // midpoint rule
  for (double x = 0.0005; x < 20; x += 0.001)
    sum += 0.001 * x * std::exp(-0.5 * std::pow((x - 0.7) / 2, 2)) / (2 * std::sqrt(2 * M_PI));
  EXPECT_NEAR(result[3].item<double>(), sum, 1e-5);
}

// Norms whose statistics are true: the shift that the analytic form predicts is the one that is measured, but for
// distributions that are only nearly normal and for padding.
TEST(BiasCorrection, AnalyticPredictsTheMeasuredShift) {
  net::Net net("analytic");
  net.add("x", "input", {}, {{"shape", 20}});
  net.add("fc1", "linear", {"x"}, {{"out_features", 12}, {"bias", true}});
  net.add("bn", "batch_norm", {"fc1"});
  net.add("relu", "relu", {"bn"});
  net.add("fc2", "linear", {"relu"}, {{"out_features", 6}, {"bias", true}});
  learn::Model model = random_model(net, 4);
  const Samples samples{{learn::random({20000, 20}, 5), at::zeros({20000, 6}), 1}};
  {  // x is N(0, I): fc1 gives N(b, |w|^2)
    const c10::NoGradGuard no_grad;
    model.parameter("bn", "running_mean").latent.copy_(model.parameter("fc1", "bias").latent);
    model.parameter("bn", "running_var").latent.copy_(model.parameter("fc1", "weight").latent.square().sum(1));
  }
  for (const bool folded : {false, true}) {
    learn::Model quantized = folded ? fold_batch_norms(model) : model.clone_without_quantizers();
    quantize_weights(quantized, 2);
    quantized.parameter("fc1", "weight").quantizer = nullptr;
    learn::Model twin = float_twin(quantized);
    const double before = shift_at(quantized, twin, samples, "fc2");
    EXPECT_EQ(correct_biases_analytically(quantized, {"fc1.weight", "fc2.weight"}).size(), 1U)
        << "the input of fc1 is unknown";
    EXPECT_LT(shift_at(quantized, twin, samples, "fc2"), 0.05 * before) << folded;
    const at::Tensor once = quantized.parameter("fc2", "bias").latent.detach().clone();
    correct_biases_analytically(quantized, {"fc2.weight"});
    EXPECT_LT(learn::distance(quantized.parameter("fc2", "bias").latent, once), 1e-6);
  }
}

}  // namespace
}  // namespace tern::compress
