#include "learn/autograd/conv_function.hpp"

#include "learn/testing.hpp"

namespace tern::learn {
namespace {

void expect_same_gradients(const at::Tensor& x, const ConvGeometry& geometry, std::int64_t out_channels) {
  const at::Tensor w = random({out_channels, x.size(1) / geometry.groups, 3, 3}, 5);
  const at::Tensor x1 = leaf(channels_last(x)), x2 = leaf(x), w1 = leaf(w), w2 = leaf(w);
  const at::Tensor y1 = conv2d_lean(x1, w1, geometry);
  const at::Tensor y2 =
      at::conv2d(x2, w2, {}, geometry.stride, geometry.padding, geometry.dilation, geometry.groups);
  EXPECT_LT(distance(y1, y2), 1e-4);
  const at::Tensor grad = random(y2.sizes(), 6);
  y1.backward(grad);
  y2.backward(grad);
  EXPECT_LT(distance(x1.grad(), x2.grad()), 1e-4);
  EXPECT_LT(distance(w1.grad(), w2.grad()), 2e-3);
}

TEST(ConvFunction, SpikesAndRealInputsGiveTorchsGradients) {
  const at::Tensor real = random({7, 4, 9, 8}, 1), spikes = real.gt(0.5).to(at::kFloat);
  for (const at::Tensor& x : {real, spikes}) {
    expect_same_gradients(x, {{1, 1}, {1, 1}, {1, 1}, 1}, 6);
    expect_same_gradients(x, {{2, 1}, {0, 1}, {1, 2}, 1}, 5);
    expect_same_gradients(x, {{1, 1}, {1, 1}, {1, 1}, 4}, 4);
  }
}

TEST(ConvFunction, SkipsTheGradientNobodyNeeds) {
  const at::Tensor x = random({2, 3, 6, 6}, 1), w = leaf(random({4, 3, 3, 3}, 2));
  conv2d_lean(x, w, {}).sum().backward();
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(w.grad().defined());
}

}  // namespace
}  // namespace tern::learn
