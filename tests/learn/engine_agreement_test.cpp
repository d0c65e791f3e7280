// What training evaluates is what the engine runs: random convolutional networks of every operation.
#include "engine/program.hpp"
#include "base/seed.hpp"
#include "learn/forward.hpp"
#include "learn/packed.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

using Ints = std::vector<std::int64_t>;

/// Grows a network node by node, each reading some earlier image of the same extents.
class Grower {
 public:
  explicit Grower(std::uint64_t seed) : rng_(seed), net_("random") {
    last_ = net_.add("x", "input", {}, {{"shape", Ints{3, 9, 8}}, {"time", false}});
  }

  net::Net grow(int count) {
    while (count-- > 0) last_ = step(std::to_string(count));
    net_.add("pool", "global_avg_pool", {last_});
    net_.add("y", "linear", {"pool"}, {{"out_features", 5}, {"bias", true}});
    return std::move(net_);
  }

 private:
  std::string step(const std::string& number) {
    static const char* const activations[] = {"relu",         "relu6", "hard_sigmoid", "hard_swish",
                                              "leaky_relu", "silu",  "sigmoid"};
    const std::int64_t channels = net_.type(last_).shape[0];
    const std::string name = "n" + number;
    switch (rng_.below(6)) {
      case 0: return net_.add(name, "concat", {last_, conv(name, 2 + static_cast<std::int64_t>(rng_.below(5)), 1)});
      case 1: return net_.add(name, "add", {last_, conv(name, channels, 1)});
      case 2: return net_.add(name, "batch_norm", {conv(name, channels, channels)});  // depthwise
      case 3: {
        net_.add(name + "_pool", "global_avg_pool", {last_});
        net_.add(name + "_fc", "linear", {name + "_pool"}, {{"out_features", channels}});
        net_.add(name + "_gate", "hard_sigmoid", {name + "_fc"});
        return net_.add(name, "multiply", {last_, name + "_gate"});
      }
      default: return net_.add(name, activations[rng_.below(7)], {last_});
    }
  }

  std::string conv(const std::string& name, std::int64_t channels, std::int64_t groups) {
    return net_.add(name + "_conv", "conv2d", {last_},
                    {{"out_channels", channels}, {"padding", 1}, {"groups", groups}, {"bias", true}});
  }

  Rng rng_;
  net::Net net_;
  std::string last_;
};

std::vector<float> run_engine(const Model& model, const at::Tensor& frames) {
  const auto program = engine::Program::from(to_packed(model));
  EXPECT_TRUE(program.ok());
  const at::Tensor rows = frames.contiguous();
  const auto scores = program->run({rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())}, 1, rows.size(0));
  EXPECT_TRUE(scores.ok());
  return *scores;
}

TEST(EngineAgreement, RandomConvolutionalNetworks) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Model model(Grower(seed).grow(12), seed);
    const at::Tensor frames = random({3, 3, 9, 8}, seed);
    const c10::NoGradGuard no_grad;
    const at::Tensor scores = forward(model, frames, 1, {});
    const auto engine = run_engine(model, frames);
    const at::Tensor other = at::tensor(engine).view_as(scores);
    EXPECT_LT(distance(scores, other), 2e-5 * (1 + scores.abs().max().item<double>())) << "seed " << seed;
  }
}

/// Whatever does not sum products has the same roundings on both sides.
TEST(EngineAgreement, OperationsWithoutKernelsAgreeBitForBit) {
  net::Net net("exact");
  net.add("x", "input", {}, {{"shape", Ints{20, 7, 6}}, {"time", false}});
  net.add("bn", "batch_norm", {"x"});
  std::vector<std::string> parts;
  for (const char* const op : {"relu", "relu6", "hard_sigmoid", "hard_swish", "leaky_relu"})
    parts.push_back(net.add(op, op, {"bn"}));
  net.add("all", "concat", parts);
  net.add("mean", "global_avg_pool", {"all"});
  net.add("gated", "multiply", {"all", "mean"});
  net.add("y", "global_avg_pool", {"gated"});
  Model model(net, 1);
  const c10::NoGradGuard no_grad;
  model.parameter("bn", "running_var").latent.copy_(random({20}, 1).abs().add_(0.1));
  model.parameter("bn", "bias").latent.copy_(random({20}, 2));
  const at::Tensor frames = random({4, 20, 7, 6}, 3) * 3;
  const at::Tensor scores = forward(model, frames, 1, {});
  EXPECT_EQ(distance(scores, at::tensor(run_engine(model, frames)).view_as(scores)), 0);
}

/// pad2d, slice, upsample2d and softmax, which imported networks bring.
TEST(EngineAgreement, ImportedOperations) {
  net::Net net("imported");
  net.add("x", "input", {}, {{"shape", Ints{6, 5, 4}}, {"time", false}});
  net.add("pad", "pad2d", {"x"}, {{"border", Ints{1, 0, 2, 3}}, {"value", -0.5}});
  net.add("part", "slice", {"pad"}, {{"begin", 1}, {"end", 5}});
  net.add("up", "upsample2d", {"part"}, {{"factor", Ints{2, 3}}});
  net.add("places", "softmax", {"up"});
  net.add("mean", "global_avg_pool", {"up"});
  net.add("gated", "multiply", {"places", "mean"});
  net.add("pool", "global_avg_pool", {"gated"});
  net.add("y", "softmax", {"pool"});
  Model model(net, 1);
  const c10::NoGradGuard no_grad;
  const at::Tensor frames = random({3, 6, 5, 4}, 5) * 2;
  const at::Tensor scores = forward(model, frames, 1, {});
  EXPECT_LT(distance(scores, at::tensor(run_engine(model, frames)).view_as(scores)), 1e-6);
  EXPECT_NEAR(scores.sum().item<double>(), 3.0, 1e-5) << "a softmax a sample";
}

}  // namespace
}  // namespace tern::learn
