// Products with a graph, counted on paper.
#include "cost/propagation.hpp"

#include <gtest/gtest.h>

#include "tiny.hpp"
#include "zoo/architecture.hpp"

namespace tern::cost {
namespace {

/// input [5], linear1 to `features`, propagate1, linear2 to 2.
net::Net path_net(const std::string& normalisation, std::int64_t features = 3) {
  net::Net net("path");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{5}}, {"time", false}});
  net.add("graph", "graph", {}, {{"mean_degree", 2}});
  net.add("linear1", "linear", {"input"}, {{"out_features", features}});
  net.add("propagate1", "propagate", {"linear1", "graph"}, {{"normalisation", normalisation}});
  net.add("linear2", "linear", {"propagate1"}, {{"out_features", 2}});
  return net;
}

/// The path 0 - 1 - 2 - 3.
constexpr GraphSize path{.nodes = 4, .edges = 6};

Profile messages(const net::Net& net, int bits, double kept = 1) {
  Profile profile;
  for (const auto& name : profile_names(net)) profile[name].weight_bits = profile[name].src_bits = bits;
  profile["propagate1"].weight_density = kept;
  return profile;
}

CostReport cost_of(const net::Net& net, const Profile& profile, const GraphSize& graph) {
  CostOptions options;
  options.graph = graph;
  return evaluate(net, profile, tiny_accelerator(), options);
}

const LayerCost& propagation(const CostReport& report) {
  for (const LayerCost& layer : report.layers)
    if (layer.op == "propagate") return layer;
  throw std::runtime_error("no propagation");
}

/// Words or operations of a part; every word of the tiny memories is a bit, of its scratchpads a byte.
double accesses(const LayerCost& layer, const std::string& name) {
  for (const Component& part : layer.breakdown)
    if (part.name == name) return part.accesses;
  return 0;
}

TEST(Propagation, ASumByHand) {
  const net::Net net = path_net("sum");
  const CostReport report = cost_of(net, messages(net, 8), path);
  const LayerCost& layer = propagation(report);
  EXPECT_EQ(layer.dataflow, "rows-on-chip");
  EXPECT_EQ(layer.macs_dense, 6 * 3);
  EXPECT_EQ(layer.macs_effectual, 18);
  EXPECT_EQ(accesses(layer, "accumulate"), 18);
  EXPECT_EQ(accesses(layer, "multiply"), 0);
  // Six columns of 2 bits and five offsets of 3 bits, from off chip; a row of three bytes a term from the
  // buffer.
  EXPECT_EQ(layer.graph_bits_stored, 6 * 2 + 5 * 3);
  EXPECT_EQ(report.graph_bytes, 4);
  EXPECT_EQ(accesses(layer, "dram weights"), 27);
  EXPECT_EQ(accesses(layer, "metadata"), 6);
  EXPECT_EQ(accesses(layer, "glb inputs"), 18 * 8);
  EXPECT_EQ(accesses(layer, "dram inputs"), 0);
  EXPECT_EQ(accesses(layer, "spad inputs"), 2 * 18);
  // Sums of 1.5 terms on average have 9 bits; each is read and written a term, and 12 of them leave.
  EXPECT_EQ(accesses(layer, "spad psums"), 2 * 18 * 9 / 8.0);
  EXPECT_EQ(accesses(layer, "glb outputs"), 12 * 9);
  EXPECT_EQ(accesses(layer, "noc"), 18 * 8 + 12 * 9);
  EXPECT_EQ(layer.cycles, 18);
  // Of the linear layers a row a node.
  EXPECT_EQ(report.macs, 4 * 5 * 3 + 18 + 4 * 3 * 2);
}

TEST(Propagation, CoefficientsAndSelfLoopsByHand) {
  const net::Net net = path_net("gcn");
  const CostReport report = cost_of(net, messages(net, 8), path);
  const LayerCost& layer = propagation(report);
  EXPECT_EQ(layer.macs_dense, (6 + 4) * 3);
  EXPECT_EQ(accesses(layer, "multiply"), 30);
  EXPECT_EQ(layer.graph_bits_stored, 6 * (2 + 8) + 5 * 3);
  // One element: a coefficient is delivered once a term. Sums of 2.5 products of 16 bits have 18.
  EXPECT_EQ(accesses(layer, "noc"), 30 * 8 + 10 * 8 + 12 * 18);
  EXPECT_EQ(accesses(layer, "spad weights"), 10 + 30);
  // A mean has neither coefficients nor, by itself, self loops.
  const net::Net mean = path_net("row");
  EXPECT_EQ(accesses(propagation(cost_of(mean, messages(mean, 8), path)), "multiply"), 0);
}

TEST(Propagation, TakesWhatDoesNotFitByColumnsOrByRows) {
  const net::Net net = path_net("sum", 16);
  // Half of the buffer holds 4096 bits: five of the 16 columns of 100 bytes, so that the matrix passes four
  // times.
  const CostReport dense = cost_of(net, messages(net, 8), {.nodes = 100, .edges = 1000});
  const LayerCost& columns = propagation(dense);
  EXPECT_EQ(columns.dataflow, "by-columns");
  EXPECT_EQ(accesses(columns, "dram inputs"), 100 * 16 * 8);
  EXPECT_EQ(accesses(columns, "dram weights"), 4 * (1000 * 7 + 101 * 10));
  const CostReport sparse = cost_of(net, messages(net, 8), {.nodes = 100, .edges = 50});
  const LayerCost& rows = propagation(sparse);
  EXPECT_EQ(rows.dataflow, "by-rows");
  EXPECT_EQ(accesses(rows, "dram inputs"), 50 * 16 * 8);
  EXPECT_EQ(accesses(rows, "dram weights"), 50 * 7 + 101 * 6);
}

TEST(Propagation, FewerEdgesAndFewerBitsCostLess) {
  const net::Net net = path_net("gcn", 16);
  const GraphSize graph{.nodes = 100, .edges = 1000};
  const auto of = [&](int bits, double kept) { return cost_of(net, messages(net, bits, kept), graph); };
  const CostReport all = of(8, 1), pruned = of(8, 0.5), narrow = of(4, 1);
  EXPECT_LT(propagation(pruned).energy_pj, propagation(all).energy_pj);
  EXPECT_LT(propagation(pruned).cycles, propagation(all).cycles);
  EXPECT_LT(pruned.graph_bytes, all.graph_bytes);
  EXPECT_EQ(propagation(pruned).macs_dense, propagation(all).macs_dense);
  EXPECT_EQ(propagation(pruned).macs_effectual, (500 + 100) * 16);
  EXPECT_LT(propagation(narrow).energy_pj, propagation(all).energy_pj);
}

TEST(Propagation, WithoutAGraphASampleIsANodeOfMeanDegree) {
  const net::Net net = path_net("sum");
  const CostReport report = cost_of(net, messages(net, 8), {});
  EXPECT_EQ(propagation(report).macs_dense, 2 * 3);
  EXPECT_EQ(propagation(report).dataflow, "by-rows");
  EXPECT_EQ(report.macs, net::totals(net).macs_per_step);
}

TEST(Propagation, RowsOfGraphsAreNotRepeated) {
  zoo::ArchitectureOptions options{.num_classes = 2, .input_shape = {3}, .dropout = 0};
  options.graph = {.layers = 1, .hidden = 4};
  const net::Net net = zoo::find_architecture("gin-graph").build(options);
  const auto rows = nodes_with_a_row_a_node(net);
  EXPECT_TRUE(rows.count("linear2"));
  EXPECT_FALSE(rows.count("scores1"));
  const CostReport report = cost_of(net, {}, {.nodes = 10, .edges = 20});
  EXPECT_EQ(report.macs, 3 * 2 + 30 * 3 + 10 * (3 * 4 + 4 * 4) + 4 * 2);
}

TEST(Propagation, RefusesGraphsThatAreNone) {
  EXPECT_NE(message_of([] { cost_of(path_net("sum"), {}, {.nodes = -1}); }).find("-1 nodes"),
            std::string::npos);
  EXPECT_NE(
      message_of([] { evaluate(tiny_net(), {}, tiny_accelerator(), {.graph = path}); }).find("no graph"),
      std::string::npos);
}

}  // namespace
}  // namespace tern::cost
