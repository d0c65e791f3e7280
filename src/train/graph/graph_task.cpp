#include "train/graph/graph_task.hpp"

#include <limits>

#include "base/error.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/graph/metrics.hpp"

namespace tern::train {
namespace {

at::Tensor ids_of(const std::vector<std::int32_t>& ids) {
  return at::from_blob(const_cast<std::int32_t*>(ids.data()), {std::ssize(ids)}, at::kInt).to(at::kLong);
}

at::Tensor targets_of(const graph::GraphData& data) {
  const std::int64_t nodes = data.graph.num_nodes();
  if (!data.multi_labels.empty())
    return at::from_blob(const_cast<std::uint8_t*>(data.multi_labels.data()), {nodes, data.num_classes}, at::kByte)
        .to(at::kFloat);
  at::Tensor out = at::zeros({nodes, data.num_classes});
  auto values = out.accessor<float, 2>();
  for (std::int64_t i = 0; i < nodes; ++i)
    if (const std::int32_t label = data.labels[static_cast<std::size_t>(i)]; label >= 0) values[i][label] = 1;
  return out;
}

double measure(const NodeTask& task, const at::Tensor& scores, const at::Tensor& rows) {
  if (rows.size(0) == 0) return std::numeric_limits<double>::quiet_NaN();
  return find_metric(task.metric).metric(scores.index_select(0, rows), task.targets.index_select(0, rows));
}

}  // namespace

std::shared_ptr<const learn::GraphBatch> graph_batch(const graph::GraphData& data) {
  auto out = std::make_shared<learn::GraphBatch>();
  out->graph.sparse = std::make_shared<learn::GraphStructure>(data.graph, data.graph_offsets);
  if (data.features.is_sparse)
    out->features = std::make_shared<const learn::SparseRows>(learn::sparse_rows(data.features.sparse));
  return out;
}

NodeTask node_task(const graph::GraphData& data, const std::string& metric, const std::string& loss) {
  if (data.features.columns == 0) fail(ErrorKind::usage, "graph data", "nodes have no features");
  if (data.labels.empty() && data.multi_labels.empty())
    fail(ErrorKind::usage, "graph data", "nodes have no labels{}",
         data.graph_labels.empty() ? "" : "; graphs have: take the procedure graph-classification");
  if (data.splits.size() != 1) fail(ErrorKind::usage, "graph data", "{} splits, expected one", data.splits.size());
  NodeTask task;
  task.metric = metric_of(data, metric);
  task.loss = learn::find_loss(loss).info.name;
  task.graph = graph_batch(data);
  if (!data.features.is_sparse)
    task.frames = at::from_blob(const_cast<float*>(data.features.dense.data()),
                                {data.graph.num_nodes(), data.features.columns}, at::kFloat)
                      .clone();
  task.targets = targets_of(data);
  if (data.multi_labels.empty()) task.labels = ids_of(data.labels);
  const graph::Split& split = data.splits.front();
  task.train = ids_of(split.train);
  task.validation = ids_of(split.validation);
  task.test = ids_of(split.test);
  return task;
}

at::Tensor score_nodes(learn::Model& model, const NodeTask& task) {
  const c10::NoGradGuard no_grad;
  learn::ForwardOptions options;
  options.graph = task.graph;
  return learn::forward(model, task.frames, 1, options);
}

Scores evaluate_nodes(learn::Model& model, const NodeTask& task) {
  const c10::NoGradGuard no_grad;
  const at::Tensor scores = score_nodes(model, task);
  double loss = std::numeric_limits<double>::quiet_NaN();
  if (task.validation.size(0) > 0)
    loss = learn::find_loss(task.loss)
               .loss(scores.index_select(0, task.validation), task.targets.index_select(0, task.validation))
               .item<double>();
  return {measure(task, scores, task.validation), measure(task, scores, task.test), loss};
}

}  // namespace tern::train
