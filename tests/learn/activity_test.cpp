#include "learn/activity.hpp"

#include "learn/testing.hpp"

namespace tern::learn {
namespace {

TEST(Activity, CountsWhatAHandWouldCount) {
  net::Net net("hand", 1);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{1, 3, 3}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 1}, {"padding", 1}});
  net.add("n", "if", {"conv"});
  Model model(net, 1);
  const c10::NoGradGuard no_grad;
  at::Tensor weight = model.parameter("conv", "weight").latent;
  weight.zero_();
  weight[0][0][1][1] = 1.0F;  // the centre
  weight[0][0][0][0] = 0.5F;  // the pixel up and left of the output
  at::Tensor frames = at::zeros({1, 1, 3, 3});
  frames[0][0][0][0] = 2.0F;  // reaches output (0,0) by the centre and (1,1) by the corner
  frames[0][0][2][2] = 1.0F;  // reaches output (2,2) only: the corner's output would lie outside
  ActivityMeter meter(model);
  meter.measure(frames, 1);
  const NodeActivity activity = meter.result().at("conv");
  EXPECT_DOUBLE_EQ(activity.src_density, 2.0 / 9);
  EXPECT_EQ(activity.synops, 3);
  EXPECT_FALSE(activity.src_is_binary);
  EXPECT_DOUBLE_EQ(activity.src_max, 2.0);
  EXPECT_DOUBLE_EQ(activity.dst_density, 3.0 / 9) << "2, 1 (0.5 * 2) and 1 reach the threshold of 1";
  const auto rasters = spike_rasters(model, frames, 1);
  EXPECT_EQ(rasters.at("n").sum().item<std::int64_t>(), 3);
}

}  // namespace
}  // namespace tern::learn
