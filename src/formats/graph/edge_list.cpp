#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"

namespace tern::formats {

graph::GraphData read_edge_list(const std::filesystem::path& path, const graph::BuildOptions& options,
                                std::int64_t num_nodes) {
  graph::EdgeList edges;
  TextLines lines(path);
  const std::int64_t most = num_nodes >= 0 ? num_nodes : graph::most_nodes;
  while (lines.next()) {
    if (lines.at_end() || lines.line().starts_with('#') || lines.line().starts_with('%')) continue;
    const bool words = lines.line().find_first_of("0123456789") != 0 && !lines.line().starts_with('-');
    if (lines.number() == 1 && words && std::isalpha(static_cast<unsigned char>(lines.line()[0])) != 0)
      continue;
    const std::int64_t source = lines.integer("a node"), target = lines.integer("a node");
    for (const std::int64_t node : {source, target})
      if (node < 0 || node >= most) lines.fail_here("node {} is not in 0 .. {}", node, most - 1);
    if (lines.at_end() != edges.weight.empty() && !edges.source.empty())
      lines.fail_here("some edges have a weight and some have none");
    if (!lines.at_end()) edges.weight.push_back(lines.real("a weight"));
    lines.end("the edge");
    edges.source.push_back(static_cast<std::int32_t>(source));
    edges.target.push_back(static_cast<std::int32_t>(target));
    edges.num_nodes = std::max({edges.num_nodes, source + 1, target + 1});
  }
  if (num_nodes >= 0) edges.num_nodes = num_nodes;
  graph::GraphData data;
  data.graph = build_graph(edges, options, path.string());
  data.graph_offsets = {0, data.graph.num_nodes()};
  return data;
}

}  // namespace tern::formats
