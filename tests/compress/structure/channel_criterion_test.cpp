#include "compress/structure/channel_criterion.hpp"

#include <set>

#include "base/error.hpp"
#include "compress/structure/structure_testing.hpp"

namespace tern::compress {
namespace {

struct Scored {
  learn::Model model;
  ChannelGraph graph;
  explicit Scored(learn::Model m) : model(std::move(m)), graph(model.net()) {}
  std::vector<double> scores(std::string_view criterion, const Samples* samples = nullptr) {
    return find_channel_criterion(criterion).score({model, graph, samples, learn::find_loss("ce").loss, 3});
  }
  std::size_t channel(std::size_t group, std::size_t i) const {
    return static_cast<std::size_t>(graph.groups()[group].channels[i]);
  }
  at::Tensor latent(const char* node, const char* name = "weight") const {
    return model.parameter(node, name).latent.detach();
  }
};

Samples samples_for(const learn::Model& model, int batches) {
  Samples samples;
  for (int i = 0; i < batches; ++i) {
    const at::Tensor labels = at::arange(6, at::kLong).remainder(4);
    samples.push_back({frames_for(model.net(), 6, static_cast<std::uint64_t>(50 + i)), learn::one_hot(labels, 4, 0.0), 1});
  }
  return samples;
}

TEST(ChannelCriterion, MagnitudesAddUpOverTheGroup) {
  Scored net(random_model(residual_net(), 3));
  const auto l1 = net.scores("l1"), l2 = net.scores("l2");
  for (std::size_t i = 0; i < 8; ++i) {
    const auto c = static_cast<std::int64_t>(i);
    // a and c make the channel, b and d read it.
    const at::Tensor parts[] = {net.latent("a").select(0, c), net.latent("c").select(0, c), net.latent("b").select(1, c),
                                net.latent("d").select(1, c)};
    double sum = 0, squares = 0;
    for (const auto& part : parts) sum += part.abs().sum().item<double>(), squares += part.square().sum().item<double>();
    EXPECT_NEAR(l1[net.channel(0, i)], sum, 1e-4);
    EXPECT_NEAR(l2[net.channel(0, i)], std::sqrt(squares), 1e-4);
  }
}

TEST(ChannelCriterion, GroupedAndDepthwiseColumns) {
  Scored net(random_model(depthwise_net(), 3));
  const auto l1 = net.scores("l1");
  // Channel 1 of a: its filter, depthwise outputs 2 and 3, columns 2 and 3 of c.
  double sum = net.latent("a")[1].abs().sum().item<double>() + net.latent("b").slice(0, 2, 4).abs().sum().item<double>() +
               net.latent("c").slice(1, 2, 4).abs().sum().item<double>();
  EXPECT_NEAR(l1[net.channel(0, 1)], sum, 1e-4);
  // Channels 1 and 5 of c: column 1 of both groups of d.
  sum = net.latent("c")[1].abs().sum().item<double>() + net.latent("c")[5].abs().sum().item<double>() +
        net.latent("d").select(1, 1).abs().sum().item<double>();
  EXPECT_NEAR(l1[net.channel(1, 1)], sum, 1e-4);
}

TEST(ChannelCriterion, FpgmIsTheSumOfDistances) {
  Scored net(random_model(residual_net(), 3));
  const auto fpgm = net.scores("fpgm");
  const at::Tensor filters = net.latent("b").reshape({6, -1}).to(at::kDouble);
  for (std::int64_t i = 0; i < 6; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < 6; ++j) sum += (filters[i] - filters[j]).norm().item<double>();
    EXPECT_NEAR(fpgm[net.channel(1, static_cast<std::size_t>(i))], sum, 1e-6);
  }
}

TEST(ChannelCriterion, BnGammaCountsEveryNormOfTheChannel) {
  Scored net(random_model(residual_net(), 3));
  const auto scores = net.scores("bn-gamma");
  EXPECT_NEAR(scores[net.channel(0, 2)],
              (net.latent("a_bn")[2].abs() + net.latent("c_bn")[2].abs()).item<double>(), 1e-6);
  Scored bare(random_model(flatten_net(), 3));
  EXPECT_TRUE(std::isinf(bare.scores("bn-gamma")[bare.channel(0, 0)]));
}

/// (d loss / d factor)^2 where the coupled filters are scaled by a common factor.
TEST(ChannelCriterion, TaylorMatchesFiniteDifferences) {
  Scored net(random_model(residual_net(), 3));
  const Samples samples = samples_for(net.model, 2);
  const auto scores = net.scores("taylor", &samples);
  const auto loss_at = [&](const SampleBatch& batch, std::int64_t channel, double factor) {
    learn::Model scaled = net.model.clone_without_quantizers();
    const c10::NoGradGuard no_grad;
    for (const char* node : {"a", "c"}) scaled.parameter(node, "weight").latent.select(0, channel).mul_(factor);
    return learn::find_loss("ce").loss(run(scaled, batch.frames), batch.targets).item<double>();
  };
  for (std::int64_t c = 0; c < 3; ++c) {
    double expected = 0;
    for (const auto& batch : samples) {
      const double slope = (loss_at(batch, c, 1.004) - loss_at(batch, c, 0.996)) / 0.008;
      expected += slope * slope / 2;
    }
    EXPECT_NEAR(scores[net.channel(0, static_cast<std::size_t>(c))], expected, 0.05 * expected + 1e-6);
  }
}

TEST(ChannelCriterion, ActivationsAreThoseThatKernelsRead) {
  Scored net(random_model(flatten_net(), 3));
  const c10::NoGradGuard no_grad;
  net.model.parameter("fc1", "weight").latent.zero_();
  net.model.parameter("fc1", "bias").latent.copy_(at::arange(9, at::kFloat) - 3.0);  // hard_swish of -3, -2, ... 5
  Samples samples{{frames_for(net.model.net(), 4, 9), at::zeros({4, 3}), 1}};
  const auto mean = net.scores("activation", &samples), apoz = net.scores("apoz", &samples);
  for (std::size_t i = 0; i < 9; ++i) {
    const double x = static_cast<double>(i) - 3.0, y = std::abs(x * std::min(std::max(x + 3, 0.0), 6.0) / 6.0);
    EXPECT_NEAR(mean[net.channel(1, i)], y, 1e-5);
    EXPECT_EQ(apoz[net.channel(1, i)], i == 0 || i == 3 ? 0.0 : 1.0);
  }
}

TEST(ChannelCriterion, RandomFollowsTheSeed) {
  Scored net(random_model(residual_net(), 3));
  const auto first = net.scores("random");
  EXPECT_EQ(first, net.scores("random"));
  EXPECT_NE(first, channel_criterion_table().back().score({net.model, net.graph, nullptr, nullptr, 4}));
}

TEST(ChannelCriterion, TheTableNamesItsRows) {
  std::set<std::string> names;
  for (const auto& row : channel_criterion_table()) {
    EXPECT_TRUE(names.insert(row.info.name).second);
    EXPECT_FALSE(row.info.source.empty());
  }
  EXPECT_THROW(find_channel_criterion("l3"), Error);
}

}  // namespace
}  // namespace tern::compress
