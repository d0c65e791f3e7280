#include "compress/prune/criteria/linear_flow.hpp"

#include "compress/prune/pruner.hpp"
#include "compress/prune/small_networks.hpp"

namespace tern::compress {
namespace {

/// `depth` linear layers of `width` without bias.
learn::Model chain(int depth, std::int64_t width) {
  net::Net net("chain");
  std::string last = net.add("x", "input", {}, {{"shape", net::Shape{width}}, {"time", false}});
  for (int i = 0; i < depth; ++i)
    last = net.add("fc" + std::to_string(i), "linear", {last}, {{"out_features", width}});
  return learn::Model(net, 2);
}

TEST(SynFlow, EveryNeuronPassesOnWhatItReceives) {
  learn::Model model = chain(3, 6);
  const Scores scores = scores_of("synflow", model, {});
  for (int i = 0; i < 2; ++i) {
    const at::Tensor in = scores.at(fmt::format("fc{}.weight", i)).sum(1);
    const at::Tensor out = scores.at(fmt::format("fc{}.weight", i + 1)).sum(0);
    EXPECT_LT(((in - out) / in).abs().max().item<double>(), 1e-5) << i;
  }
}

TEST(SynFlow, EveryLayerOfAChainCarriesTheWholeFlow) {
  net::Net net("conv");
  net.add("x", "input", {}, {{"shape", net::Shape{3, 8, 8}}, {"time", false}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 5}, {"kernel", 3}, {"padding", 1}, {"bias", true}});
  net.add("bn", "batch_norm", {"conv1"});
  net.add("act", "relu", {"bn"});
  net.add("pool", "max_pool2d", {"act"});
  net.add("conv2", "conv2d", {"pool"}, {{"out_channels", 4}, {"kernel", 3}});
  net.add("flatten", "flatten", {"conv2"});
  net.add("fc", "linear", {"flatten"}, {{"out_features", 6}});
  learn::Model model(net, 2);
  Tensors sizes;
  for (const auto& name : model.weight_names())
    sizes[name] = model.parameters().at(name).latent.detach().abs();
  const double flow = linear_flow(model, sizes).item<double>();
  const Scores scores = scores_of("synflow", model, {});
  for (const auto& [name, score] : scores) EXPECT_NEAR(score.sum().item<double>(), flow, 1e-4 * flow) << name;
}

TEST(SynFlow, BranchesAndGates) {
  // conv1 feeds a gated branch (conv2 * gate) and, through concat and add, the output past it.
  net::Net net("branches");
  net.add("x", "input", {}, {{"shape", net::Shape{3, 6, 6}}, {"time", false}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 4}, {"kernel", 3}, {"padding", 1}});
  net.add("conv2", "conv2d", {"conv1"}, {{"out_channels", 4}, {"kernel", 3}, {"padding", 1}});
  net.add("mean", "global_avg_pool", {"conv1"});
  net.add("gate", "linear", {"mean"}, {{"out_features", 4}});
  net.add("sigmoid", "sigmoid", {"gate"});
  net.add("gated", "multiply", {"conv2", "sigmoid"});
  net.add("sum", "add", {"gated", "conv1"});
  net.add("both", "concat", {"sum", "conv1"});
  net.add("flatten", "flatten", {"both"});
  net.add("fc", "linear", {"flatten"}, {{"out_features", 5}});
  learn::Model model(net, 2);
  {
    const c10::NoGradGuard no_grad;
    model.parameter("conv2", "weight").latent.mul_(40);
  }
  Tensors sizes;
  for (const auto& name : model.weight_names())
    sizes[name] = model.parameters().at(name).latent.detach().abs();
  const double flow = linear_flow(model, sizes).item<double>();
  const Scores scores = scores_of("synflow", model, {});
  const auto total = [&](const char* name) { return scores.at(name).sum().item<double>(); };
  EXPECT_NEAR(total("fc.weight"), flow, 1e-4 * flow) << "everything leaves through the last layer";
  EXPECT_NEAR(total("conv2.weight"), total("gate.weight"), 1e-4 * flow) << "both factors of the gated branch";
  // The gated branch holds conv1 twice, once by each factor; the paths past it once.
  EXPECT_NEAR(total("conv1.weight"), flow + total("gate.weight"), 1e-4 * flow);
}

TEST(SynFlow, FlowByHand) {
  // 1 -> (2 channels: 2 and -3) -> sum with weights 1, 4: R = 2 * 1 + 3 * 4 = 14, and 14 / 8 after the power
  // of two.
  net::Net net("hand");
  net.add("x", "input", {}, {{"shape", net::Shape{1}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 2}});
  net.add("b", "linear", {"a"}, {{"out_features", 1}});
  learn::Model model(net, 1);
  {
    const c10::NoGradGuard no_grad;
    model.parameter("a", "weight").latent.copy_(at::tensor({2.F, -3.F}).view({2, 1}));
    model.parameter("b", "weight").latent.copy_(at::tensor({1.F, 4.F}).view({1, 2}));
  }
  const Scores scores = scores_of("synflow", model, {});
  EXPECT_FLOAT_EQ(scores.at("a.weight")[0].item<float>(), 2.F / 8);
  EXPECT_FLOAT_EQ(scores.at("a.weight")[1].item<float>(), 12.F / 8);
  EXPECT_TRUE(at::allclose(scores.at("b.weight"), at::tensor({2.F / 8, 12.F / 8}).view({1, 2})));
}

TEST(SynFlow, NoLayerCollapses) {
  // 12 of 768 weights in three layers of very different sizes: magnitude empties the small one.
  learn::Model model = chain(3, 16);
  const auto names = model.weight_names();
  {
    const c10::NoGradGuard no_grad;
    model.parameter("fc1", "weight").latent.mul_(0.01);
  }
  learn::Model other = model.clone_without_quantizers();
  const double sparsity = 1.0 - 12.0 / 768;
  prune(model, scores_of("synflow", model, {}, sparsity), names, sparsity, find_scope("global"));
  prune(other, scores_of("magnitude", other, {}), names, sparsity, find_scope("global"));
  Tensors sizes;
  for (const auto& name : names) {
    EXPECT_GE(model.parameters().at(name).mask.sum().item<double>(), 1.0) << name;
    sizes[name] = model.parameters().at(name).stored().abs();
  }
  EXPECT_EQ(other.parameter("fc1", "weight").mask.sum().item<double>(), 0.0);
  EXPECT_GT(linear_flow(model, sizes).item<double>(), 0.0);
}

TEST(SynFlow, PropagationPassesOnWhatItReceives) {
  net::Net net("gcn");
  net.add("x", "input", {}, {{"shape", net::Shape{5}}, {"time", false}});
  net.add("graph", "graph");
  net.add("a", "linear", {"x"}, {{"out_features", 4}});
  net.add("pa", "propagate", {"a", "graph"}, {{"bias", true}});
  net.add("ra", "relu", {"pa"});
  net.add("b", "linear", {"ra"}, {{"out_features", 3}});
  net.add("pb", "propagate", {"b", "graph"}, {{"normalisation", "row"}});
  learn::Model model(net, 2);
  const at::Tensor a = model.parameter("a", "weight").stored().abs(), b = model.parameter("b", "weight").stored().abs();
  const double power = std::log2(linear_flow(model, {}).item<double>() / at::matmul(b, a).sum().item<double>());
  EXPECT_NEAR(power, std::round(power), 1e-5);
  const Scores scores = scores_of("synflow", model, {});
  EXPECT_LT(((scores.at("a.weight").sum(1) - scores.at("b.weight").sum(0)) / scores.at("a.weight").sum(1))
                .abs()
                .max()
                .item<double>(),
            1e-5);
}

TEST(SynFlow, DeepNetworksStayInRange) {
  learn::Model model = chain(80, 8);
  {
    const c10::NoGradGuard no_grad;
    for (const auto& n : model.weight_names()) model.parameters().at(n).latent.mul_(50);
  }
  const Scores scores = scores_of("synflow", model, {});
  for (const auto& [name, score] : scores) {
    EXPECT_TRUE(score.isfinite().all().item<bool>()) << name;
    EXPECT_GT(score.sum().item<double>(), 0.1) << name;
  }
}

TEST(SynFlow, RoundsKeepWhatWasPrunedPruned) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  prune(model, scores_of("magnitude", model, {}), names, 0.3, find_scope("global"));
  const at::Tensor earlier = model.parameter("conv2", "weight").mask.clone();
  const Scores scores = scores_of("synflow", model, {}, 0.9);
  const at::Tensor& conv2 = scores.at("conv2.weight");
  EXPECT_TRUE(conv2.masked_select(earlier.eq(0)).eq(-100).all().item<bool>());
  prune(model, scores, names, 0.9, find_scope("global"));
  const at::Tensor kept =
      scores.at("conv2.weight").masked_select(model.parameter("conv2", "weight").mask.ne(0));
  EXPECT_TRUE(kept.ge(0).all().item<bool>()) << "only survivors of all rounds are left";
}

}  // namespace
}  // namespace tern::compress
