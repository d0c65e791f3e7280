#include "compress/posttrain/cle.hpp"

#include "base/error.hpp"
#include "compress/posttrain/fold.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;

learn::Model folded_chain(std::uint64_t seed = 1) { return fold_batch_norms(random_model(chain_net(), seed)); }

at::Tensor row_ranges(const learn::Model& model, const char* node) {
  return model.parameter(node, "weight").latent.detach().flatten(1).abs().amax(1);
}

TEST(Cle, FindsPairsThroughDepthwisePoolsAndFlatten) {
  const learn::Model model = folded_chain();
  std::string text;
  for (const auto& pair : equalizable_pairs(model, model.weight_names()))
    text += pair.first + ">" + pair.second + " ";
  EXPECT_EQ(text, "conv1>dw dw>conv3 conv3>fc ");
  const learn::Model norms = random_model(chain_net());
  EXPECT_TRUE(equalizable_pairs(norms, norms.weight_names()).empty()) << "norms are not folded";
  EXPECT_EQ(equalizable_pairs(model, {"dw.weight", "conv3.weight", "fc.weight"}).size(), 2U);
}

TEST(Cle, SumsEndAPair) {
  const learn::Model model = random_model(residual_net());
  const auto pairs = equalizable_pairs(model, model.weight_names());
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].first + ">" + pairs[0].second, "conv2>conv3");
}

TEST(Cle, KeepsTheFunctionAndMakesRangesEqual) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    learn::Model model = folded_chain(seed);
    const Samples samples = image_samples();
    const at::Tensor before = scores_of(model, samples);
    const auto pairs = equalizable_pairs(model, model.weight_names());
    EXPECT_LT(equalize(model, pairs, {.sweeps = 200, .tolerance = 1e-4, .bias_limit = 1e6}), 200);
    EXPECT_LT(distance(scores_of(model, samples), before) / before.abs().max().item<double>(), 1e-5);
    const at::Tensor dw = model.parameter("dw", "weight").latent.detach();
    const at::Tensor conv3_in = model.parameter("conv3", "weight").latent.detach().abs().amax({0, 2, 3});
    const at::Tensor fc_in = model.parameter("fc", "weight").latent.detach().view({5, 12, -1}).abs().amax({0, 2});
    EXPECT_LT((row_ranges(model, "conv1") / row_ranges(model, "dw") - 1).abs().max().item<double>(), 1e-3);
    EXPECT_LT((row_ranges(model, "dw") / conv3_in - 1).abs().max().item<double>(), 1e-3);
    EXPECT_LT((row_ranges(model, "conv3") / fc_in - 1).abs().max().item<double>(), 1e-3);
  }
}

TEST(Cle, DeadChannelsStay) {
  learn::Model model = folded_chain();
  { const c10::NoGradGuard no_grad; model.parameter("conv1", "weight").latent[3].zero_(); }
  const at::Tensor before = model.parameter("dw", "weight").latent.detach()[3].clone();
  equalize(model, {{"conv1", "dw"}});
  EXPECT_EQ(distance(model.parameter("dw", "weight").latent.detach()[3], before), 0);
  EXPECT_TRUE(at::isfinite(model.parameter("conv1", "bias").latent).all().item<bool>());
}

TEST(Cle, RefusesQuantizedKernels) {
  learn::Model model = folded_chain();
  const auto pairs = equalizable_pairs(model, model.weight_names());
  quantize_weights(model, 8);
  EXPECT_THROW(equalize(model, pairs), Error);
}

net::Net relu6_net() {
  net::Net net("relu6");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 6}, {"bias", true}});
  net.add("six", "relu6", {"conv1"});
  net.add("conv2", "conv2d", {"six"}, {{"out_channels", 4}, {"kernel", 1}, {"bias", true}});
  return net;
}

// min(6, relu(s x)) is not s min(6, relu(x)): the pair must not be found, and the way out must be asked for.
TEST(Cle, Pitfall18Relu6IsNotHomogeneous) {
  learn::Model model = random_model(relu6_net());
  EXPECT_TRUE(equalizable_pairs(model, model.weight_names()).empty());
  EXPECT_EQ(blocking_relu6(model, model.weight_names()), "six");
  EXPECT_EQ(blocking_relu6(model, {"conv1.weight"}), "");
  learn::Model replaced = replace_relu6(model);
  EXPECT_EQ(replaced.net().node("six").op, "relu");
  EXPECT_EQ(equalizable_pairs(replaced, replaced.weight_names()).size(), 1U);
}

// A channel with small weights and a large bias: shrinking it further would double the bias again and again.
TEST(Cle, Pitfall18BiasesStayBounded) {
  learn::Model free = folded_chain(), bound = folded_chain();
  const double before = free.parameter("conv1", "bias").latent.abs().max().item<double>();
  for (learn::Model* model : {&free, &bound}) {
    const c10::NoGradGuard no_grad;
    model->parameter("conv1", "weight").latent[2].mul_(1e-4);
    model->parameter("conv1", "bias").latent[2].fill_(0.5 * before);
  }
  const Samples samples = image_samples();
  const at::Tensor scores = scores_of(bound, samples);
  equalize(free, {{"conv1", "dw"}}, {.bias_limit = 1e9});
  equalize(bound, {{"conv1", "dw"}}, {.bias_limit = 4});
  EXPECT_GT(free.parameter("conv1", "bias").latent.abs().max().item<double>(), 10 * before);
  EXPECT_LE(bound.parameter("conv1", "bias").latent.abs().max().item<double>(), 4.001 * before);
  EXPECT_LT(distance(scores_of(bound, samples), scores) / scores.abs().max().item<double>(), 1e-5);
}

// Pre-activations that stay above c: relu(x - c) + c = relu(x).
TEST(Cle, AbsorbedBiasesKeepTheFunction) {
  net::Net net("absorb");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 4}, {"bias", true}});
  net.add("relu", "relu", {"conv1"});
  net.add("conv2", "conv2d", {"relu"}, {{"out_channels", 5}, {"bias", true}});
  learn::Model model = random_model(net);
  learn::Parameter& bias = model.parameter("conv1", "bias");
  { const c10::NoGradGuard no_grad; bias.latent.fill_(30); model.parameter("conv1", "weight").latent.mul_(0.1); }
  bias.state[norm_shift_state] = at::tensor({30.0F, 28.0F, 1.0F, -5.0F});
  bias.state[norm_gain_state] = at::full({4}, 1.0F);
  const Samples samples = image_samples();
  const at::Tensor before = scores_of(model, samples);
  EXPECT_EQ(absorb_biases(model, {{"conv1", "conv2"}}), 2);
  EXPECT_LT(distance(bias.latent, at::tensor({3.0F, 5.0F, 30.0F, 30.0F})), 1e-5);
  EXPECT_LT(distance(scores_of(model, samples), before) / before.abs().max().item<double>(), 1e-5);
  EXPECT_EQ(absorb_biases(model, {{"conv1", "conv2"}}), 0) << "there is nothing left to absorb";
}

}  // namespace
}  // namespace tern::compress
