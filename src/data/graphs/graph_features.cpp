#include "data/graphs/graph_features.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.hpp"
#include "graph/statistics.hpp"

namespace tern::data {
namespace {

constexpr std::int64_t most_dense_columns = 512;

/// An entry of a row: column and value.
struct Entry {
  std::int64_t column;
  float value;
};

/// Features that are being joined: rows of entries, columns side by side.
class Joined {
 public:
  explicit Joined(std::int64_t nodes) : rows_(static_cast<std::size_t>(nodes)) {}

  /// One 1 a row at `index`, of as many columns as are needed.
  void add_one_hot(const std::vector<std::int32_t>& index) {
    for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].push_back({columns_ + index[i], 1.0F});
    columns_ += index.empty() ? 0 : std::int64_t{*std::max_element(index.begin(), index.end())} + 1;
  }
  void add_dense(const std::vector<float>& values, std::int64_t columns) {
    for (std::size_t i = 0; i < rows_.size(); ++i)
      for (std::int64_t c = 0; c < columns; ++c)
        rows_[i].push_back(
            {columns_ + c, values[i * static_cast<std::size_t>(columns) + static_cast<std::size_t>(c)]});
    columns_ += columns;
  }
  graph::Features finish() const { return columns_ <= most_dense_columns ? dense() : sparse(); }
  std::int64_t columns() const { return columns_; }

 private:
  graph::Features dense() const {
    graph::Features out;
    out.columns = columns_;
    out.dense.assign(rows_.size() * static_cast<std::size_t>(columns_), 0.0F);
    for (std::size_t i = 0; i < rows_.size(); ++i)
      for (const Entry& e : rows_[i])
        out.dense[i * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(e.column)] = e.value;
    return out;
  }
  graph::Features sparse() const {
    graph::Features out;
    out.columns = columns_;
    out.is_sparse = true;
    out.sparse.rows = std::ssize(rows_);
    out.sparse.columns = columns_;
    for (const auto& row : rows_) {
      for (const Entry& e : row) {
        if (e.value == 0) continue;
        out.sparse.col.push_back(static_cast<std::int32_t>(e.column));
        out.sparse.value.push_back(e.value);
      }
      out.sparse.rowptr.push_back(out.sparse.entries());
    }
    return out;
  }

  std::vector<std::vector<Entry>> rows_;
  std::int64_t columns_ = 0;
};

std::vector<std::int32_t> degrees(const graph::Graph& graph) {
  std::vector<std::int32_t> out;
  for (std::int64_t i = 0; i < graph.num_nodes(); ++i)
    out.push_back(static_cast<std::int32_t>(graph.degree(i)));
  return out;
}

std::vector<std::int32_t> all_nodes(std::int64_t count) {
  std::vector<std::int32_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

graph::Features standardised(graph::Features features, std::int64_t nodes) {
  standardise_features(features, all_nodes(nodes));
  return features;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t plus = text.find('+');
    out.emplace_back(text.substr(0, plus));
    if (plus == std::string_view::npos) return out;
    text.remove_prefix(plus + 1);
  }
}

}  // namespace

void make_node_features(graph::GraphData& data, std::string_view parts, std::string_view place) {
  if (parts == "attributes") return;
  const std::int64_t nodes = data.graph.num_nodes();
  Joined joined(nodes);
  for (const std::string& part : words_of(parts)) {
    if (part == "attributes") {
      if (data.features.columns == 0) continue;
      const graph::Features values = standardised(data.features, nodes);
      joined.add_dense(values.dense, values.columns);
    } else if (part == "tags") {
      if (!data.node_tags.empty()) joined.add_one_hot(data.node_tags);
    } else if (part == "degree") {
      joined.add_one_hot(degrees(data.graph));
    } else if (part == "clustering") {
      graph::Features values{1, graph::clustering_coefficients(data.graph), {}, false};
      joined.add_dense(standardised(std::move(values), nodes).dense, 1);
    } else {
      fail(ErrorKind::usage, place,
           "node features '{}': expected attributes, tags, degree, clustering, joined by +", part);
    }
  }
  if (joined.columns() == 0)
    fail(ErrorKind::usage, place, "the files have none of the node features '{}'", parts);
  data.features = joined.finish();
}

void normalise_feature_rows(graph::Features& features) {
  if (features.is_sparse) return graph::normalise_rows(features.sparse);
  const auto columns = static_cast<std::size_t>(features.columns);
  for (std::size_t first = 0; columns > 0 && first < features.dense.size(); first += columns) {
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) sum += features.dense[first + c];
    if (sum == 0) continue;
    for (std::size_t c = 0; c < columns; ++c)
      features.dense[first + c] = static_cast<float>(features.dense[first + c] / sum);
  }
}

void standardise_features(graph::Features& features, const std::vector<std::int32_t>& nodes) {
  if (nodes.empty()) fail(ErrorKind::usage, "features", "there are no nodes to take means and deviations of");
  if (features.is_sparse) {
    features.dense = graph::to_dense(features.sparse);
    features.is_sparse = false;
    features.sparse = {};
  }
  const auto columns = static_cast<std::size_t>(features.columns);
  std::vector<double> mean(columns, 0), square(columns, 0);
  for (const std::int32_t node : nodes)
    for (std::size_t c = 0; c < columns; ++c)
      mean[c] += features.dense[static_cast<std::size_t>(node) * columns + c];
  const auto count = static_cast<double>(nodes.size());
  for (double& value : mean) value /= count;
  for (const std::int32_t node : nodes)
    for (std::size_t c = 0; c < columns; ++c) {
      const double away = features.dense[static_cast<std::size_t>(node) * columns + c] - mean[c];
      square[c] += away * away;
    }
  for (std::size_t i = 0; i < features.dense.size(); ++i) {
    const std::size_t c = i % columns;
    const double deviation = std::sqrt(square[c] / count);
    features.dense[i] = deviation > 0 ? static_cast<float>((features.dense[i] - mean[c]) / deviation) : 0.0F;
  }
}

void check_finite(const graph::Features& features, std::string_view place) {
  const auto refuse = [&](std::int64_t node, std::int64_t column, float value) {
    fail(ErrorKind::bad_data, place, "feature {} of node {} is {}", column, node, value);
  };
  for (std::size_t i = 0; i < features.dense.size(); ++i)
    if (!std::isfinite(features.dense[i]))
      refuse(static_cast<std::int64_t>(i) / features.columns, static_cast<std::int64_t>(i) % features.columns,
             features.dense[i]);
  for (std::size_t i = 0; i < features.sparse.value.size(); ++i) {
    if (std::isfinite(features.sparse.value[i])) continue;
    const auto& rowptr = features.sparse.rowptr;
    const auto row =
        std::upper_bound(rowptr.begin(), rowptr.end(), static_cast<std::int64_t>(i)) - rowptr.begin() - 1;
    refuse(row, features.sparse.col[i], features.sparse.value[i]);
  }
}

}  // namespace tern::data
