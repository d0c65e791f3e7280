#include "learn/forward.hpp"

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

using Ints = std::vector<std::int64_t>;

net::Net spiking_net() {
  net::Net net("small", 4);
  net.add("x", "input", {}, {{"shape", Ints{2, 8, 8}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 6}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("lif", "lif", {"bn"});
  net.add("pool", "max_pool2d", {"lif"});
  net.add("att", "tcja", {"pool"});
  net.add("flat", "flatten", {"att"});
  net.add("drop", "dropout", {"flat"}, {{"p", 0.5}});
  net.add("fc", "linear", {"drop"}, {{"out_features", 6}, {"bias", true}});
  net.add("out", "lif", {"fc"});
  net.add("mean", "mean_time", {"out"});
  net.add("vote", "vote", {"mean"}, {{"group", 2}});
  return net;
}

at::Tensor frames_of(std::int64_t count) { return at::randint(0, 4, {4 * count, 2, 8, 8}, make_generator(1)).to(at::kFloat); }

TEST(Forward, FusedAndObservedRunsAgreeBitForBit) {
  Model model(spiking_net(), 3);
  const at::Tensor frames = frames_of(3);
  const c10::NoGradGuard no_grad;
  std::vector<std::string> seen;
  ForwardOptions observed;
  observed.observer = [&](const net::Node& node, const at::Tensor&) { seen.push_back(node.name); };
  const at::Tensor plain = forward(model, frames, 4, {});
  EXPECT_EQ(plain.sizes(), (at::IntArrayRef{3, 3}));
  EXPECT_EQ(distance(plain, forward(model, frames, 4, observed)), 0);
  EXPECT_EQ(seen.size(), model.net().nodes().size());
}

TEST(Forward, EveryParameterGetsAGradient) {
  Model model(spiking_net(), 3);
  ForwardOptions training;
  training.training = true;
  forward(model, frames_of(3), 4, training).sum().backward();
  for (const auto& [name, parameter] : model.parameters()) {
    if (parameter.role == net::ParameterRole::buffer) continue;
    ASSERT_TRUE(parameter.latent.grad().defined()) << name;
    EXPECT_TRUE(parameter.latent.grad().isfinite().all().item<bool>()) << name;
  }
}

TEST(Forward, DropoutDependsOnTheSeedAlone) {
  Model model(spiking_net(), 3);
  ForwardOptions training;
  training.training = true;
  training.seed = 9;
  const at::Tensor frames = frames_of(6);
  std::vector<at::Tensor> flat;
  training.observer = [&](const net::Node& node, const at::Tensor& dst) {
    if (node.name == "drop" || node.name == "flat") flat.push_back(dst.detach());
  };
  forward(model, frames, 4, training);
  forward(model, frames, 4, training);
  EXPECT_EQ(distance(flat[1].eq(0).to(at::kFloat), flat[3].eq(0).to(at::kFloat)), 0);
  // One mask for all steps of a sample, and what is kept is doubled.
  const at::Tensor ratio = at::where(flat[0].ne(0), flat[1] / flat[0], at::full({}, -1.0)).view({4, 6, -1});
  for (const at::Tensor& column : {ratio.select(2, 3), ratio.select(2, 17)})
    for (std::int64_t i = 0; i < 6; ++i)
      for (std::int64_t t = 1; t < 4; ++t) {
        const float first = column[0][i].item<float>(), later = column[t][i].item<float>();
        if (first >= 0 && later >= 0) {
          EXPECT_NEAR(first, later, 1e-5);
        }
        if (first > 0) {
          EXPECT_NEAR(first, 2.0F, 1e-5);
        }
      }
}

TEST(Forward, AttentionMatchesItsFormula) {
  net::Net net("att", 3);
  net.add("x", "input", {}, {{"shape", Ints{2, 2, 2}}});
  net.add("a", "tcja", {"x"});
  Model model(net, 5);
  const at::Tensor x = random({3, 2, 2, 2}, 4);  // one sample
  const at::Tensor dst = forward(model, x, 3, {});
  const at::Tensor wt = model.parameter("a", "time_weight").latent, wc = model.parameter("a", "channel_weight").latent;
  for (int t = 0; t < 3; ++t) {
    for (int c = 0; c < 2; ++c) {
      double a = 0, b = 0;
      for (int k = 0; k < 4; ++k) {
        const int shift = k - 1;  // one zero before, two after
        for (int s = 0; s < 3; ++s)
          if (c + shift >= 0 && c + shift < 2) a += wt[t][s][k].item<double>() * x[s][c + shift].mean().item<double>();
        for (int s = 0; s < 2; ++s)
          if (t + shift >= 0 && t + shift < 3) b += wc[c][s][k].item<double>() * x[t + shift][s].mean().item<double>();
      }
      const double gate = 1 / (1 + std::exp(-a * b));
      EXPECT_NEAR(dst[t][c][1][0].item<double>(), x[t][c][1][0].item<double>() * gate, 1e-5);
    }
  }
}

TEST(Forward, RefusesFramesOfAnotherShape) {
  Model model(spiking_net(), 3);
  try {
    forward(model, at::zeros({4, 2, 9, 8}), 4, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "node 'x': expected frames [4 * n, 2, 8, 8], got [4, 2, 9, 8]");
  }
  EXPECT_THROW(forward(model, at::zeros({10, 2, 8, 8}), 5, {}), Error);
}

TEST(Model, InitialWeightsDependOnTheSeedAndTheNameOnly) {
  Model one(spiking_net(), 3), again(spiking_net(), 3), other(spiking_net(), 4);
  EXPECT_EQ(distance(one.parameter("conv", "weight").latent, again.parameter("conv", "weight").latent), 0);
  EXPECT_GT(distance(one.parameter("conv", "weight").latent, other.parameter("conv", "weight").latent), 0);
  EXPECT_LE(one.parameter("conv", "weight").latent.abs().max().item<double>(), 1 / std::sqrt(18.0));
  EXPECT_EQ(one.weight_names(),
            (std::vector<std::string>{"conv.weight", "att.time_weight", "att.channel_weight", "fc.weight"}));
}

}  // namespace
}  // namespace tern::learn
