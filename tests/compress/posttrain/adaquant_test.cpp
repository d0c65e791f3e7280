#include "compress/posttrain/adaquant.hpp"

#include "compress/posttrain/float_twin.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

TEST(AdaQuant, ErrorFallsAndScalesMove) {
  for (const char* per : {"tensor", "channel"}) {
    learn::Model model = random_model(residual_net(), 5);
    prune_half(model, 6);
    quantize_weights(model, 3, per);
    const Samples samples = image_samples();
    learn::Model twin = float_twin(model);
    const double before = output_divergence(twin, model, samples);
    const at::Tensor scale = model.parameter("conv1", "weight").integers().scale;
    for (const auto& layer : adaquant(model, model.weight_names(), samples, {}))
      EXPECT_LT(layer.after, 0.9 * layer.before) << per << " " << layer.node;
    EXPECT_LT(output_divergence(twin, model, samples), before);
    EXPECT_GT(learn::distance(model.parameter("conv1", "weight").integers().scale, scale), 1e-4);
    const learn::Parameter& parameter = model.parameter("conv2", "weight");
    EXPECT_EQ(parameter.stored().masked_select(parameter.mask.eq(0)).abs().max().item<double>(), 0);
  }
}

// With the best bias, float and quantized outputs have the same mean: measured in the first layer, whose
// inputs agree.
TEST(AdaQuant, BiasTakesTheMeanError) {
  learn::Model model = random_model(residual_net(), 7);
  quantize_weights(model, 2);
  const Samples samples = image_samples();
  learn::Model twin = float_twin(model);
  const auto errors = adaquant(model, {"conv1.weight"}, samples, {});
  const auto output = [&](learn::Model& of) {
    std::vector<at::Tensor> parts;
    for (const auto& batch : samples)
      parts.push_back(run_node(of, of.net().node("conv1"), {batch.frames}, 1));
    return at::cat(parts);
  };
  const at::Tensor difference = output(twin) - output(model);
  EXPECT_LT(difference.mean({0, 2, 3}).abs().max().item<double>(), 1e-5);
  EXPECT_NEAR(difference.square().sum(1).mean().item<double>(), errors[0].after, 1e-4 * errors[0].after);
}

}  // namespace
}  // namespace tern::compress
