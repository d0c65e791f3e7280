// Channels of graph networks: propagation mixes nodes and keeps channels apart.
#include "compress/structure/channel_costs.hpp"
#include "compress/structure/prune_channels.hpp"
#include "compress/structure/structure_testing.hpp"
#include "graph/build.hpp"
#include "zoo/architecture.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t nodes = 24, features = 9;

std::shared_ptr<const learn::GraphBatch> two_graphs() {
  graph::EdgeList edges{nodes, {}, {}, {}};
  for (std::int32_t i = 0; i < 60; ++i) {
    const std::int32_t first = i % 3 == 0 ? 16 : 0, count = i % 3 == 0 ? 8 : 15;  // node 15 has no edge
    edges.source.push_back(first + (i * 7) % count);
    edges.target.push_back(first + (i * i + 3) % count);
  }
  auto batch = std::make_shared<learn::GraphBatch>();
  batch->graph.sparse =
      std::make_shared<learn::GraphStructure>(build_graph(edges), std::vector<std::int64_t>{0, 16, nodes});
  return batch;
}

at::Tensor scores(learn::Model& model) {
  static const auto graphs = two_graphs();
  learn::ForwardOptions options;
  options.graph = graphs;
  return learn::forward(model, learn::random({nodes, features}, 3), 1, options);
}

net::Net zoo_net(const std::string& name, const std::string& norm = {}) {
  zoo::ArchitectureOptions options{.num_classes = 3, .input_shape = {features}};
  options.graph = {.layers = 2, .hidden = 8, .norm = norm, .mean_degree = 4, .clusters = 4};
  return zoo::find_architecture(name).build(options);
}

std::vector<net::Net> graph_nets() {
  std::vector<net::Net> nets;
  for (const char* norm : {"none", "batch"})
    for (const char* name : {"gcn", "sage", "gin", "graphconv"}) nets.push_back(zoo_net(name, norm));
  nets.push_back(zoo_net("gin-graph"));
  nets.push_back(zoo_net("mincut-net"));
  return nets;
}

TEST(GraphChannels, RemovedEqualsMasked) {
  for (const net::Net& net : graph_nets())
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      learn::Model model = random_model(net, 10 * seed);
      const ChannelGraph graph(model.net());
      ASSERT_FALSE(graph.groups().empty()) << net.name();
      const ChannelMarks marks = random_marks(graph, 0.25 * static_cast<double>(seed), seed);
      learn::Model masked = model;
      mask_channels(masked, graph, marks);
      Removal removal = remove_channels(model, graph, marks);
      const at::Tensor expected = scores(masked);
      EXPECT_LT(learn::distance(expected, scores(removal.model)), 1e-5 * (1 + expected.abs().max().item<double>()))
          << net.name() << seed;
      ChannelCosts costs(graph);
      for (std::size_t c = 0; c < marks.size(); ++c)
        if (marks[c]) costs.remove(static_cast<std::int64_t>(c));
      EXPECT_EQ(costs.macs_per_step(), net::totals(removal.model.net()).macs_per_step) << net.name();
      EXPECT_LT(costs.macs_per_step(), net::totals(net).macs_per_step) << net.name();
    }
}

/// x - a (bias) - propagate - b, with filter 0 of a silent: channel 0 is the constant of its bias in front of the
/// propagation.
learn::Model with_a_silent_channel(const std::string& normalisation) {
  net::Net net("silent");
  net.add("x", "input", {}, {{"shape", Ints{features}}, {"time", false}});
  net.add("graph", "graph");
  net.add("a", "linear", {"x"}, {{"out_features", 4}, {"bias", true}});
  net.add("p", "propagate", {"a", "graph"}, {{"normalisation", normalisation}});
  net.add("b", "linear", {"p"}, {{"out_features", 3}});
  learn::Model model = random_model(net, 4);
  const c10::NoGradGuard no_grad;
  model.parameter("a", "weight").latent[0].zero_();
  model.parameter("a", "bias").latent[0] = 2.0;
  return model;
}

TEST(GraphChannels, ConstantsAreCarriedOnlyThroughWhatKeepsThem) {
  // A mean with the node itself keeps a constant, so that it goes into the bias of b; a sum over neighbours does not, so
  // that the channel counts as masked.
  for (const bool keeps : {true, false}) {
    learn::Model model = with_a_silent_channel(keeps ? "row-self" : "sum");
    const ChannelGraph graph(model.net());
    const ChannelMarks silent = silent_channels(model, graph);
    learn::Model expected = model;
    if (!keeps) mask_channels(expected, graph, silent);
    Removal removal = remove_channels(model, graph, silent);
    EXPECT_EQ(removal.model.net().type("a").shape, net::Shape{3});
    EXPECT_EQ(removal.model.net().parameters(removal.model.net().node("b")).size(), keeps ? 2U : 1U);
    EXPECT_LT(learn::distance(scores(expected), scores(removal.model)), 1e-5) << keeps;
  }
}

TEST(GraphChannels, WhatReadsWholeRowsStays) {
  const net::Net attention = zoo_net("gat"), residual = zoo_net("gcn-residual");
  EXPECT_TRUE(ChannelGraph(attention).groups().empty());
  // Inside a residual block the second layer's inputs are free; the sums are read by layer norms.
  const ChannelGraph graph(residual);
  ASSERT_EQ(graph.groups().size(), 2U);
  for (std::size_t k = 0; k < 2; ++k)
    EXPECT_EQ(residual.nodes()[graph.groups()[k].producers[0]].name, "linear" + std::to_string(2 * k + 1));
}

TEST(GraphChannels, HalvesTheWork) {
  learn::Model model = random_model(zoo_net("gcn"), 1);
  ChannelPruning pruning;
  pruning.budget = {.kind = ChannelBudgetKind::macs, .target = 0.5};
  const Removal removal = prune_channels(model, pruning);
  EXPECT_LE(2 * net::totals(removal.model.net()).macs_per_step, net::totals(model.net()).macs_per_step);
}

TEST(GraphChannels, EdgesWithFactorsComeLater) {
  net::Net net = zoo_net("gcn");
  net::Net with_factors("factors");
  for (const auto& node : net.nodes()) {
    auto attributes = node.attributes;
    if (node.op == "graph") attributes["edges"] = std::int64_t{10};
    with_factors.add(node.name, node.op, node.inputs, attributes);
  }
  learn::Model model = random_model(with_factors, 1);
  const ChannelGraph graph(model.net());
  EXPECT_THROW(remove_channels(model, graph, random_marks(graph, 0.5, 1)), Error);
}

}  // namespace
}  // namespace tern::compress
