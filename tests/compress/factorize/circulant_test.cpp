#include "compress/factorize/circulant.hpp"

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

TEST(Circulant, AveragesCyclicDiagonals) {
  const at::Tensor two = at::tensor({1.0F, 2.0F, 4.0F, 7.0F}).reshape({2, 2});
  EXPECT_EQ(learn::distance(nearest_block_circulant(two, 2), at::tensor({4.0F, 3.0F, 3.0F, 4.0F}).reshape({2, 2})), 0.0);
  // By hand: diagonals 1 5 9, 1 8 3 and 10 2 6.
  const at::Tensor three = at::tensor({1.0F, 2.0F, 3.0F, 1.0F, 5.0F, 6.0F, 10.0F, 8.0F, 9.0F}).reshape({3, 3});
  const at::Tensor expected = at::tensor({5.0F, 6.0F, 4.0F, 4.0F, 5.0F, 6.0F, 6.0F, 4.0F, 5.0F}).reshape({3, 3});
  EXPECT_EQ(learn::distance(nearest_block_circulant(three, 3), expected), 0.0);
}

/// The residual is orthogonal to every block-circulant kernel: to all shifts of a block's identity.
TEST(Circulant, IsTheNearest) {
  const std::int64_t block = 4;
  for (const auto& sizes : {std::vector<std::int64_t>{8, 12}, std::vector<std::int64_t>{12, 8, 3, 2}}) {
    const at::Tensor weight = learn::random(sizes, 3), nearest = nearest_block_circulant(weight, block);
    EXPECT_LT(learn::distance(nearest_block_circulant(nearest, block), nearest), 1e-6);
    const at::Tensor residual = (weight - nearest).reshape({sizes[0], sizes[1], -1});
    for (std::int64_t row = 0; row < sizes[0]; row += block)
      for (std::int64_t col = 0; col < sizes[1]; col += block)
        for (std::int64_t shift = 0; shift < block; ++shift) {
          const at::Tensor basis = at::eye(block).roll(shift, 0).unsqueeze(2);
          const at::Tensor part = residual.slice(0, row, row + block).slice(1, col, col + block);
          EXPECT_LT((part * basis).sum(at::IntArrayRef{0, 1}).abs().max().item<double>(), 1e-5);
        }
    EXPECT_GT(residual.abs().max().item<double>(), 0.1);
  }
}

TEST(Circulant, BlocksAreCyclicConvolutions) {
  const at::Tensor block = nearest_block_circulant(learn::random({5, 5}, 1), 5), x = learn::random({5}, 2);
  const at::Tensor c = block.select(1, 0), y = at::matmul(block, x);
  for (std::int64_t n = 0; n < 5; ++n) {
    double sum = 0;
    for (std::int64_t k = 0; k < 5; ++k) sum += c[(n - k + 5) % 5].item<double>() * x[k].item<double>();
    EXPECT_NEAR(y[n].item<double>(), sum, 1e-6);
  }
}

TEST(Circulant, SuitsKernelsThatTheBlockDivides) {
  using Ints = std::vector<std::int64_t>;
  net::Net net("mixed");
  net.add("x", "input", {}, {{"shape", Ints{3, 4, 4}}, {"time", false}});
  net.add("stem", "conv2d", {"x"}, {{"out_channels", std::int64_t{8}}, {"padding", std::int64_t{1}}});
  net.add("depth", "conv2d", {"stem"}, {{"out_channels", std::int64_t{8}}, {"groups", std::int64_t{8}}, {"padding", std::int64_t{1}}});
  net.add("point", "conv2d", {"depth"}, {{"out_channels", std::int64_t{12}}, {"kernel", std::int64_t{1}}});
  net.add("pool", "global_avg_pool", {"point"});
  net.add("fc", "linear", {"pool"}, {{"out_features", std::int64_t{4}}});
  learn::Model model(net, 1);
  EXPECT_EQ(circulant_weights(model, {}, 4), (std::vector<std::string>{"point.weight", "fc.weight"}));
  EXPECT_THROW(circulant_weights(model, {"stem.weight"}, 4), Error);
  EXPECT_THROW(circulant_weights(model, {}, 7), Error);
  learn::Parameter& weight = model.parameter("fc", "weight");
  weight.mask = at::ones_like(weight.latent);
  EXPECT_THROW(circulant_weights(model, {}, 4), Error);
}

}  // namespace
}  // namespace tern::compress
