// Operations of convolutional networks: values by formula, gradients by finite differences.
#include <cmath>

#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

using Ints = std::vector<std::int64_t>;

at::Tensor run(const net::Net& net, const at::Tensor& frames, bool training = false) {
  Model model(net, 1);
  ForwardOptions options;
  options.training = training;
  return forward(model, frames, 1, options);
}

net::Net start(Ints shape) {
  net::Net net("test");
  net.add("x", "input", {}, {{"shape", std::move(shape)}, {"time", false}});
  return net;
}

struct Curve {
  std::string op;
  double (*value)(double);
  std::vector<double> kinks;  ///< where no derivative is
};

void PrintTo(const Curve& curve, std::ostream* out) { *out << curve.op; }

double clamp6(double x) { return std::min(std::max(x, 0.0), 6.0); }

class Activation : public ::testing::TestWithParam<Curve> {};

TEST_P(Activation, MatchesItsFormulaAndDerivative) {
  net::Net net = start({13});
  net.add("y", GetParam().op, {"x"});
  const at::Tensor x = leaf(at::linspace(-7.7, 8.1, 13, at::kFloat).view({1, 13}));
  const at::Tensor y = run(net, x);
  y.sum().backward();
  constexpr double h = 1e-5;
  for (int i = 0; i < 13; ++i) {
    const double at = x[0][i].item<double>();
    for (const double kink : GetParam().kinks) ASSERT_GT(std::abs(at - kink), 2 * h);
    EXPECT_NEAR(y[0][i].item<double>(), GetParam().value(at), 1e-6 * (1 + std::abs(at)));
    const double slope = (GetParam().value(at + h) - GetParam().value(at - h)) / (2 * h);
    EXPECT_NEAR(x.grad()[0][i].item<double>(), slope, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Activation,
    ::testing::Values(
        Curve{"relu", [](double x) { return std::max(x, 0.0); }, {0}}, Curve{"relu6", clamp6, {0, 6}},
        Curve{"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, {}},
        Curve{"hard_sigmoid", [](double x) { return clamp6(x + 3) / 6; }, {-3, 3}},
        Curve{"silu", [](double x) { return x / (1 + std::exp(-x)); }, {}},
        Curve{"gelu", [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }, {}},
        Curve{"hard_swish", [](double x) { return x * clamp6(x + 3) / 6; }, {-3, 3}},
        Curve{"leaky_relu", [](double x) { return x > 0 ? x : 0.01 * x; }, {0}}));

TEST(LeakyRelu, TakesItsSlope) {
  net::Net net = start({2});
  net.add("y", "leaky_relu", {"x"}, {{"slope", 0.25}});
  const at::Tensor y = run(net, at::tensor({-2.0F, 3.0F}).view({1, 2}));
  EXPECT_FLOAT_EQ(y[0][0].item<float>(), -0.5F);
  EXPECT_FLOAT_EQ(y[0][1].item<float>(), 3.0F);
}

/// Every kind of join once, ending in features: concat(x * gap(x) * corner(x), x) pooled.
net::Net joined() {
  net::Net net = start({3, 4, 4});
  net.add("gate", "global_avg_pool", {"x"});
  net.add("corner", "avg_pool2d", {"x"}, {{"kernel", 4}});
  net.add("gated", "multiply", {"x", "gate", "corner"});
  net.add("both", "concat", {"gated", "x"});
  net.add("y", "global_avg_pool", {"both"});
  return net;
}

TEST(Joins, MatchTheirFormula) {
  const at::Tensor x = channels_last(random({2, 3, 4, 4}, 1));
  const at::Tensor mean = x.mean(at::IntArrayRef{2, 3});
  const at::Tensor expected = at::cat({mean * mean * mean, mean}, 1);
  EXPECT_LT(distance(run(joined(), x), expected), 1e-6);
}

TEST(Joins, GradientMatchesFiniteDifferences) {
  const at::Tensor weight = random({2, 6}, 3), start_x = channels_last(random({2, 3, 4, 4}, 1));
  const auto loss = [&](const at::Tensor& x) { return (run(joined(), x) * weight).sum(); };
  const at::Tensor x = leaf(start_x);
  loss(x).backward();
  const at::Tensor direction = random({2, 3, 4, 4}, 2);
  constexpr double h = 1e-2;
  const double slope =
      (loss(start_x + h * direction).item<double>() - loss(start_x - h * direction).item<double>()) / (2 * h);
  EXPECT_NEAR((x.grad() * direction).sum().item<double>(), slope, 1e-3 * (1 + std::abs(slope)));
}

TEST(Joins, ConcatStaysInChannelsLastMemory) {
  net::Net net = start({3, 4, 4});
  net.add("y", "concat", {"x", "x"});
  const at::Tensor x = random({2, 3, 4, 4}, 1), y = run(net, x);
  EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_EQ(distance(y, at::cat({x, x}, 1)), 0);
}

TEST(GlobalAvgPool, SumsInRowMajorOrderThenDividesOnce) {
  net::Net net = start({2, 3, 5});
  net.add("y", "global_avg_pool", {"x"});
  const at::Tensor x = random({1, 2, 3, 5}, 7) * 1000, y = run(net, x);
  for (int c = 0; c < 2; ++c) {
    float sum = 0;
    for (int i = 0; i < 15; ++i) sum += x[0][c][i / 5][i % 5].item<float>();
    EXPECT_EQ(y[0][c].item<float>(), sum / 15.0F);
  }
}

/// relu works in place behind batch_norm and add: neither the values nor the gradients may notice.
TEST(Relu, InPlaceChangesNothing) {
  net::Net net = start({3, 4, 4});
  net.add("bn", "batch_norm", {"x"});
  net.add("a", "relu", {"bn"});
  net.add("sum", "add", {"a", "x"});
  net.add("y", "relu", {"sum"});
  const auto gradient = [&](bool in_place, at::Tensor& value) {
    Model model(net, 1);
    const at::Tensor x = leaf(channels_last(random({4, 3, 4, 4}, 5)));
    ForwardOptions options;
    options.training = true;
    if (!in_place) options.observer = [](const net::Node&, const at::Tensor&) {};
    value = forward(model, x, 1, options);
    (value * random({4, 3, 4, 4}, 6)).sum().backward();
    return x.grad();
  };
  at::Tensor one, other;
  EXPECT_EQ(distance(gradient(true, one), gradient(false, other)), 0);
  EXPECT_EQ(distance(one, other), 0);
}

TEST(Relu, LeavesValuesAloneThatOthersRead) {
  net::Net net = start({6});
  net.add("bn", "batch_norm", {"x"});
  net.add("a", "relu", {"bn"});
  net.add("y", "add", {"a", "bn"});
  const at::Tensor x = random({4, 6}, 8), bn = x / std::sqrt(1 + 1e-5);
  EXPECT_LT(distance(run(net, x), at::relu(bn) + bn), 1e-6);
}

TEST(BatchNorm, GradientMatchesTorchOnDenseImages) {
  net::Net net = start({5, 6, 6});
  net.add("y", "batch_norm", {"x"});
  const at::Tensor weight = random({8, 5, 6, 6}, 3);
  const at::Tensor x = leaf(channels_last(random({8, 5, 6, 6}, 2))), same = leaf(x);
  (run(net, x, true) * weight).sum().backward();
  const at::Tensor gain = at::ones({5}), shift = at::zeros({5});
  (at::batch_norm(same, gain, shift, {}, {}, true, 0.1, 1e-5, false) * weight).sum().backward();
  EXPECT_LT(distance(x.grad(), same.grad()), 1e-5);
}

}  // namespace
}  // namespace tern::learn
