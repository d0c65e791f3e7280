#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "formats/graph/pickle.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"

namespace tern::formats {
namespace {

/// Class of each node: the words after the last comma, numbered in their order. Page names may hold commas.
std::vector<std::int32_t> read_targets(const std::filesystem::path& path, std::int64_t& num_classes) {
  TextLines lines(path);
  lines.next();  // names of columns
  std::vector<std::string> words;
  while (lines.next()) {
    if (lines.at_end()) continue;
    if (const std::int64_t id = lines.integer("a node"); id != static_cast<std::int64_t>(words.size()))
      lines.fail_here("node {} where {} is expected", id, words.size());
    words.emplace_back(lines.line().substr(lines.line().rfind(',') + 1));
  }
  std::vector<std::string> known = words;
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  num_classes = static_cast<std::int64_t>(known.size());
  std::vector<std::int32_t> out;
  for (const std::string& word : words)
    out.push_back(
        static_cast<std::int32_t>(std::lower_bound(known.begin(), known.end(), word) - known.begin()));
  return out;
}

/// {"node": [feature, ..], ..}: a bag of words.
graph::SparseMatrix read_features(const std::filesystem::path& path, std::int64_t nodes) {
  const std::string place = path.string();
  const nlohmann::json json = nlohmann::json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) fail(ErrorKind::bad_data, place, "expected a JSON object of lists");
  std::vector<std::vector<std::int32_t>> rows(static_cast<std::size_t>(nodes));
  graph::SparseMatrix out;
  for (const auto& [key, list] : json.items()) {
    std::int64_t node = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), node);
    if (error != std::errc() || end != key.data() + key.size() || node < 0 || node >= nodes)
      fail(ErrorKind::bad_data, place, "node '{}' is not in 0 .. {}", key.substr(0, 40), nodes - 1);
    if (!list.is_array()) fail(ErrorKind::bad_data, place, "node {} has no list", node);
    for (const auto& feature : list) {
      if (!feature.is_number_integer() || feature < 0 || feature > graph::most_nodes - 1)
        fail(ErrorKind::bad_data, place, "node {} has feature {}", node, feature.dump().substr(0, 40));
      rows[static_cast<std::size_t>(node)].push_back(feature.get<std::int32_t>());
      out.columns = std::max(out.columns, feature.get<std::int64_t>() + 1);
    }
  }
  out.rows = nodes;
  for (const auto& row : rows) {
    out.col.insert(out.col.end(), row.begin(), row.end());
    out.rowptr.push_back(out.entries());
  }
  return sorted_rows(std::move(out), place);
}

}  // namespace

graph::GraphData read_musae(const std::filesystem::path& folder, const std::string& name) {
  std::int64_t num_classes = 0;
  std::vector<std::int32_t> labels = read_targets(folder / (name + "_target.csv"), num_classes);
  const auto nodes = static_cast<std::int64_t>(labels.size());
  graph::GraphData data = read_edge_list(folder / (name + "_edges.csv"), {}, nodes);
  data.labels = std::move(labels);
  data.num_classes = num_classes;
  data.features.is_sparse = true;
  data.features.sparse = read_features(folder / (name + ".json"), nodes);
  data.features.columns = data.features.sparse.columns;
  check(data, (folder / name).string());
  return data;
}

}  // namespace tern::formats
