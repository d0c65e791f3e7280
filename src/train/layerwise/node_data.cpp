#include "train/layerwise/node_data.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/error.hpp"
#include "graph/transform.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;

void check_finite(const float* values, std::int64_t first, std::int64_t last, std::int64_t columns) {
  const float* begin = values + first * columns;
  const float* bad = std::find_if(begin, values + last * columns, [](float v) { return !std::isfinite(v); });
  if (bad == values + last * columns) return;
  const std::int64_t at = bad - values;
  fail(ErrorKind::bad_data, "features", "node {}, column {} is {}", at / columns, at % columns, *bad);
}

void check_features(const NodeData& data) {
  const std::int64_t nodes = data.graph->num_nodes();
  const LayerInput input = data.input();
  if (input.columns() < 1) fail(ErrorKind::bad_data, "features", "the nodes have none");
  if (input.rows() != nodes)
    fail(ErrorKind::bad_data, "features", "{} rows for a graph of {} nodes", input.rows(), nodes);
  if (input.is_sparse()) {
    graph::check(input.sparse(), "features");
    return;
  }
  for_each_block(nodes, input.columns(), [&](std::int64_t first, std::int64_t last) {
    check_finite(input.dense().data(), first, last, input.columns());
    input.dense().release(first, last);
  });
}

void check_labels(const NodeData& data) {
  const std::int64_t nodes = data.graph->num_nodes();
  if (data.num_classes < 1) fail(ErrorKind::bad_data, "labels", "{} classes", data.num_classes);
  if (data.labels.empty() == data.multi_labels.empty() && nodes > 0)
    fail(ErrorKind::bad_data, "labels", "nodes need one label each, or several, and have {}",
         data.labels.empty() ? "none" : "both");
  const std::int64_t expected = data.has_many_labels() ? nodes * data.num_classes : nodes;
  const auto given =
      static_cast<std::int64_t>(data.has_many_labels() ? data.multi_labels.size() : data.labels.size());
  if (given != expected) fail(ErrorKind::bad_data, "labels", "{} labels, expected {}", given, expected);
  for (Index i = 0; i < data.labels.size(); ++i)
    if (data.labels[i] < -1 || data.labels[i] >= data.num_classes)
      fail(ErrorKind::bad_data, "labels", "node {} has class {}, which is not in 0 .. {}", i, data.labels[i],
           data.num_classes - 1);
}

void check_range(std::span<const std::int32_t> ids, std::int64_t nodes, std::string_view place) {
  for (const std::int32_t id : ids)
    if (id < 0 || id >= nodes) fail(ErrorKind::bad_data, place, "node {} is not in 0 .. {}", id, nodes - 1);
}

void check_split(const NodeData& data) {
  const graph::Split& split = *data.split;
  const std::int64_t nodes = data.graph->num_nodes();
  check_range(split.train, nodes, "training split");
  check_range(split.validation, nodes, "validation split");
  check_range(split.test, nodes, "test split");
  if (split.train.empty()) fail(ErrorKind::bad_data, "training split", "it has no nodes");
  std::vector<bool> seen(static_cast<Index>(nodes), false);
  for (const std::int32_t id : split.train) {
    const auto node = static_cast<Index>(id);
    if (seen[node]) fail(ErrorKind::bad_data, "training split", "node {} is given twice", id);
    seen[node] = true;
    if (!data.has_many_labels() && data.labels[node] < 0)
      fail(ErrorKind::bad_data, "training split", "node {} has no label", id);
  }
}

}  // namespace

LayerInput NodeData::input() const {
  if (mapped != nullptr) return LayerInput(RowMatrix::view(*mapped));
  if (features->is_sparse) return LayerInput(&features->sparse);
  const std::int64_t columns = std::max<std::int64_t>(1, features->columns);
  return LayerInput(RowMatrix::view(features->dense.data(),
                                    static_cast<std::int64_t>(features->dense.size()) / columns,
                                    features->columns));
}

NodeData node_data(const graph::GraphData& data, const graph::Split& split) {
  NodeData out;
  out.graph = &data.graph;
  out.features = &data.features;
  out.num_classes = data.num_classes;
  out.labels = data.labels;
  out.multi_labels = data.multi_labels;
  out.split = &split;
  return out;
}

void check(const NodeData& data) {
  if (data.graph == nullptr || data.split == nullptr)
    fail(ErrorKind::usage, "nodes", "a graph and a split are needed");
  if ((data.features == nullptr) == (data.mapped == nullptr))
    fail(ErrorKind::usage, "nodes", "features are given in memory or mapped, one of both");
  check_features(data);
  check_labels(data);
  check_split(data);
}

at::Tensor targets_of(const NodeData& data, std::span<const std::int32_t> nodes) {
  const auto count = static_cast<std::int64_t>(nodes.size());
  if (!data.has_many_labels()) {
    at::Tensor out = at::empty({count}, at::kLong);
    std::transform(nodes.begin(), nodes.end(), out.data_ptr<std::int64_t>(),
                   [&](std::int32_t node) { return data.labels[static_cast<Index>(node)]; });
    return out;
  }
  at::Tensor out = at::empty({count, data.num_classes});
  float* into = out.data_ptr<float>();
  for (const std::int32_t node : nodes) {
    const auto row = data.multi_labels.subspan(static_cast<Index>(node * data.num_classes),
                                               static_cast<Index>(data.num_classes));
    into = std::copy(row.begin(), row.end(), into);
  }
  return out;
}

namespace {

at::Tensor ids_of(std::span<const std::int32_t> nodes) {
  return at::tensor(std::vector<std::int64_t>(nodes.begin(), nodes.end()), at::kLong);
}

TrainingView::Held held_out(const NodeData& data, const std::vector<std::int32_t>& nodes) {
  std::vector<std::int32_t> known;
  for (const std::int32_t node : nodes)
    if (data.has_many_labels() || data.labels[static_cast<Index>(node)] >= 0) known.push_back(node);
  return {ids_of(known), targets_of(data, known)};
}

}  // namespace

TrainingView whole_graph(const NodeData& data) {
  const std::vector<std::int32_t>& train = data.split->train;
  return {*data.graph,
          data.input(),
          ids_of(train),
          targets_of(data, train),
          data.num_classes,
          held_out(data, data.split->validation),
          held_out(data, data.split->test)};
}

TrainingView part_of_graph(const NodeData& data, std::span<const std::int32_t> nodes,
                           const std::filesystem::path& scratch) {
  const std::vector<std::int64_t> ids(nodes.begin(), nodes.end());
  const auto count = static_cast<std::int64_t>(nodes.size());
  return {graph::induced_subgraph(*data.graph, nodes),
          data.input().select(at::tensor(ids, at::kLong), scratch),
          at::arange(count, at::kLong),
          targets_of(data, nodes),
          data.num_classes,
          {},
          {}};
}

}  // namespace tern::train
