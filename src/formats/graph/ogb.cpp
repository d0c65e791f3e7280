#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"

namespace tern::formats {
namespace {

using Index = std::size_t;

std::filesystem::path required(const std::filesystem::path& path) {
  const std::filesystem::path found = plain_or_gz(path);
  if (found.empty()) fail(ErrorKind::io, path.string(), "no such file, nor with .gz");
  return found;
}

/// Rows of labels, NaN where a field is empty or says so.
std::vector<float> read_labels(const std::filesystem::path& path, std::int64_t& columns) {
  TextLines lines(path);
  std::vector<float> out;
  columns = 0;
  while (lines.next()) {
    std::int64_t count = 1;
    for (std::string_view rest = lines.line();; ++count) {
      const std::size_t comma = rest.find(',');
      const std::string_view text = rest.substr(0, comma);
      float value = std::nanf("");
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (!text.empty() && (error != std::errc() || end != text.data() + text.size()))
        lines.fail_here("'{}' is no label", text.substr(0, 60));
      out.push_back(value);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    if (columns == 0) columns = count;
    if (count != columns) lines.fail_here("{} labels, the lines before have {}", count, columns);
  }
  return out;
}

/// One column: a class each, -1 where missing. Several: 0 or 1 each.
void set_labels(graph::GraphData& data, const std::filesystem::path& path, bool of_graphs) {
  std::int64_t columns = 0;
  const std::vector<float> values = read_labels(path, columns);
  const auto whole = [&](float v) { return std::isnan(v) ? -1.0F : v; };
  for (Index i = 0; i < values.size(); ++i)
    if (const float v = whole(values[i]); v != std::trunc(v) || v < -1 || v > 1e6F)
      fail(ErrorKind::unsupported, path.string(), "label {} of line {} is no class", v,
           i / static_cast<Index>(columns) + 1);
  if (columns == 1) {
    std::vector<std::int32_t>& labels = of_graphs ? data.graph_labels : data.labels;
    for (const float v : values) labels.push_back(static_cast<std::int32_t>(whole(v)));
    for (const std::int32_t label : labels)
      data.num_classes = std::max(data.num_classes, std::int64_t{label} + 1);
    return;
  }
  if (of_graphs) fail(ErrorKind::unsupported, path.string(), "{} labels a graph: one is read", columns);
  data.num_classes = columns;
  for (const float v : values) data.multi_labels.push_back(v > 0 ? 1 : 0);
}

std::vector<graph::Split> read_splits(const std::filesystem::path& folder) {
  std::vector<graph::Split> out;
  if (!std::filesystem::is_directory(folder)) return out;
  std::vector<std::filesystem::path> kinds;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_directory()) kinds.push_back(entry.path());
  std::sort(kinds.begin(), kinds.end());
  const auto ids = [](const std::filesystem::path& path) {
    std::vector<std::int64_t> read = read_integers(required(path));
    for (const std::int64_t id : read)
      if (id < 0 || id > graph::most_nodes) fail(ErrorKind::bad_data, path.string(), "{} is no id", id);
    return narrowed(read);
  };
  for (const auto& kind : kinds)
    out.push_back({ids(kind / "train.csv"), ids(kind / "valid.csv"), ids(kind / "test.csv")});
  return out;
}

}  // namespace

graph::GraphData read_ogb(const std::filesystem::path& folder, const graph::BuildOptions& options) {
  const std::filesystem::path raw = folder / "raw";
  const std::filesystem::path nodes_path = required(raw / "num-node-list.csv"),
                              edges_path = required(raw / "num-edge-list.csv");
  const std::vector<std::int64_t> nodes = read_integers(nodes_path), counts = read_integers(edges_path);
  if (nodes.empty() || nodes.size() != counts.size())
    fail(ErrorKind::bad_data, nodes_path.string(), "{} numbers of nodes and {} of edges", nodes.size(),
         counts.size());
  graph::GraphData data;
  for (const std::int64_t n : nodes) {
    if (n < 0 || n > graph::most_nodes - data.graph_offsets.back())
      fail(ErrorKind::bad_data, nodes_path.string(), "{} nodes are not possible", n);
    data.graph_offsets.push_back(data.graph_offsets.back() + n);
  }

  graph::EdgeList edges{data.graph_offsets.back(), {}, {}, {}};
  TextLines lines(required(raw / "edge.csv"));
  for (Index k = 0; k < counts.size(); ++k)
    for (std::int64_t e = 0; e < counts[k]; ++e) {
      if (!lines.next()) lines.fail_here("the file ends at edge {} of {} in graph {}", e, counts[k], k);
      for (auto* list : {&edges.source, &edges.target}) {
        const std::int64_t node = lines.integer("a node");
        if (node < 0 || node >= nodes[k]) lines.fail_here("node {} is not in 0 .. {}", node, nodes[k] - 1);
        list->push_back(static_cast<std::int32_t>(data.graph_offsets[k] + node));
      }
      lines.end("the edge");
    }
  if (lines.next()) lines.fail_here("an edge more than num-edge-list promises");
  data.graph = build_graph(edges, options, (raw / "edge.csv").string());

  if (const auto path = plain_or_gz(raw / "node-feat.csv"); !path.empty())
    data.features.dense = read_matrix(path, data.features.columns);
  if (const auto path = plain_or_gz(raw / "node-label.csv"); !path.empty()) set_labels(data, path, false);
  if (const auto path = plain_or_gz(raw / "graph-label.csv"); !path.empty()) set_labels(data, path, true);
  data.splits = read_splits(folder / "split");
  check(data, folder.string());
  return data;
}

}  // namespace tern::formats
