#include "train/graph/cluster_gcn.hpp"

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/graph/cluster_net.hpp"
#include "train/graph/cluster_source.hpp"
#include "train/parallel/process_group.hpp"

namespace tern::train {
namespace {

graph::PartitionMethod partition_method(const std::string& name) {
  if (name == "automatic") return graph::PartitionMethod::automatic;
  if (name == "metis") return graph::PartitionMethod::metis;
  if (name == "multilevel") return graph::PartitionMethod::multilevel;
  fail(ErrorKind::usage, "cluster-gcn", "partition is '{}', expected automatic, metis or multilevel", name);
}

ClusterOptions options_of(const GraphProcedureOptions& options) {
  const MethodInfo& info = cluster_gcn_procedure().info;
  ClusterOptions out;
  out.parts = parameter_int(info, options, "parts");
  out.clusters_per_batch = parameter_int(info, options, "batch-clusters");
  out.blocks = parameter_int(info, options, "blocks");
  if (out.blocks > 1 && options.group != nullptr) {
    out.rank = options.group->rank();
    out.num_ranks = options.group->size();
  }
  out.inductive = parameter_bool(info, options, "inductive");
  out.precompute = parameter_bool(info, options, "precompute");
  out.partition.method = partition_method(parameter_text(info, options, "partition"));
  out.cache = parameter_text(info, options, "cache");
  out.evaluation.memory_bytes = parameter_int(info, options, "memory-mib") << 20;
  out.evaluation.scratch = parameter_text(info, options, "scratch");
  out.seed = options.train.seed;
  out.metric = options.metric;
  out.label_smoothing = options.train.label_smoothing;
  return out;
}

GraphRunResult run(learn::Model& model, const graph::GraphData& data, const GraphProcedureOptions& options) {
  const ClusterOptions cluster = options_of(options);
  if (data.splits.size() != 1)
    fail(ErrorKind::usage, "graph data", "{} splits, expected one", data.splits.size());
  if (cluster.precompute && !options.plan.phases.empty())
    fail(ErrorKind::usage, "cluster-gcn", "a plan cannot run on precomputed features: leave out precompute");
  ClusterSource source(node_data(data, data.splits.front()), cluster);
  const graph::Partition& parts = source.partition();
  std::string note =
      fmt::format("{} parts by {}{}, {:.1f} % of the edges between them, largest part {:.2f} of the mean",
                  parts.num_parts, parts.method, source.partition_was_kept() ? " (kept)" : "",
                  100 * parts.cut_fraction, parts.imbalance);
  if (!parts.fallback_reason.empty()) note += ": " + parts.fallback_reason;
  if (options.on_note) options.on_note(note);
  GraphRunResult result;
  if (cluster.precompute) {
    const net::Net whole = model.net();
    learn::Model reduced = without_first_propagation(model);
    result = run_source(reduced, source, options, source.metric(), cluster.num_ranks > 1);
    model = with_first_propagation(whole, reduced);
  } else {
    result = run_source(model, source, options, source.metric(), cluster.num_ranks > 1);
  }
  result.notes.insert(result.notes.begin(), note);
  return result;
}

/// Those of the released scripts, for graphs that are not large.
void set_defaults(TrainOptions& options) {
  options.epochs = 100;
  options.optimizer.name = "adam";
  options.optimizer.weight_decay = 0;
  options.learning_rate = {.name = "constant", .base = 0.01, .warmup_share = 0};
}

}  // namespace

const GraphProcedure& cluster_gcn_procedure() {
  static const GraphProcedure procedure{
      {"cluster-gcn",
       "subgraphs of a few parts of the graph in every step",
       "Chiang et al. 2019, Cluster-GCN",
       {{"parts", "int", "50", "1..nodes", "that the graph is cut into"},
        {"batch-clusters", "int", "1", "1..parts", "parts in a batch; above 1 drawn anew in every epoch"},
        {"blocks", "int", "1", "1..parts",
         "that parts are dealt to for good; batches are block-diagonal, and of several processes each runs "
         "its own "
         "blocks alone (1: each runs all of a batch)"},
        {"inductive", "bool", "false", "true|false", "training sees only its own nodes"},
        {"precompute", "bool", "false", "true|false", "[A X, X] once in place of the first propagation"},
        {"partition", "string", "automatic", "automatic|metis|multilevel", "who cuts the graph"},
        {"cache", "string", "", "a folder", "where partitions are kept; empty: they are not"},
        {"memory-mib", "int", "1024", ">= 1", "for activations of the whole graph in evaluation"},
        {"scratch", "string", "", "a folder", "for those that do not fit; empty: the system's"}}},
      run,
      set_defaults};
  return procedure;
}

}  // namespace tern::train
