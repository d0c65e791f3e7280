#include "learn/packed.hpp"

#include <limits>

#include "base/seed.hpp"
#include "engine/program.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

using Ints = std::vector<std::int64_t>;

/// `bits` and how many scales: for a tensor or for each output channel. Codes of every value occur.
void quantize_weights(Model& model, int bits, bool by_channel, std::uint64_t seed) {
  for (const auto& name : model.weight_names()) {
    Parameter& parameter = model.parameters().at(name);
    const at::Tensor spread =
        random(by_channel ? Ints{parameter.latent.size(0)} : Ints{}, ++seed).abs() * 0.1 + 0.01;
    const c10::NoGradGuard no_grad;
    parameter.quantizer =
        std::make_shared<FixedQuantizer>(bits, spread / static_cast<double>(1 << (bits - 1)));
  }
}

void set_range(Model& model, const std::string& node, float scale, float zero_point) {
  const c10::NoGradGuard no_grad;
  model.parameter(node, "scale").latent.fill_(scale);
  model.parameter(node, "zero_point").latent.fill_(zero_point);
}

at::Tensor run_engine(const Model& model, const at::Tensor& frames, std::int64_t num_steps,
                      at::IntArrayRef sizes) {
  const auto program = engine::Program::from(to_packed(model));
  if (!program) throw std::runtime_error(program.error().message);
  const at::Tensor rows = frames.contiguous();
  const auto scores = program->run({rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())},
                                   num_steps, rows.size(0) / num_steps);
  if (!scores) throw std::runtime_error(scores.error().message);
  return at::tensor(*scores).view(sizes);
}

void expect_agreement(Model& model, const at::Tensor& frames, std::int64_t num_steps) {
  const c10::NoGradGuard no_grad;
  const at::Tensor scores = forward(model, frames, num_steps, {});
  ASSERT_EQ(distance(scores, run_engine(model, frames, num_steps, scores.sizes())), 0);
  ASSERT_GT(scores.std().item<double>(), 0) << "the network says something";
  Model read = from_packed(pack::model_from_bytes(pack::to_bytes(to_packed(model))));
  ASSERT_EQ(distance(scores, forward(read, frames, num_steps, {})), 0) << "through a file and back";
}

/// quantize, conv, norm, relu, quantize, pool, grouped conv, relu, quantize, linear, of random geometry.
net::Net random_cnn(std::uint64_t seed, std::int64_t bits) {
  Rng rng(seed);
  const auto pick = [&](std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(to - from + 1)));
  };
  net::Net net("random");
  net.add("x", "input", {}, {{"shape", Ints{4, 9, 8}}, {"time", false}});
  net.add("q0", "quantize", {"x"}, {{"bits", bits}, {"signed", bits > 1 && rng.below(2) == 0}});
  net.add("conv1", "conv2d", {"q0"},
          {{"out_channels", 2 * pick(1, 10)},
           {"kernel", Ints{pick(1, 3), pick(1, 3)}},
           {"padding", Ints{pick(0, 1), pick(0, 1)}},
           {"groups", pick(1, 2)}});
  net.add("bn", "batch_norm", {"conv1"});
  net.add("relu1", "relu", {"bn"});
  net.add("q1", "quantize", {"relu1"}, {{"bits", bits}});
  net.add("pool", "max_pool2d", {"q1"}, {{"kernel", 2}, {"stride", pick(1, 2)}});
  net.add("conv2", "conv2d", {"pool"},
          {{"out_channels", 2 * pick(1, 9)},
           {"kernel", 2},
           {"stride", Ints{pick(1, 2), 1}},
           {"padding", 1},
           {"dilation", pick(1, 2)},
           {"groups", 2},
           {"bias", true}});
  net.add("relu2", "relu", {"conv2"});
  net.add("q2", "quantize", {"relu2"}, {{"bits", bits}});
  net.add("flat", "flatten", {"q2"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 7}, {"bias", true}});
  return net;
}

net::Net random_snn(std::uint64_t seed) {
  Rng rng(seed);
  net::Net net("random", 3);
  net.add("x", "input", {}, {{"shape", Ints{2, 8, 7}}});
  net.add("conv1", "conv2d", {"x"},
          {{"out_channels", 4 + static_cast<std::int64_t>(rng.below(20))},
           {"padding", 1},
           {"stride", 1 + static_cast<std::int64_t>(rng.below(2))}});
  net.add("bn", "batch_norm", {"conv1"});
  net.add("n1", "lif", {"bn"}, {{"v_threshold", 0.05}});
  net.add("conv2", "conv2d", {"n1"}, {{"out_channels", 5}, {"padding", Ints{0, 1}}});
  net.add("n2", "if", {"conv2"}, {{"v_threshold", 0.05}});
  net.add("flat", "flatten", {"n2"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 7}, {"bias", true}});
  net.add("y", "mean_time", {"fc"});
  return net;
}

class EngineEqualsLearn : public ::testing::TestWithParam<int> {};

TEST_P(EngineEqualsLearn, BitForBitOnQuantizedActivations) {
  for (std::int64_t activation_bits = 1; activation_bits <= 8; ++activation_bits)
    for (const bool by_channel : {false, true}) {
      const auto seed = static_cast<std::uint64_t>(100 * GetParam() + 10 * activation_bits + by_channel);
      Model model(random_cnn(seed, activation_bits), seed);
      quantize_weights(model, GetParam(), by_channel, seed);
      const float steps = static_cast<float>((1 << activation_bits) - 1);
      set_range(model, "q0", 3 / steps, static_cast<float>(activation_bits > 2 ? 2 : 0));
      set_range(model, "q1", 2 / steps, 0);
      set_range(model, "q2", 0.4F / steps, 0);
      expect_agreement(model, random({3, 4, 9, 8}, seed) * 2, 1);
    }
}

TEST_P(EngineEqualsLearn, BitForBitOnSpikes) {
  for (const bool by_channel : {false, true})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Model model(random_snn(seed), seed);
      quantize_weights(model, GetParam(), by_channel, seed);
      const double densest = seed % 2 == 0 ? 0.9 : -1.0;  // both ways of summing
      expect_agreement(model, random({6, 2, 8, 7}, seed).lt(densest).to(at::kFloat), 3);
    }
}

INSTANTIATE_TEST_SUITE_P(WeightBits, EngineEqualsLearn, ::testing::Values(1, 2, 3, 4, 5, 6, 7, 8));

/// One linear layer on quantized sources: scores = sum of code * integer, scaled.
Model one_layer(std::int64_t inputs, std::int64_t outputs, int weight_bits, std::int64_t source_bits) {
  net::Net net("one");
  net.add("x", "input", {}, {{"shape", Ints{inputs}}, {"time", false}});
  net.add("q", "quantize", {"x"}, {{"bits", source_bits}});
  net.add("y", "linear", {"q"}, {{"out_features", outputs}});
  Model model(net, 1);
  const c10::NoGradGuard no_grad;
  Parameter& weight = model.parameter("y", "weight");
  weight.latent.mul_(20);
  weight.quantizer = std::make_shared<FixedQuantizer>(weight_bits, at::ones({}));
  return model;
}

TEST(EngineAndLearn, Pitfall6AllExtremeTensors) {
  // Kernels that add pairs of products in 16 bits saturate at 2 * 255 * -128.
  for (const double code : {-128.0, 127.0}) {
    Model model = one_layer(64, 3, 8, 8);
    const c10::NoGradGuard no_grad;
    model.parameter("y", "weight").latent.fill_(code);
    const at::Tensor frames = at::full({2, 64}, 255.0F),
                     expected = at::full({2, 3}, 64.0 * 255 * code, at::kFloat);
    EXPECT_EQ(distance(forward(model, frames, 1, {}), expected), 0);
    EXPECT_EQ(distance(run_engine(model, frames, 1, {2, 3}), expected), 0);
  }
}

TEST(EngineAndLearn, Pitfall7SumsWiderThanAFloatAreExact) {
  // 127 * 255 * 576 = 18 653 760 > 2^24; with odd last bits a float that sums step by step loses them.
  Model model = one_layer(576, 3, 8, 8);
  const c10::NoGradGuard no_grad;
  model.parameter("y", "weight").latent.fill_(127);
  at::Tensor frames = at::full({2, 576}, 255.0F);
  frames.select(1, 5).fill_(252);
  const auto expected = at::full({2, 3}, static_cast<float>(127 * (255 * 576 - 3)));
  EXPECT_EQ(distance(forward(model, frames, 1, {}), expected), 0);
  EXPECT_EQ(distance(run_engine(model, frames, 1, {2, 3}), expected), 0);
  // 16 x 16 bits.
  Model wide = one_layer(700, 2, 16, 16);
  wide.parameter("y", "weight").latent.copy_((random({2, 700}, 1) * 9000).round());
  frames = (random({3, 700}, 2).abs() * 20000).round();
  const at::Tensor codes = wide.parameter("y", "weight").integers().codes;
  const at::Tensor exact =
      at::linear(frames.clamp_max(65535).to(at::kDouble), codes.to(at::kDouble)).to(at::kFloat);
  EXPECT_EQ(distance(forward(wide, frames, 1, {}), exact), 0);
  EXPECT_EQ(distance(run_engine(wide, frames, 1, {3, 2}), exact), 0);
}

TEST(EngineAndLearn, Pitfall7WideConvolutionsAgree) {
  net::Net net("wide");
  net.add("x", "input", {}, {{"shape", Ints{64, 5, 5}}, {"time", false}});
  net.add("q", "quantize", {"x"}, {{"bits", 8}});
  net.add("y", "conv2d", {"q"}, {{"out_channels", 20}, {"padding", 1}});
  Model model(net, 1);
  const c10::NoGradGuard no_grad;
  model.parameter("y", "weight").latent.uniform_(90, 130);
  model.parameter("y", "weight").quantizer = std::make_shared<FixedQuantizer>(8, at::full({}, 0.37F));
  model.parameter("y", "weight").latent.mul_(0.37);
  expect_agreement(model, random({2, 64, 5, 5}, 1).abs() * 200, 1);
}

TEST(Packed, Pitfall5MaskedWeightsAreZeroAtEveryWidth) {
  for (const int bits : {1, 2, 8}) {
    Model model = one_layer(40, 6, bits, 4);
    Parameter& weight = model.parameter("y", "weight");
    weight.mask = random({6, 40}, 1).gt(0).to(at::kFloat);
    const pack::PackedTensor tensor = to_packed(model).tensors.at("y.weight");
    const at::Tensor values = at::tensor(pack::dequantize(tensor)).view({6, 40});
    EXPECT_EQ((values * (1 - weight.mask)).abs().sum().item<double>(), 0);
    if (bits == 1) {
      EXPECT_EQ(values.abs().sub(weight.mask).abs().sum().item<double>(), 0) << "-1 and 1 where kept";
    }
    set_range(model, "q", 0.5F, 0);
    expect_agreement(model, random({3, 40}, 2).abs() * 3, 1);
  }
}

/// Anything that integers() may return.
class Stored final : public WeightQuantizer {
 public:
  Stored(int bits, QuantizedWeight weight) : bits_(bits), weight_(std::move(weight)) {}
  std::string name() const override { return "stored"; }
  int bits() const override { return bits_; }
  at::Tensor quantize(const at::Tensor& weight) override { return weight_.values(weight.sizes()); }
  QuantizedWeight integers(const at::Tensor&) const override { return weight_; }
  std::map<std::string, at::Tensor> tensors() override { return {}; }
  std::string spec() const override { return "stored"; }

 private:
  int bits_;
  QuantizedWeight weight_;
};

TEST(Packed, GroupsAndCodebooksKeepTheirValues) {
  const at::Tensor scale = random({6, 4}, 3).abs() + 0.1;
  const std::vector<QuantizedWeight> weights{
      {(random({6, 40}, 1) * 3).round().clamp(-8, 7), scale, {}},
      {random({6, 40}, 1).abs().mul(4).floor().clamp_max(15), at::ones({}), random({16}, 2)},
      {random({6, 40}, 1).abs().mul(4).floor().clamp_max(15), scale, random({16}, 2)},
      {random({60}, 1).abs().mul(4).floor().clamp_max(15), at::full({}, 0.3F), random({16, 4}, 2)}};
  for (const auto& weight : weights) {
    Model model = one_layer(40, 6, 4, 4);
    model.parameter("y", "weight").quantizer = std::make_shared<Stored>(4, weight);
    const pack::PackedModel packed = pack::model_from_bytes(pack::to_bytes(to_packed(model)));
    const at::Tensor values = at::tensor(pack::dequantize(packed.tensors.at("y.weight"))).view({6, 40});
    EXPECT_EQ(distance(values, weight.values({6, 40})), 0);
    const c10::NoGradGuard no_grad;
    const at::Tensor frames = random({5, 40}, 4).abs() * 9, scores = forward(model, frames, 1, {});
    EXPECT_LT(distance(run_engine(model, frames, 1, {5, 6}), scores), 1e-4) << "floats: within rounding";
    Model read = from_packed(packed);
    EXPECT_EQ(distance(forward(read, frames, 1, {}), scores), 0);
    if (!weight.uniform()) continue;
    EXPECT_EQ(to_packed(read).tensors, packed.tensors) << "uniform codes come back";
  }
}

TEST(Packed, ActivationRangesComeFromTheirQuantizers) {
  struct Range final : ActivationQuantizer {
    std::string name() const override { return "range"; }
    at::Tensor quantize(const at::Tensor& x) override { return x; }
    AffineRange affine() const override { return {0.125F, 3}; }
    std::map<std::string, at::Tensor> tensors() override { return {}; }
    std::string spec() const override { return "range"; }
  };
  Model model = one_layer(40, 6, 4, 4);
  model.activation_quantizers()["q"] = std::make_shared<Range>();
  const pack::PackedModel packed = to_packed(model);
  EXPECT_EQ(packed.tensors.at("q.scale").values, std::vector<float>{0.125F});
  EXPECT_EQ(packed.tensors.at("q.zero_point").values, std::vector<float>{3});
  expect_agreement(model, random({5, 40}, 4), 1);
}

TEST(Packed, RoundTripComputesTheSame) {
  net::Net net("small", 2);
  net.add("x", "input", {}, {{"shape", Ints{2, 6, 6}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 3}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("n", "lif", {"bn"});
  Model model(net, 1);
  model.parameter("conv", "weight").mask = random({3, 2, 3, 3}, 1).gt(0).to(at::kFloat);
  Model read = from_packed(pack::model_from_bytes(pack::to_bytes(to_packed(model))), true);
  const c10::NoGradGuard no_grad;
  const at::Tensor frames = random({4, 2, 6, 6}, 2);
  EXPECT_EQ(distance(forward(model, frames, 2, {}), forward(read, frames, 2, {})), 0);
  EXPECT_EQ(read.parameter("conv", "weight").mask.sum().item<double>(),
            model.parameter("conv", "weight").mask.sum().item<double>());
}

}  // namespace
}  // namespace tern::learn
