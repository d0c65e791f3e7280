#include <algorithm>

#include "base/error.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"

namespace tern::formats {

graph::GraphData read_tu(const std::filesystem::path& folder, const std::string& name) {
  const auto path = [&](const char* part) { return folder / (name + "_" + part + ".txt"); };
  graph::GraphData data;

  // Line i of the indicator: the graph of node i, both from 1, in rising order.
  TextLines indicator(path("graph_indicator"));
  while (indicator.next()) {
    if (indicator.at_end()) continue;
    const std::int64_t graph = indicator.integer("a graph");
    const std::int64_t open = data.num_graphs();
    if (graph != open && graph != open + 1) indicator.fail_here("graph {} follows graph {}", graph, open);
    if (graph == open + 1) data.graph_offsets.push_back(data.graph_offsets.back());
    ++data.graph_offsets.back();
  }
  const std::int64_t nodes = data.graph_offsets.back();
  if (nodes > graph::most_nodes) fail(ErrorKind::bad_data, folder.string(), "{} nodes are too many", nodes);

  std::vector<std::int64_t> labels = read_integers(path("graph_labels"));
  if (static_cast<std::int64_t>(labels.size()) != data.num_graphs())
    fail(ErrorKind::bad_data, path("graph_labels").string(), "{} labels for {} graphs", labels.size(),
         data.num_graphs());
  data.num_classes = renumber(labels);
  data.graph_labels = narrowed(labels);

  graph::EdgeList edges{nodes, {}, {}, {}};
  TextLines lines(path("A"));
  while (lines.next()) {
    if (lines.at_end()) continue;
    const std::int64_t source = lines.integer("a node"), target = lines.integer("a node");
    lines.end("the edge");
    for (const std::int64_t node : {source, target})
      if (node < 1 || node > nodes) lines.fail_here("node {} is not in 1 .. {}", node, nodes);
    edges.source.push_back(static_cast<std::int32_t>(source - 1));
    edges.target.push_back(static_cast<std::int32_t>(target - 1));
  }
  data.graph = build_graph(edges, {}, path("A").string());

  if (std::filesystem::is_regular_file(path("node_labels"))) {
    std::vector<std::int64_t> tags = read_integers(path("node_labels"));
    renumber(tags);
    data.node_tags = narrowed(tags);
  }
  if (std::filesystem::is_regular_file(path("node_attributes")))
    data.features.dense = read_matrix(path("node_attributes"), data.features.columns);
  check(data, (folder / name).string());
  return data;
}

}  // namespace tern::formats
