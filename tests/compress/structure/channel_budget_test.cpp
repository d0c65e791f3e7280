#include "compress/structure/channel_budget.hpp"

#include "base/error.hpp"
#include "compress/structure/channel_costs.hpp"
#include "compress/structure/structure_testing.hpp"

namespace tern::compress {
namespace {

/// Three plain convolutions of 16 channels.
net::Net chain_net() {
  net::Net net = image_net("chain");
  std::string last = "x";
  for (const char* name : {"a", "b", "c"}) last = conv_block(net, name, last, 16);
  return classified(net, last);
}

std::vector<double> counting_scores(const ChannelGraph& graph) {
  std::vector<double> scores(static_cast<std::size_t>(graph.num_coupled()));
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = 1.0 + static_cast<double>(i);
  return scores;
}

std::vector<std::int64_t> kept(const ChannelGraph& graph, const ChannelMarks& marks) {
  std::vector<std::int64_t> counts;
  for (const auto& group : graph.groups()) {
    counts.push_back(0);
    for (const auto channel : group.channels) counts.back() += marks[static_cast<std::size_t>(channel)] == 0;
  }
  return counts;
}

ChannelCosts costs_after(const ChannelGraph& graph, const ChannelMarks& marks) {
  ChannelCosts costs(graph);
  for (std::size_t c = 0; c < marks.size(); ++c)
    if (marks[c]) costs.remove(static_cast<std::int64_t>(c));
  return costs;
}

TEST(ChannelBudget, TakesSmallestScoresUntilTheMacsFit) {
  const net::Net net = chain_net();
  const ChannelGraph graph(net);
  const auto scores = counting_scores(graph);
  ChannelBudget budget{.target = 0.5, .relative = false};
  const ChannelMarks marks = choose_channels(graph, scores, budget);
  const auto whole = static_cast<double>(net::totals(net).macs_per_step);
  EXPECT_LE(static_cast<double>(costs_after(graph, marks).macs_per_step()), 0.5 * whole);
  // Whatever goes scores less than whatever stays, except the last of a group; and one fewer would not do.
  double largest_gone = 0;
  std::int64_t last = -1;
  for (std::size_t c = 0; c < marks.size(); ++c)
    if (marks[c] && scores[c] > largest_gone) largest_gone = scores[c], last = static_cast<std::int64_t>(c);
  for (const auto& group : graph.groups()) {
    double best = 0;
    for (const auto channel : group.channels) best = std::max(best, scores[static_cast<std::size_t>(channel)]);
    for (const auto channel : group.channels) {
      const double score = scores[static_cast<std::size_t>(channel)];
      EXPECT_TRUE(marks[static_cast<std::size_t>(channel)] || score == best || score > largest_gone) << score;
    }
  }
  ChannelMarks one_less = marks;
  one_less[static_cast<std::size_t>(last)] = 0;
  EXPECT_GT(static_cast<double>(costs_after(graph, one_less).macs_per_step()), 0.5 * whole);
}

TEST(ChannelBudget, UniformTakesTheSameFractionEverywhere) {
  const net::Net net = chain_net();
  const ChannelGraph graph(net);
  ChannelBudget budget{.kind = ChannelBudgetKind::ratio, .target = 0.25, .global = false};
  EXPECT_EQ(kept(graph, choose_channels(graph, counting_scores(graph), budget)), (Ints{12, 12, 12}));
}

TEST(ChannelBudget, HalfTheChannelsLeaveAQuarterOfAKernel) {
  const net::Net net = chain_net();
  const ChannelGraph graph(net);
  ChannelBudget budget{.kind = ChannelBudgetKind::ratio, .target = 0.5, .global = false};
  const learn::Model model(net, 1);
  const Removal removal = remove_channels(model, graph, choose_channels(graph, counting_scores(graph), budget));
  const auto size = [](const learn::Model& m) { return m.parameter("b", "weight").latent.numel(); };
  EXPECT_EQ(4 * size(removal.model), size(model));  // 1 - (1 - p)^2 of the parameters are gone
}

TEST(ChannelBudget, RoundingKeepsMultiplesOrAll) {
  const net::Net net = chain_net();
  const ChannelGraph graph(net);
  for (const bool global : {true, false}) {
    ChannelBudget budget{.kind = ChannelBudgetKind::parameters, .target = 0.4, .global = global, .round = 4};
    const ChannelMarks marks = choose_channels(graph, counting_scores(graph), budget);
    for (const auto count : kept(graph, marks)) EXPECT_EQ(count % 4, 0);
    EXPECT_LE(static_cast<double>(costs_after(graph, marks).parameters()),
              0.4 * static_cast<double>(net::totals(net).parameters));
  }
  // A group of 6 in lots of 4: the first takes 2; a group of 5 may only become 4.
  const net::Net residual = residual_net();
  const ChannelGraph other(residual);
  ChannelBudget most{.kind = ChannelBudgetKind::ratio, .target = 0.4, .round = 4};
  EXPECT_EQ(kept(other, choose_channels(other, counting_scores(other), most)), (Ints{4, 4, 4}));
}

TEST(ChannelBudget, AtLeastOneChannelStaysAndAnImpossibleTargetIsRefused) {
  const net::Net net = residual_net();
  const ChannelGraph graph(net);
  ChannelBudget budget{.kind = ChannelBudgetKind::ratio, .target = 0.85};
  EXPECT_EQ(kept(graph, choose_channels(graph, counting_scores(graph), budget)), (Ints{1, 1, 1}));
  budget.target = 0.9;
  try {
    choose_channels(graph, counting_scores(graph), budget);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(error.message().find("of the channels would be left with 1 channel(s)"), std::string::npos) << error.what();
  }
}

TEST(ChannelBudget, OnlyAllowedGroupsShrink) {
  const net::Net net = chain_net();
  const ChannelGraph graph(net);
  ChannelBudget budget{.target = 0.7};
  const auto counts = kept(graph, choose_channels(graph, counting_scores(graph), budget, {0, 1, 0}));
  EXPECT_EQ(counts[0], 16);
  EXPECT_LT(counts[1], 16);
  EXPECT_EQ(counts[2], 16);
}

}  // namespace
}  // namespace tern::compress
