// Graphs that a small network learns in a second.
#pragma once

#include "base/seed.hpp"
#include "graph/build.hpp"
#include "graph/graph_data.hpp"
#include "learn/model.hpp"

namespace tern::train {

/// Two communities of `size` nodes with noisy features: hard for a node alone, easy for its neighbourhood. Of every
/// five nodes one trains and one validates.
inline graph::GraphData toy_communities(std::int32_t size = 60, std::uint64_t seed = 5) {
  Rng rng(seed);
  graph::EdgeList edges{2 * size, {}, {}, {}};
  for (std::int32_t u = 0; u < 2 * size; ++u)
    for (std::int32_t v = u + 1; v < 2 * size; ++v)
      if (rng.uniform() < (u / size == v / size ? 0.15 : 0.01)) {
        edges.source.push_back(u);
        edges.target.push_back(v);
      }
  graph::GraphData data;
  data.graph = graph::build_graph(edges);
  data.graph_offsets = {0, 2 * size};
  data.num_classes = 2;
  data.features.columns = 4;
  data.splits.emplace_back();
  graph::Split& split = data.splits.front();
  for (std::int32_t u = 0; u < 2 * size; ++u) {
    data.labels.push_back(u / size);
    for (int c = 0; c < 4; ++c)
      data.features.dense.push_back(static_cast<float>(rng.normal() + (c == u / size ? 0.8 : 0.0)));
    (u % 5 == 0 ? split.train : u % 5 == 1 ? split.validation : split.test).push_back(u);
  }
  return data;
}

inline net::Net toy_gcn(std::int64_t features = 4, std::int64_t classes = 2, double dropout = 0.2) {
  net::Net net("toy-gcn");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{features}}, {"time", false}});
  net.add("graph", "graph", {});
  net.add("drop1", "dropout", {"input"}, {{"p", dropout}});
  net.add("linear1", "linear", {"drop1"}, {{"out_features", 8}, {"bias", false}});
  net.add("propagate1", "propagate", {"linear1", "graph"}, {{"normalisation", std::string("gcn")}, {"bias", true}});
  net.add("act1", "relu", {"propagate1"});
  net.add("linear2", "linear", {"act1"}, {{"out_features", classes}, {"bias", false}});
  net.add("propagate2", "propagate", {"linear2", "graph"}, {{"normalisation", std::string("gcn")}, {"bias", true}});
  return net;
}

}  // namespace tern::train
