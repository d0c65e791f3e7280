#include "train/graph/node_clustering.hpp"

#include <limits>
#include <set>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "data/graphs/graph_set.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"
#include "train/graph/graph_classification.hpp"
#include "train/graph/graph_task.hpp"
#include "train/graph/procedures.hpp"

namespace tern::train {
namespace {

std::vector<std::int32_t> largest_of_rows(const at::Tensor& scores) {
  const at::Tensor best = scores.argmax(1).to(at::kInt).contiguous();
  return {best.data_ptr<std::int32_t>(), best.data_ptr<std::int32_t>() + best.size(0)};
}

double agreement(const graph::GraphData& data, const std::vector<std::int32_t>& clusters) {
  if (data.labels.empty()) return std::numeric_limits<double>::quiet_NaN();
  return graph::cluster_agreement(data.labels, clusters).nmi;
}

std::string describe(const graph::GraphData& data, const std::vector<std::int32_t>& clusters,
                     std::int64_t asked) {
  std::string text =
      fmt::format("{} of {} clusters are used", std::set(clusters.begin(), clusters.end()).size(), asked);
  if (!data.labels.empty()) {
    const graph::ClusterAgreement fit = graph::cluster_agreement(data.labels, clusters);
    text += fmt::format(", homogeneity {:.4f}, completeness {:.4f}", fit.homogeneity, fit.completeness);
  }
  if (!graph::is_symmetric(data.graph)) return text;
  return text + fmt::format(", modularity {:.4f}, conductance {:.4f}",
                            graph::modularity(data.graph, clusters),
                            graph::conductance(data.graph, clusters));
}

GraphRunResult run(learn::Model& model, const graph::GraphData& data, const GraphProcedureOptions& given) {
  const MethodInfo& info = node_clustering_procedure().info;
  check_parameters(info, given);
  GraphProcedureOptions options = given;
  options.train.loss = "none";
  const std::int64_t clusters = model.net().type(model.net().output().name).shape.back();
  ClusteringSource source(data, clusters, parameter_int(info, options, "steps"));
  {
    const c10::NoGradGuard no_grad;
    source.evaluate(model);  // refuses a network without losses of its own
  }
  GraphRunResult result = run_source(model, source, options, "nmi");
  select_by_loss(result);
  result.last.validation = result.selected.validation = std::numeric_limits<double>::quiet_NaN();
  result.notes.push_back(describe(data, source.clusters(model), clusters));
  if (options.on_note) options.on_note(result.notes.back());
  return result;
}

void set_defaults(TrainOptions& options) {
  options.epochs = 100;
  options.optimizer.weight_decay = 0;
  options.learning_rate = {"constant", 5e-4, 0};
}

}  // namespace

ClusteringSource::ClusteringSource(const graph::GraphData& data, std::int64_t clusters, std::int64_t steps)
    : data_(data),
      steps_(steps),
      identity_(fmt::format("clustering {} {}", to_hex(data::checksum(data)), steps)) {
  if (data.features.columns == 0) fail(ErrorKind::usage, "graph data", "nodes have no features");
  if (steps < 1) fail(ErrorKind::usage, "node-clustering", "steps is {}, expected at least 1", steps);
  batch_.graph = graph_batch(data);
  const std::int64_t nodes = data.graph.num_nodes();
  if (!data.features.is_sparse)
    batch_.frames = at::from_blob(const_cast<float*>(data.features.dense.data()),
                                  {nodes, data.features.columns}, at::kFloat)
                        .clone();
  batch_.targets = at::zeros({nodes, clusters});
}

Scores ClusteringSource::evaluate(learn::Model& model) {
  std::vector<learn::AuxiliaryLoss> own;
  learn::ForwardOptions options;
  options.graph = batch_.graph;
  options.auxiliary = &own;
  const at::Tensor scores = learn::forward(model, batch_.frames, 1, options);
  if (own.empty())
    fail(ErrorKind::usage, "net '" + model.net().name() + "'",
         "has no losses of its own (mincut, diffpool) to cluster by");
  Scores out{std::numeric_limits<double>::quiet_NaN(), agreement(data_, largest_of_rows(scores)), 0};
  for (const auto& term : own) out.validation_loss += term.value.item<double>();
  return out;
}

compress::Samples ClusteringSource::samples(std::int64_t) {
  return {{batch_.frames, batch_.targets, 1, batch_.graph, {}}};
}

std::vector<std::int32_t> ClusteringSource::clusters(learn::Model& model) const {
  const c10::NoGradGuard no_grad;
  learn::ForwardOptions options;
  options.graph = batch_.graph;
  return largest_of_rows(learn::forward(model, batch_.frames, 1, options));
}

const GraphProcedure& node_clustering_procedure() {
  static const GraphProcedure procedure{
      {"node-clustering",
       "clusters of nodes without labels, by the network's own losses (mincut-clustering)",
       "Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling",
       {{"steps", "int", "100", "> 0", "of an epoch; published are 10000 in all"}}},
      run,
      set_defaults};
  return procedure;
}

}  // namespace tern::train
