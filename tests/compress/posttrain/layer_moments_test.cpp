#include "compress/posttrain/layer_moments.hpp"

#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

net::Net grouped_net() {
  net::Net net("grouped");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{4, 9, 7}}});
  net.add("conv", "conv2d", {"input"}, {{"out_channels", 6}, {"kernel", std::vector<std::int64_t>{3, 2}},
          {"stride", std::vector<std::int64_t>{2, 1}}, {"padding", std::vector<std::int64_t>{1, 2}}, {"groups", 2}});
  net.add("flat", "flatten", {"conv"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 3}});
  return net;
}

// The error that moments give is the one between two outputs.
TEST(LayerMoments, ErrorIsThatOfTheOutputs) {
  learn::Model model = random_model(grouped_net());
  const at::Tensor x = learn::random({5, 4, 9, 7}, 1), y = x + 0.3 * learn::random({5, 4, 9, 7}, 2);
  const at::Tensor w = model.parameter("conv", "weight").latent.detach(), v = w + 0.1 * learn::random(w.sizes(), 3);
  const auto conv = [](const at::Tensor& src, const at::Tensor& weight) {
    return at::conv2d(src, weight, {}, {2, 1}, {1, 2}, {1, 1}, 2);
  };
  const net::OpContext context = model.net().context(model.net().node("conv"));
  const LayerMoments moments =
      layer_moments(context, {x.narrow(0, 0, 2), x.narrow(0, 2, 3)}, {y.narrow(0, 0, 2), y.narrow(0, 2, 3)});
  const at::Tensor difference = conv(x, w) - conv(y, v);
  const double expected = difference.square().sum(1).mean().item<double>();
  EXPECT_NEAR(OutputError(moments, by_groups(w, context))(by_groups(v, context)).item<double>(), expected,
              1e-5 * expected);
  const at::Tensor centred = difference - difference.mean({0, 2, 3}, true);
  const double least = centred.square().sum(1).mean().item<double>();
  EXPECT_NEAR(OutputError(moments.centred(), by_groups(w, context))(by_groups(v, context)).item<double>(),
              least, 1e-4 * least);
}

TEST(NetWalk, EndsWhereForwardDoes) {
  learn::Model model = random_model(residual_net());
  const Samples samples = split_samples(image_samples(2, 10), 4);
  EXPECT_EQ(samples.size(), 6U);
  NetWalk walk(model, samples);
  walk.advance_past("fc");
  EXPECT_EQ(walk.next(), nullptr);
  EXPECT_EQ(learn::distance(at::cat(walk.value("fc")), scores_of(model, samples)), 0);
}

TEST(NetWalk, SplitsSamplesWithTime) {
  const at::Tensor frames = at::arange(24, at::kFloat).view({6, 4});  // 2 steps of 3 samples
  const Samples parts = split_samples({{frames, at::eye(3), 2}}, 2);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(at::equal(parts[0].frames, at::stack({frames[0], frames[1], frames[3], frames[4]})));
  EXPECT_TRUE(at::equal(parts[1].frames, at::stack({frames[2], frames[5]})));
  EXPECT_TRUE(at::equal(parts[1].targets, at::eye(3).narrow(0, 2, 1)));
}

}  // namespace
}  // namespace tern::compress
