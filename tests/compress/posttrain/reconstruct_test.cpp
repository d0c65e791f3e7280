#include "compress/posttrain/reconstruct.hpp"

#include "compress/posttrain/float_twin.hpp"
#include "compress/quantize/insert.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

std::string names_of(const net::Net& net) {
  std::string text;
  for (const Block& block : reconstruction_blocks(net))
    text += net.nodes()[block.first].name + ".." + net.nodes()[block.last - 1].name + " ";
  return text;
}

TEST(Reconstruct, BlocksEndWhereOneValueIsAlive) {
  EXPECT_EQ(names_of(residual_net()), "conv1..relu1 conv2..relu3 fc..fc ");
  EXPECT_EQ(names_of(chain_net()), "conv1..relu1 dw..relu2 conv3..relu3 fc..fc ");
}

learn::Model quantized_residual(std::uint64_t seed, int bits, int activation_bits) {
  learn::Model model = random_model(residual_net(), seed);
  std::map<std::string, int> widths;
  for (const char* node : {"conv2", "conv3", "fc"}) widths[node] = activation_bits;
  auto sites = activation_sites(model.net(), widths);
  for (auto& site : sites) site.scale = 4.0F / static_cast<float>((1 << activation_bits) - 1);
  model = insert_activation_nodes(model, sites);
  prune_half(model, seed);
  quantize_weights(model, bits, "channel");
  return model;
}

TEST(Reconstruct, BlockErrorsFallAndPrunedWeightsStay) {
  for (const double drop : {0.0, 0.5}) {
    learn::Model model = quantized_residual(3, 3, 4);
    learn::Model twin = float_twin(model);
    const Samples samples = image_samples(2, 32);
    const double before = output_divergence(twin, model, samples);
    const auto errors = reconstruct(model, model.weight_names(), samples, {.iterations = 200, .drop = drop});
    ASSERT_EQ(errors.size(), 3U);
    double sum_before = 0, sum_after = 0;
    for (const auto& block : errors) {
      EXPECT_LE(block.after, block.before) << block.node;
      sum_before += block.before, sum_after += block.after;
    }
    EXPECT_LT(sum_after, 0.95 * sum_before) << drop;
    EXPECT_LT(output_divergence(twin, model, samples), before) << drop;
    for (const auto& name : model.weight_names()) {
      const learn::Parameter& parameter = model.parameters().at(name);
      EXPECT_EQ(parameter.stored().masked_select(parameter.mask.eq(0)).abs().max().item<double>(), 0) << name;
      EXPECT_FALSE(parameter.override_value.defined());
    }
  }
}

TEST(Reconstruct, IsAFunctionOfItsSeed) {
  learn::Model one = quantized_residual(4, 3, 4), two = quantized_residual(4, 3, 4);
  const Samples samples = image_samples(1, 32);
  for (learn::Model* model : {&one, &two})
    reconstruct(*model, {"conv2.weight", "conv3.weight"}, samples,
                {.iterations = 30, .batch = 8, .drop = 0.5, .seed = 5});
  EXPECT_TRUE(at::equal(one.parameter("conv3", "weight").latent, two.parameter("conv3", "weight").latent));
  EXPECT_EQ(one.parameter("conv1", "weight").quantizer->name(), "affine") << "not named, not touched";
}

}  // namespace
}  // namespace tern::compress
