#include "train/graph/graph_batches.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "graph/transform.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;

/// Graph k of those side by side.
graph::Graph cut_out(const graph::GraphData& data, Index k) {
  const std::int64_t first = data.graph_offsets[k], last = data.graph_offsets[k + 1];
  const auto rowptr = data.graph.rowptr();
  const std::int64_t begin = rowptr[static_cast<Index>(first)], end = rowptr[static_cast<Index>(last)];
  std::vector<std::int64_t> own;
  for (std::int64_t row = first; row <= last; ++row) own.push_back(rowptr[static_cast<Index>(row)] - begin);
  std::vector<std::int32_t> col;
  std::vector<float> weight;
  for (std::int64_t e = begin; e < end; ++e) {
    col.push_back(data.graph.col()[static_cast<Index>(e)] - static_cast<std::int32_t>(first));
    if (data.graph.is_weighted()) weight.push_back(data.graph.weight()[static_cast<Index>(e)]);
  }
  return graph::Graph(std::move(own), std::move(col), std::move(weight), fmt::format("graph {}", k));
}

}  // namespace

GraphShelf::GraphShelf(const graph::GraphData& data) : data_(data) {
  if (data.graph_labels.empty())
    fail(ErrorKind::usage, "graph data",
         "graphs have no labels: their nodes may be classified by other procedures");
  if (data.features.columns == 0) fail(ErrorKind::usage, "graph data", "nodes have no features");
  for (Index k = 0; k < static_cast<Index>(data.num_graphs()); ++k) graphs_.push_back(cut_out(data, k));
  if (!data.features.is_sparse)
    features_ = at::from_blob(const_cast<float*>(data.features.dense.data()),
                              {data.graph.num_nodes(), data.features.columns}, at::kFloat);
}

at::Tensor GraphShelf::dense_rows(std::span<const std::int32_t> graphs) const {
  std::vector<at::Tensor> rows;
  for (const std::int32_t k : graphs)
    rows.push_back(features_.slice(0, data_.graph_offsets[static_cast<Index>(k)],
                                   data_.graph_offsets[static_cast<Index>(k) + 1]));
  return rows.empty() ? features_.slice(0, 0, 0) : at::cat(rows);
}

graph::SparseMatrix GraphShelf::sparse_rows(std::span<const std::int32_t> graphs) const {
  const graph::SparseMatrix& all = data_.features.sparse;
  graph::SparseMatrix out;
  out.columns = all.columns;
  for (const std::int32_t k : graphs)
    for (std::int64_t row = data_.graph_offsets[static_cast<Index>(k)];
         row < data_.graph_offsets[static_cast<Index>(k) + 1]; ++row) {
      const auto begin = all.rowptr[static_cast<Index>(row)], end = all.rowptr[static_cast<Index>(row) + 1];
      out.col.insert(out.col.end(), all.col.begin() + begin, all.col.begin() + end);
      if (!all.value.empty())
        out.value.insert(out.value.end(), all.value.begin() + begin, all.value.begin() + end);
      out.rowptr.push_back(out.entries());
      ++out.rows;
    }
  return out;
}

TrainBatch GraphShelf::batch(std::span<const std::int32_t> graphs, double label_smoothing) const {
  std::vector<graph::Graph> chosen;
  std::vector<std::int64_t> labels;
  for (const std::int32_t k : graphs) {
    chosen.push_back(graphs_.at(static_cast<Index>(k)));
    labels.push_back(data_.graph_labels[static_cast<Index>(k)]);
  }
  graph::Batched joined = graph::block_diagonal(chosen);
  auto value = std::make_shared<learn::GraphBatch>();
  value->graph.sparse =
      std::make_shared<learn::GraphStructure>(std::move(joined.graph), std::move(joined.offsets));
  TrainBatch out;
  if (data_.features.is_sparse)
    value->features = std::make_shared<const learn::SparseRows>(learn::sparse_rows(sparse_rows(graphs)));
  else
    out.frames = dense_rows(graphs);
  out.labels = at::tensor(labels, at::kLong);
  out.targets = learn::one_hot(out.labels, data_.num_classes, label_smoothing);
  out.graph = std::move(value);
  return out;
}

std::vector<TrainBatch> GraphShelf::batches(std::span<const std::int32_t> graphs,
                                            std::int64_t batch_size) const {
  std::vector<TrainBatch> out;
  for (Index first = 0; first < graphs.size(); first += static_cast<Index>(batch_size))
    out.push_back(
        batch(graphs.subspan(first, std::min(static_cast<Index>(batch_size), graphs.size() - first))));
  return out;
}

}  // namespace tern::train
