#include "data/graphs/graph_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "graph/transform.hpp"

namespace tern::data {
namespace {

void measure_homophily(const graph::GraphData& data, GraphSummary& out) {
  out.edge_homophily = out.adjusted_homophily = std::numeric_limits<double>::quiet_NaN();
  if (data.labels.empty() || data.num_classes < 1) return;
  std::vector<double> degree(static_cast<std::size_t>(data.num_classes), 0);  // of each class together
  double equal = 0, total = 0;
  for (std::int32_t u = 0; u < data.graph.num_nodes(); ++u)
    for (const std::int32_t v : data.graph.neighbours(u)) {
      const std::int32_t a = data.labels[static_cast<std::size_t>(u)],
                         b = data.labels[static_cast<std::size_t>(v)];
      if (u == v || a < 0 || b < 0) continue;
      equal += a == b;
      total += 1;
      degree[static_cast<std::size_t>(a)] += 1;
    }
  if (total == 0) return;
  double expected = 0;
  for (const double d : degree) expected += d * d / (total * total);
  out.edge_homophily = equal / total;
  if (expected < 1) out.adjusted_homophily = (out.edge_homophily - expected) / (1 - expected);
}

void count_classes(const graph::GraphData& data, GraphSummary& out) {
  out.class_sizes.assign(static_cast<std::size_t>(data.num_classes), 0);
  for (std::size_t i = 0; i < data.multi_labels.size(); ++i)
    out.class_sizes[i % static_cast<std::size_t>(data.num_classes)] += data.multi_labels[i];
  for (const std::int32_t label : out.of_graphs ? data.graph_labels : data.labels) {
    if (label < 0)
      ++out.unlabelled;
    else
      ++out.class_sizes[static_cast<std::size_t>(label)];
  }
}

double density_of(const graph::Features& features, std::int64_t nodes) {
  const double entries = static_cast<double>(nodes) * static_cast<double>(features.columns);
  if (entries == 0) return 0;
  const auto zero = [](float v) { return v == 0; };
  if (!features.is_sparse)
    return 1 -
           static_cast<double>(std::count_if(features.dense.begin(), features.dense.end(), zero)) / entries;
  const auto stored = std::count_if(features.sparse.value.begin(), features.sparse.value.end(), zero);
  return static_cast<double>(features.sparse.entries() - stored) / entries;
}

}  // namespace

GraphSummary summarise(const graph::GraphData& data) {
  GraphSummary out;
  out.nodes = data.graph.num_nodes();
  out.graphs = data.num_graphs();
  out.stored_edges = data.graph.num_edges();
  out.symmetric = graph::is_symmetric(data.graph);
  out.degree = graph::degree_statistics(data.graph);
  const std::int64_t directed = out.stored_edges - out.degree.self_loops;
  out.undirected_edges = directed / 2;
  if (!out.symmetric) {
    const graph::Graph reversed = graph::transpose(data.graph).graph;
    std::int64_t both = 0;  // edges whose reverse is there too
    for (std::int32_t u = 0; u < out.nodes; ++u)
      for (const std::int32_t v : data.graph.neighbours(u)) {
        const auto row = reversed.neighbours(u);
        both += u != v && std::binary_search(row.begin(), row.end(), v);
      }
    out.undirected_edges = directed - both / 2;
  }
  out.features = data.features.columns;
  out.sparse_features = data.features.is_sparse;
  out.feature_density = density_of(data.features, out.nodes);
  out.classes = data.num_classes;
  out.multi_label = !data.multi_labels.empty();
  out.of_graphs = !data.graph_labels.empty();
  count_classes(data, out);
  const graph::Components components = graph::connected_components(data.graph);
  out.components = std::ssize(components.size);
  for (const std::int64_t size : components.size)
    out.largest_component = std::max(out.largest_component, size);
  measure_homophily(data, out);
  for (const graph::Split& split : data.splits)
    out.splits.push_back({std::ssize(split.train), std::ssize(split.validation), std::ssize(split.test)});
  return out;
}

std::string describe(const std::string& name, const GraphSummary& s) {
  std::string text = fmt::format("{}: {} nodes, {} undirected edges{}{}\n", name, s.nodes, s.undirected_edges,
                                 s.of_graphs ? fmt::format(", {} graphs", s.graphs) : "",
                                 s.symmetric ? "" : fmt::format(", directed ({} stored)", s.stored_edges));
  text += fmt::format("  features      {} ({}, {:.2f}% not zero)\n", s.features,
                      s.sparse_features ? "sparse" : "dense", 100 * s.feature_density);
  text +=
      fmt::format("  classes       {}{}{}; sizes {}\n", s.classes, s.multi_label ? ", several a node" : "",
                  s.of_graphs ? " of graphs" : "", fmt::join(s.class_sizes, " "));
  if (s.unlabelled > 0) text += fmt::format("  without label {}\n", s.unlabelled);
  text += fmt::format("  degree        {} to {}, median {}, mean {:.2f}; {} isolated nodes, {} self loops\n",
                      s.degree.minimum, s.degree.maximum, s.degree.median, s.degree.mean, s.degree.isolated,
                      s.degree.self_loops);
  text += fmt::format("  components    {}, the largest of {} nodes\n", s.components, s.largest_component);
  if (std::isfinite(s.edge_homophily))
    text += fmt::format("  homophily     {:.3f} of the edges, {:.3f} adjusted for class sizes\n",
                        s.edge_homophily, s.adjusted_homophily);
  if (s.splits.empty()) text += "  split         none\n";
  for (std::size_t i = 0; i < s.splits.size(); ++i)
    text += fmt::format("  {:<13} {} train, {} validation, {} test\n",
                        s.splits.size() == 1 ? "split" : fmt::format("split {}", i), s.splits[i].train,
                        s.splits[i].validation, s.splits[i].test);
  return text;
}

}  // namespace tern::data
