// A graph of communities whose features tell the community only after some averaging over neighbours.
#pragma once

#include "base/seed.hpp"
#include "graph/build.hpp"
#include "graph/graph_data.hpp"

namespace tern::train {

struct ToyNodesOptions {
  std::int64_t nodes = 300, classes = 3, features = 12;
  double degree = 8, within = 0.85, noise = 1.5;
  bool sparse = false, many_labels = false, edges = true;
  std::uint64_t seed = 5;
};

/// Class of node i is i % classes; half of the nodes train, a quarter each validates and tests.
inline graph::GraphData toy_nodes(const ToyNodesOptions& o = {}) {
  Rng rng(o.seed);
  graph::GraphData data;
  data.num_classes = o.classes;
  data.graph_offsets = {0, o.nodes};
  graph::EdgeList edges;
  edges.num_nodes = o.nodes;
  const auto any = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(bound)));
  };
  for (std::int64_t e = 0;
       o.edges && e < static_cast<std::int64_t>(o.degree * static_cast<double>(o.nodes) / 2); ++e) {
    const std::int64_t u = any(o.nodes);
    std::int64_t v = any(o.nodes / o.classes) * o.classes + u % o.classes;
    if (rng.uniform() >= o.within) v = any(o.nodes);
    edges.source.push_back(static_cast<std::int32_t>(u));
    edges.target.push_back(static_cast<std::int32_t>(v));
  }
  data.graph = graph::build_graph(edges);
  data.features.columns = o.features;
  for (std::int64_t i = 0; i < o.nodes; ++i) {
    for (std::int64_t f = 0; f < o.features; ++f) {
      const double value = (f % o.classes == i % o.classes ? 1.0 : 0.0) + o.noise * rng.normal();
      data.features.dense.push_back(o.sparse ? (value > 2 ? 1.0F : 0.0F) : static_cast<float>(value));
    }
    data.labels.push_back(static_cast<std::int32_t>(i % o.classes));
    for (std::int64_t k = 0; k < o.classes; ++k)
      data.multi_labels.push_back(k == i % o.classes || k == (i + 1) % o.classes);
  }
  if (o.sparse) {
    data.features.sparse = graph::to_sparse(o.nodes, o.features, data.features.dense);
    data.features.is_sparse = true;
    data.features.dense.clear();
  }
  if (o.many_labels)
    data.labels.clear();
  else
    data.multi_labels.clear();
  graph::Split split;
  for (const std::int64_t i : permutation(o.nodes, rng)) {
    auto& part = split.train.size() < static_cast<std::size_t>(o.nodes / 2)        ? split.train
                 : split.validation.size() < static_cast<std::size_t>(o.nodes / 4) ? split.validation
                                                                                   : split.test;
    part.push_back(static_cast<std::int32_t>(i));
  }
  data.splits = {split};
  return data;
}

}  // namespace tern::train
