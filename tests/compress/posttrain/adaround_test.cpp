#include "compress/posttrain/adaround.hpp"

#include "compress/posttrain/float_twin.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

net::Net line_net(std::int64_t inputs, std::int64_t outputs) {
  net::Net net("line");
  net.add("x", "input", {}, {{"shape", inputs}});
  net.add("fc", "linear", {"x"}, {{"out_features", outputs}});
  return net;
}

/// Inputs that go together: rounding errors of one weight can pay for those of another.
at::Tensor correlated_inputs(std::int64_t n, std::int64_t k, std::uint64_t seed) {
  return at::mm(learn::random({n, 3}, seed), learn::random({3, k}, seed + 1)) +
         0.2 * learn::random({n, k}, seed + 2) + 0.5;
}

// All 2^8 ways to round eight weights, against what was learned.
TEST(AdaRound, NearTheBestOfAllRoundings) {
  double learned_sum = 0, best_sum = 0, nearest_sum = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    learn::Model model = random_model(line_net(8, 1), seed);
    quantize_weights(model, 3);
    const net::OpContext context = model.net().context(model.net().node("fc"));
    const at::Tensor x = correlated_inputs(200, 8, 10 * seed);
    const LayerMoments moments = layer_moments(context, {x}, {x});
    const learn::Parameter& parameter = model.parameter("fc", "weight");
    const WeightGrid grid = weight_grid(parameter);
    const at::Tensor w = parameter.latent.detach();
    const OutputError output_error(moments, by_groups(w, context));
    const auto error = [&](const at::Tensor& codes) {
      return output_error(by_groups(codes * grid.scale, context)).item<double>();
    };
    const at::Tensor floor = (w / grid.scale).floor();
    double best = 1e30;
    for (int choice = 0; choice < 256; ++choice) {
      at::Tensor codes = floor.clone();
      for (int i = 0; i < 8; ++i) codes[0][i] += (choice >> i) & 1;
      best = std::min(best, error(codes.clamp(grid.low, grid.high)));
    }
    const double learned = error(learn_rounding(moments, context, w, grid, {}));
    EXPECT_GE(learned, best * (1 - 1e-4)) << seed;
    EXPECT_LE(learned, error(grid.codes)) << seed;
    learned_sum += learned, best_sum += best, nearest_sum += error(grid.codes);
  }
  EXPECT_LT(learned_sum, 1.25 * best_sum);
  EXPECT_GT(nearest_sum, 2 * best_sum) << "the test is too easy";
}

TEST(AdaRound, NeverWorseThanNearestAndRoundsUpOrDown) {
  for (const char* per : {"tensor", "channel", "group:9"}) {
    learn::Model model = random_model(residual_net(), 2);
    prune_half(model, 4);
    quantize_weights(model, 3, per);
    const Samples samples = image_samples();
    const learn::Model twin = float_twin(model);
    const double before = output_divergence(const_cast<learn::Model&>(twin), model, samples);
    const auto errors = adaround(model, model.weight_names(), samples, {});
    ASSERT_EQ(errors.size(), 4U);
    double sum_before = 0, sum_after = 0;
    for (const auto& layer : errors) {
      EXPECT_LE(layer.after, layer.before) << per << " " << layer.node;
      sum_before += layer.before, sum_after += layer.after;
    }
    EXPECT_LT(sum_after, 0.7 * sum_before) << per;
    EXPECT_LT(output_divergence(const_cast<learn::Model&>(twin), model, samples), before) << per;
    for (const auto& name : model.weight_names()) {
      const learn::Parameter& parameter = model.parameters().at(name);
      const at::Tensor step = broadcast_scale(parameter.integers().scale, parameter.latent.sizes());
      const at::Tensor moved = (parameter.stored() - twin.parameters().at(name).latent).abs() / step;
      EXPECT_LT(moved.max().item<double>(), 1.001) << per << " " << name;
      EXPECT_EQ(parameter.stored().masked_select(parameter.mask.eq(0)).abs().max().item<double>(), 0) << name;
      EXPECT_LT(learn::distance(parameter.stored(), parameter.latent), 1e-6) << "the latent holds the codes";
    }
  }
}

// What is frozen survives the way through a checkpoint: spec and tensors.
TEST(AdaRound, FrozenCodesAreThoseOfTheQuantizerMadeAgain) {
  learn::Model model = random_model(residual_net(), 3);
  quantize_weights(model, 4, "channel");
  adaround(model, {"conv2.weight"}, image_samples(1), {.iterations = 50});
  const learn::Parameter& parameter = model.parameter("conv2", "weight");
  const auto again = make_quantizer_from_spec(parameter.quantizer->spec(), parameter.masked());
  { const c10::NoGradGuard no_grad; again->tensors().at("scale").copy_(parameter.quantizer->tensors().at("scale")); }
  EXPECT_TRUE(at::equal(again->integers(parameter.masked()).codes, parameter.integers().codes));
  EXPECT_EQ(model.parameter("conv3", "weight").quantizer->name(), "affine") << "not named, not touched";
}

TEST(AdaRound, LaterMethodsStillSeeTheFloatWeights) {
  learn::Model model = random_model(residual_net(), 4);
  quantize_weights(model, 3);
  const at::Tensor original = model.parameter("conv1", "weight").latent.detach().clone();
  adaround(model, model.weight_names(), image_samples(1), {.iterations = 20});
  EXPECT_GT(learn::distance(model.parameter("conv1", "weight").latent, original), 0.01);
  EXPECT_EQ(learn::distance(float_twin(model).parameter("conv1", "weight").latent, original), 0);
  // Training went on from there: what it made is the network now.
  { const c10::NoGradGuard no_grad; model.parameter("conv1", "weight").latent.add_(0.1); }
  EXPECT_EQ(learn::distance(float_twin(model).parameter("conv1", "weight").latent,
                            model.parameter("conv1", "weight").latent),
            0);
}

TEST(SoftRounding, StartsAtTheWeightsAndEndsOnTheGrid) {
  learn::Model model = random_model(line_net(6, 4));
  quantize_weights(model, 4);
  const learn::Parameter& parameter = model.parameter("fc", "weight");
  const WeightGrid grid = weight_grid(parameter);
  SoftRounding rounding(parameter.latent.detach(), grid);
  EXPECT_LT(learn::distance(rounding.soft_values(), parameter.latent), 1e-5);
  EXPECT_LE((rounding.hard_codes() - grid.codes).abs().max().item<double>(), 1);
  EXPECT_TRUE(at::equal(rounding.other_codes(rounding.other_codes(grid.codes)), grid.codes));
  EXPECT_NEAR(RoundingSchedule::beta(0.2), 20, 1e-9);
  EXPECT_NEAR(RoundingSchedule::beta(1.0), 2, 1e-9);
  EXPECT_FALSE(RoundingSchedule::is_active(0.19));
}

}  // namespace
}  // namespace tern::compress
