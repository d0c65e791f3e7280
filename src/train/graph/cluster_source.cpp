#include "train/graph/cluster_source.hpp"

#include <algorithm>
#include <limits>
#include <span>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "graph/transform.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/graph/cluster_partition.hpp"
#include "train/graph/metrics.hpp"
#include "train/parallel/cluster_owner.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;

template <typename T>
std::uint64_t hash_of(std::span<const T> values, std::uint64_t seed) {
  return fnv1a_64({reinterpret_cast<const char*>(values.data()), values.size_bytes()}, seed);
}

std::uint64_t hash_of(const LayerInput& features) {
  std::uint64_t hash = fnv1a_64(fmt::format("{} {}", features.rows(), features.columns()));
  if (features.is_sparse()) {
    const graph::SparseMatrix& m = features.sparse();
    hash = hash_of(std::span<const std::int64_t>(m.rowptr), hash);
    hash = hash_of(std::span<const std::int32_t>(m.col), hash);
    return hash_of(std::span<const float>(m.value), hash);
  }
  const RowMatrix& rows = features.dense();
  for_each_block(rows.rows(), rows.columns(), [&](std::int64_t first, std::int64_t last) {
    const auto count = static_cast<Index>((last - first) * rows.columns());
    hash = hash_of(std::span<const float>(rows.data() + first * rows.columns(), count), hash);
    rows.release(first, last);
  });
  return hash;
}

std::uint64_t hash_of(const NodeData& data) {
  std::uint64_t hash = checksum(*data.graph) ^ hash_of(data.input());
  hash = hash_of(data.labels, hash);
  hash = hash_of(data.multi_labels, hash);
  for (const auto* part : {&data.split->train, &data.split->validation, &data.split->test})
    hash = hash_of(std::span<const std::int32_t>(*part), hash);
  return hash;
}

/// The metric without a data set in memory.
std::string metric_for(const NodeData& data, const std::string& name) {
  graph::GraphData shape;
  shape.num_classes = data.num_classes;
  if (data.has_many_labels()) shape.multi_labels.push_back(0);
  return metric_of(shape, name);
}

at::Tensor ids_of(std::span<const std::int32_t> ids) {
  return at::from_blob(const_cast<std::int32_t*>(ids.data()), {std::ssize(ids)}, at::kInt).to(at::kLong);
}

void check_options(const NodeData& data, const ClusterOptions& options) {
  check(data);
  if (options.clusters_per_batch < 1 || options.clusters_per_batch > options.parts)
    fail(ErrorKind::usage, "cluster-gcn", "{} clusters a batch: expected 1 to the number of parts, {}",
         options.clusters_per_batch, options.parts);
  if (options.blocks < 1 || options.blocks > options.parts)
    fail(ErrorKind::usage, "cluster-gcn", "{} blocks: expected 1 to the number of parts, {}", options.blocks,
         options.parts);
  if (options.blocks % options.num_ranks != 0)
    fail(ErrorKind::usage, "cluster-gcn", "{} blocks cannot be dealt evenly to {} processes", options.blocks,
         options.num_ranks);
}

}  // namespace

RowMatrix precomputed_features(const graph::Graph& graph, const LayerInput& features,
                               const LayerWiseOptions& options) {
  const std::int64_t rows = features.rows(), columns = features.columns();
  const bool fits = 2 * rows * columns * static_cast<std::int64_t>(sizeof(float)) <= options.memory_bytes / 2;
  const std::filesystem::path folder = fits                      ? std::filesystem::path()
                                       : options.scratch.empty() ? std::filesystem::temp_directory_path()
                                                                 : options.scratch;
  RowMatrix out = RowMatrix::make(folder, "precomputed-features", rows, 2 * columns);
  RowMatrix dense;
  if (features.is_sparse())
    dense = RowMatrix::make(folder, "dense-features", rows, columns);
  else
    dense = features.dense();
  for_each_block(rows, 2 * columns, [&](std::int64_t first, std::int64_t last) {
    const RowBatch block = features.block(first, last);
    if (features.is_sparse())
      dense.block(first, last).copy_(learn::to_dense(learn::sparse_rows(block.sparse)));
    out.block(first, last).slice(1, columns).copy_(dense.block(first, last));
    out.release(first, last);
    dense.release(first, last);
  });
  propagate_rows(graph, graph::scales_of(graph, graph::Normalisation::sum), dense, out, 0, options);
  return out;
}

ClusterSource::ClusterSource(const NodeData& data, const ClusterOptions& options)
    : data_(data), options_(options) {
  check_options(data, options);
  metric_ = metric_for(data, options.metric);
  is_training_.assign(static_cast<Index>(data.graph->num_nodes()), false);
  for (const std::int32_t id : data.split->train) is_training_[static_cast<Index>(id)] = true;
  graph_ = *data.graph;
  if (options.inductive) {
    visible_ = data.split->train;
    std::sort(visible_.begin(), visible_.end());
    graph_ = graph::induced_subgraph(*data.graph, visible_);
  }
  partition_ = kept_partition(graph_, options.parts, options.partition, options.cache, &partition_was_kept_);
  parts_ = graph::nodes_of_parts(partition_.part, partition_.num_parts);
  if (options.blocks > 1) {
    std::vector<std::int64_t> sizes;
    for (const Nodes& part : parts_) sizes.push_back(std::ssize(part));
    owner_ = deal_clusters(sizes, static_cast<int>(options.blocks));
  }
  const bool single = options.blocks == options.num_ranks && options.clusters_per_batch <= options.blocks;
  kept_.resize(single ? parts_.size() : 0);
  features_ = data.input();
  whole_features_ = features_;
  if (options.precompute) {
    whole_features_ = LayerInput(precomputed_features(*data.graph, data.input(), options.evaluation));
    features_ = whole_features_;
    if (options.inductive)
      features_ = LayerInput(precomputed_features(
          graph_, data.input().select(ids_of(visible_), options.evaluation.scratch), options.evaluation));
  }
  identity_ =
      fmt::format("cluster-gcn {} {} parts {} q {} order {} inductive {} precompute {} smoothing {} {}",
                  to_hex(hash_of(data)), to_hex(hash_of(std::span<const std::int32_t>(partition_.part), 0)),
                  options.parts, options.clusters_per_batch, options.seed, options.inductive,
                  options.precompute, options.label_smoothing, metric_);
  if (options.blocks > 1) identity_ += fmt::format(" blocks {}", options.blocks);
}

std::string ClusterSource::place() const {
  return fmt::format("graph of {} nodes in {} parts", data_.graph->num_nodes(), partition_.num_parts);
}

std::int64_t ClusterSource::batches_per_epoch() const {
  if (owner_.empty()) return (options_.parts + options_.clusters_per_batch - 1) / options_.clusters_per_batch;
  return ClusterBatches::local(owner_, 0, static_cast<int>(options_.blocks), options_.clusters_per_batch,
                               options_.seed, 1)
      .num_batches();
}

std::vector<std::vector<std::int64_t>> ClusterSource::clusters_of_batch(std::int64_t epoch,
                                                                        std::int64_t index) const {
  std::vector<std::vector<std::int64_t>> out;
  const auto add = [&](const ClusterBatches& batches) {
    const auto clusters = batches.batch(index);
    if (!clusters.empty()) out.emplace_back(clusters.begin(), clusters.end());
  };
  const std::int64_t q = options_.clusters_per_batch;
  const auto blocks = static_cast<int>(options_.blocks);
  if (owner_.empty()) add(ClusterBatches::global(options_.parts, q, options_.seed, epoch));
  for (int block = options_.rank; block < blocks && !owner_.empty(); block += options_.num_ranks)
    add(ClusterBatches::local(owner_, block, blocks, q, options_.seed, epoch));
  return out;
}

std::vector<ClusterSource::Nodes> ClusterSource::blocks_of(std::int64_t epoch, std::int64_t index) const {
  std::vector<Nodes> out;
  for (const auto& clusters : clusters_of_batch(epoch, index)) {
    Nodes& nodes = out.emplace_back();
    for (const std::int64_t cluster : clusters) {
      const Nodes& part = parts_[static_cast<Index>(cluster)];
      nodes.insert(nodes.end(), part.begin(), part.end());
    }
    std::sort(nodes.begin(), nodes.end());
  }
  return out;
}

TrainBatch ClusterSource::batch(std::int64_t epoch, std::int64_t index) {
  if (kept_.empty()) return make(blocks_of(epoch, index));
  const auto clusters = clusters_of_batch(epoch, index);
  if (clusters.empty()) return make({});
  std::unique_ptr<TrainBatch>& kept = kept_[static_cast<Index>(clusters[0][0])];
  if (kept) return *kept;
  TrainBatch made = make({parts_[static_cast<Index>(clusters[0][0])]});
  const std::int64_t bytes =
      (made.frames.defined() ? made.frames.nbytes() : 0) +
      16 * made.graph->graph.sparse->graph().num_edges() +  // forth and back, with places
      (made.graph->features ? 24 * made.graph->features->matrix->entries() : 0);
  if (kept_bytes_ + bytes <= options_.batch_memory_bytes) {
    kept_bytes_ += bytes;
    kept = std::make_unique<TrainBatch>(made);
  }
  return made;
}

graph::Graph ClusterSource::graph_of(const std::vector<Nodes>& blocks) {
  if (blocks.size() == 1) return graph::induced_subgraph(graph_, blocks[0], &scratch_);
  std::vector<graph::Graph> graphs;
  for (const Nodes& nodes : blocks) graphs.push_back(graph::induced_subgraph(graph_, nodes, &scratch_));
  return graph::block_diagonal(graphs).graph;
}

TrainBatch ClusterSource::make(const std::vector<Nodes>& blocks) {
  TrainBatch out;
  auto batch = std::make_shared<learn::GraphBatch>();
  batch->graph.sparse = std::make_shared<learn::GraphStructure>(graph_of(blocks));
  Nodes nodes;
  for (const Nodes& block : blocks) nodes.insert(nodes.end(), block.begin(), block.end());
  std::vector<std::int32_t> ids = nodes;  // in the data
  if (options_.inductive)
    for (std::int32_t& id : ids) id = visible_[static_cast<Index>(id)];
  RowBatch rows = features_.gather(ids_of(options_.precompute ? nodes : ids));
  features_.release();
  if (rows.dense.defined())
    out.frames = rows.dense;
  else
    batch->features = std::make_shared<const learn::SparseRows>(learn::sparse_rows(std::move(rows.sparse)));
  std::vector<std::int32_t> places, labelled;
  for (Index i = 0; i < ids.size(); ++i) {
    if (!is_training_[static_cast<Index>(ids[i])]) continue;
    places.push_back(static_cast<std::int32_t>(i));
    labelled.push_back(ids[i]);
  }
  out.graph = batch;
  out.rows = ids_of(places);
  out.targets = targets_of(data_, labelled);
  const double smoothing = options_.label_smoothing;
  if (data_.has_many_labels()) {
    if (smoothing > 0)
      out.targets = out.targets * (1 - smoothing) + smoothing / static_cast<double>(data_.num_classes);
    return out;
  }
  out.labels = out.targets;
  out.targets = learn::one_hot(out.labels, data_.num_classes, smoothing);
  return out;
}

std::vector<std::int32_t> ClusterSource::nodes_of(std::int64_t epoch, std::int64_t index) const {
  Nodes out;
  for (const Nodes& block : blocks_of(epoch, index))
    for (const std::int32_t node : block)
      out.push_back(options_.inductive ? visible_[static_cast<Index>(node)] : node);
  return out;
}

double ClusterSource::measure(const RowMatrix& scores, const std::vector<std::int32_t>& nodes) const {
  std::vector<std::int32_t> known;
  for (const std::int32_t node : nodes)
    if (data_.has_many_labels() || data_.labels[static_cast<Index>(node)] >= 0) known.push_back(node);
  if (known.empty()) return std::numeric_limits<double>::quiet_NaN();
  at::Tensor targets = targets_of(data_, known);
  if (!data_.has_many_labels()) targets = learn::one_hot(targets, data_.num_classes, 0);
  return find_metric(metric_).metric(scores.values().index_select(0, ids_of(known)), targets);
}

Scores ClusterSource::evaluate(learn::Model& model) {
  const c10::NoGradGuard no_grad;
  RowMatrix scores;
  at::Tensor whole;
  if (is_layer_wise(model.net())) {
    scores = forward_layer_wise(model, *data_.graph, whole_features_, options_.evaluation);
  } else {
    auto batch = std::make_shared<learn::GraphBatch>();
    batch->graph.sparse = std::make_shared<learn::GraphStructure>(*data_.graph);
    learn::ForwardOptions forward_options;
    if (whole_features_.is_sparse())
      batch->features =
          std::make_shared<const learn::SparseRows>(learn::sparse_rows(whole_features_.sparse()));
    else
      whole = whole_features_.dense().values();
    forward_options.graph = batch;
    whole = learn::forward(model, whole, 1, forward_options).contiguous();
    scores = RowMatrix::view(whole.data_ptr<float>(), whole.size(0), whole.size(1));
  }
  return {measure(scores, data_.split->validation), measure(scores, data_.split->test)};
}

compress::Samples ClusterSource::samples(std::int64_t count) {
  compress::Samples out;
  for (std::int64_t b = 0, have = 0; b < batches_per_epoch() && have < count; ++b) {
    const TrainBatch found = batch(0, b);
    if (found.num_labelled() == 0) continue;
    out.push_back({found.frames, found.targets, found.num_steps, found.graph, found.rows});
    have += found.num_labelled();
  }
  return out;
}

}  // namespace tern::train
