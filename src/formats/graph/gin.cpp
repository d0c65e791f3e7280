#include "base/error.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"

namespace tern::formats {
namespace {

/// Folds 1, 2, .. of 10fold_idx beside the file, as many as there are.
std::vector<graph::Split> read_folds(const std::filesystem::path& folder) {
  std::vector<graph::Split> out;
  for (int fold = 1;; ++fold) {
    const auto path = [&](const char* part) { return folder / fmt::format("{}_idx-{}.txt", part, fold); };
    if (!std::filesystem::is_regular_file(path("train"))) return out;
    out.push_back({narrowed(read_integers(path("train"))), {}, narrowed(read_integers(path("test")))});
  }
}

}  // namespace

graph::GraphData read_gin(const std::filesystem::path& file) {
  TextLines lines(file);
  const auto next = [&](const char* what) {
    if (!lines.next()) fail(ErrorKind::bad_data, file.string(), "the file ends before {}", what);
  };
  next("the number of graphs");
  const std::int64_t count = lines.integer("the number of graphs");
  graph::GraphData data;
  graph::EdgeList edges;
  std::vector<std::int64_t> labels, tags;
  for (std::int64_t k = 0; k < count; ++k) {
    next("all its graphs");
    const std::int64_t nodes = lines.integer("the number of nodes"), first = data.graph_offsets.back();
    labels.push_back(lines.integer("the graph's label"));
    if (nodes < 0 || nodes > graph::most_nodes - first) lines.fail_here("{} nodes are not possible", nodes);
    for (std::int64_t i = 0; i < nodes; ++i) {
      next("all its nodes");
      tags.push_back(lines.integer("a tag"));
      for (std::int64_t neighbours = lines.integer("the number of neighbours"); neighbours > 0;
           --neighbours) {
        const std::int64_t other = lines.integer("a neighbour");
        if (other < 0 || other >= nodes) lines.fail_here("node {} is not in 0 .. {}", other, nodes - 1);
        edges.source.push_back(static_cast<std::int32_t>(first + i));
        edges.target.push_back(static_cast<std::int32_t>(first + other));
      }
      const std::size_t before = data.features.dense.size();
      while (!lines.at_end()) data.features.dense.push_back(lines.real("a feature"));
      const auto features = static_cast<std::int64_t>(data.features.dense.size() - before);
      if (tags.size() == 1) data.features.columns = features;
      if (features != data.features.columns)
        lines.fail_here("{} features, the nodes before have {}", features, data.features.columns);
    }
    data.graph_offsets.push_back(first + nodes);
  }
  edges.num_nodes = data.graph_offsets.back();
  data.graph = build_graph(edges, {}, file.string());
  data.num_classes = renumber(labels);
  data.graph_labels = narrowed(labels);
  renumber(tags);
  data.node_tags = narrowed(tags);
  data.splits = read_folds(file.parent_path() / "10fold_idx");
  check(data, file.string());
  return data;
}

}  // namespace tern::formats
