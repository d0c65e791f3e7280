#include "train/graph/node_clustering.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "graph/build.hpp"
#include "learn/torch.hpp"
#include "train/graph/procedures.hpp"

namespace tern::train {
namespace {

/// Three communities of 20 nodes: many edges inside, few between; features are noise around a community's
/// own.
graph::GraphData communities(std::uint64_t seed) {
  Rng rng(seed);
  graph::EdgeList edges{60, {}, {}, {}};
  graph::GraphData data;
  for (std::int32_t u = 0; u < 60; ++u) {
    for (std::int32_t v = 0; v < u; ++v)
      if (rng.uniform() < (u / 20 == v / 20 ? 0.4 : 0.01)) {
        edges.source.push_back(u);
        edges.target.push_back(v);
      }
    data.labels.push_back(u / 20);
    for (std::int32_t c = 0; c < 6; ++c)
      data.features.dense.push_back(static_cast<float>((c % 3 == u / 20 ? 1.0 : 0.0) + 0.3 * rng.normal()));
  }
  data.features.columns = 6;
  data.num_classes = 3;
  data.graph = build_graph(edges);
  data.graph_offsets = {0, 60};
  return data;
}

net::Net clustering_net(bool with_mincut = true) {
  net::Net net("clusters");
  net.add("input", "input", {}, {{"shape", net::Shape{6}}, {"time", false}});
  net.add("graph", "graph");
  net.add("linear", "linear", {"input"}, {{"out_features", 16}, {"bias", true}});
  net.add("propagate", "propagate", {"linear", "graph"}, {{"normalisation", std::string("symmetric")}});
  net.add("act", "elu", {"propagate"});
  net.add("logits", "linear", {"act"}, {{"out_features", 3}, {"bias", true}});
  if (with_mincut) net.add("mincut", "mincut", {"logits", "graph"});
  net.add("clusters", "softmax", {"logits"});
  return net;
}

GraphProcedureOptions quick() {
  GraphProcedureOptions options;
  node_clustering_procedure().set_defaults(options.train);
  options.train.epochs = 10;
  options.train.learning_rate.base = 1e-2;
  options.parameters["steps"] = "40";
  return options;
}

TEST(NodeClustering, FindsCommunitiesWithoutLabels) {
  const graph::GraphData data = communities(1);
  learn::Model model(clustering_net(), 1);
  const GraphRunResult result = node_clustering_procedure().run(model, data, quick());
  EXPECT_EQ(result.metric, "nmi");
  EXPECT_GT(result.last.test, 0.9);
  EXPECT_GT(result.selected.test, 0.9);
  EXPECT_LT(result.selected.validation_loss, -0.5);
  EXPECT_LT(result.selected.validation_loss, result.history.front().validation_loss);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_NE(result.notes[0].find("3 of 3 clusters are used, homogeneity"), std::string::npos)
      << result.notes[0];
}

TEST(NodeClustering, LabelsDecideNothing) {
  const graph::GraphData data = communities(2);
  graph::GraphData shuffled = data, without = data;
  for (std::size_t i = 0; i < shuffled.labels.size(); ++i)
    shuffled.labels[i] = static_cast<std::int32_t>((i * 7) % 3);
  without.labels.clear();
  learn::Model first(clustering_net(), 1), second(clustering_net(), 1), third(clustering_net(), 1);
  GraphProcedureOptions options = quick();
  options.train.epochs = 2;
  const GraphRunResult a = node_clustering_procedure().run(first, data, options);
  const GraphRunResult b = node_clustering_procedure().run(second, shuffled, options);
  const GraphRunResult c = node_clustering_procedure().run(third, without, options);
  EXPECT_EQ(a.selected_epoch, b.selected_epoch);
  EXPECT_EQ(a.selected_epoch, c.selected_epoch);
  EXPECT_TRUE(std::isnan(c.last.test));
  for (const auto& [name, parameter] : first.parameters()) {
    EXPECT_TRUE(at::equal(parameter.latent, second.parameters().at(name).latent)) << name;
    EXPECT_TRUE(at::equal(parameter.latent, third.parameters().at(name).latent)) << name;
  }
}

TEST(NodeClustering, RefusesWhatItCannotDo) {
  const graph::GraphData data = communities(3);
  learn::Model silent(clustering_net(false), 1), model(clustering_net(), 1);
  EXPECT_THROW(node_clustering_procedure().run(silent, data, quick()), Error);  // no losses of its own
  GraphProcedureOptions options = quick();
  options.parameters["steps"] = "0";
  EXPECT_THROW(node_clustering_procedure().run(model, data, options), Error);
  options.parameters = {{"stpes", "5"}};
  EXPECT_THROW(node_clustering_procedure().run(model, data, options), Error);
}

}  // namespace
}  // namespace tern::train
