// tern graph: graph networks trained, graph data sets described and cut into parts.
#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/commands/graph_command.hpp"
#include "data/graphs/graph_summary.hpp"
#include "graph/partition/partition.hpp"
#include "learn/torch.hpp"

namespace tern::cli {
namespace {

nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json to_json(const std::string& name, const data::GraphSummary& s) {
  nlohmann::ordered_json splits = nlohmann::ordered_json::array();
  for (const auto& split : s.splits)
    splits.push_back({{"train", split.train}, {"validation", split.validation}, {"test", split.test}});
  return {{"name", name},
          {"nodes", s.nodes},
          {"graphs", s.graphs},
          {"undirected_edges", s.undirected_edges},
          {"stored_edges", s.stored_edges},
          {"symmetric", s.symmetric},
          {"features", s.features},
          {"sparse_features", s.sparse_features},
          {"feature_density", s.feature_density},
          {"classes", s.classes},
          {"multi_label", s.multi_label},
          {"class_sizes", s.class_sizes},
          {"unlabelled", s.unlabelled},
          {"degree",
           {{"minimum", s.degree.minimum},
            {"median", s.degree.median},
            {"mean", s.degree.mean},
            {"maximum", s.degree.maximum},
            {"isolated", s.degree.isolated},
            {"self_loops", s.degree.self_loops}}},
          {"components", s.components},
          {"largest_component", s.largest_component},
          {"edge_homophily", number_or_null(s.edge_homophily)},
          {"adjusted_homophily", number_or_null(s.adjusted_homophily)},
          {"splits", splits}};
}

int show_info(const data::GraphDataOptions& options, const GlobalOptions& globals) {
  const data::GraphDataOptions resolved = data::resolve(options);
  graph::GraphData data = data::read_graph_set(options);
  // Published splits are all shown, where no other was asked for.
  if (data.splits.empty() || !options.split.empty()) data = data::prepare(std::move(data), options);
  const data::GraphSummary summary = data::summarise(data);
  if (globals.json)
    fmt::print("{}\n", to_json(resolved.name, summary).dump(2));
  else
    fmt::print("{}", data::describe(resolved.name, summary));
  return 0;
}

struct PartitionArguments {
  std::int64_t parts = 2;
  std::string method = "automatic";
  graph::PartitionOptions options;
};

int cut_graph(const data::GraphDataOptions& data_options, PartitionArguments a,
              const GlobalOptions& globals) {
  a.options.method = a.method == "metis"        ? graph::PartitionMethod::metis
                     : a.method == "multilevel" ? graph::PartitionMethod::multilevel
                                                : graph::PartitionMethod::automatic;
  const graph::GraphData data = data::read_graph_set(data_options);
  const auto start = std::chrono::steady_clock::now();
  const graph::Partition cut = graph::partition(data.graph, a.parts, a.options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (globals.json) {
    const nlohmann::ordered_json out{{"parts", cut.num_parts},
                                     {"method", cut.method},
                                     {"cut_edges", cut.cut_edges},
                                     {"cut_fraction", cut.cut_fraction},
                                     {"imbalance", cut.imbalance},
                                     {"seconds", seconds},
                                     {"fallback_reason", cut.fallback_reason}};
    fmt::print("{}\n", out.dump(2));
    return 0;
  }
  fmt::print("{} parts by {}: {} edges cut ({:.2f}%), largest part {:.3f} times the mean, {:.3f} s\n",
             cut.num_parts, cut.method, cut.cut_edges, 100 * cut.cut_fraction, cut.imbalance, seconds);
  if (!cut.fallback_reason.empty()) fmt::print("  METIS was not used: {}\n", cut.fallback_reason);
  return 0;
}

void add_partition(CLI::App& parent, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = parent.add_subcommand(
      "partition", "cut a graph into parts of about equal size with few edges between them");
  auto a = std::make_shared<PartitionArguments>();
  auto data_options = add_graph_data_options(*command, true);
  command->add_option("--parts", a->parts)->check(CLI::PositiveNumber)->required();
  command->add_option("--method", a->method)
      ->check(CLI::IsMember({"automatic", "metis", "multilevel"}))
      ->capture_default_str();
  command->add_option("--imbalance", a->options.imbalance, "largest part over the mean that is aimed at")
      ->check(CLI::Range(1.0, 100.0))
      ->capture_default_str();
  command->add_option("--seed", a->options.seed)->capture_default_str();
  command->footer("Example:\n  tern graph partition cora --path planetoid --parts 10");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] { return cut_graph(*data_options, *a, globals); };
  });
}

}  // namespace

std::shared_ptr<data::GraphDataOptions> add_graph_data_options(CLI::App& command, bool positional) {
  auto o = std::make_shared<data::GraphDataOptions>();
  command
      .add_option(positional ? "DATA,--data" : "--data", o->name,
                  "graph data set (tern list graph-data-sets)")
      ->capture_default_str();
  command.add_option("--path", o->path, "its folder or file");
  command.add_option("--split", o->split,
                     "public, full, random, none or the number of a published one (default: the set's own)");
  command.add_option("--train-per-class", o->train_per_class, "nodes, of a random split")
      ->check(CLI::PositiveNumber);
  command.add_option("--train-fraction", o->train_fraction,
                     "of each class in place of a number, of a random split; half of the others validate")
      ->check(CLI::Range(0.0, 0.99));
  command.add_option("--validation-per-class", o->validation_per_class, "nodes, of a random split")
      ->check(CLI::PositiveNumber);
  command.add_option("--num-validation", o->num_validation, "so many nodes of any class instead")
      ->check(CLI::PositiveNumber);
  command.add_option("--num-test", o->num_test, "so many at most, of a random split")
      ->check(CLI::PositiveNumber);
  command.add_option("--validation-fraction", o->validation_fraction, "of graphs, behind the test part")
      ->check(CLI::Range(0.0, 1.0));
  command.add_option("--test-fraction", o->test_fraction, "of graphs")->check(CLI::Range(0.0, 1.0));
  command.add_option("--features", o->normalise_features, "none, row or standardise");
  command.add_option("--component", o->component, "all or largest");
  command.add_option("--node-features", o->node_features,
                     "attributes, tags, degree, clustering, joined by +");
  command.add_option("--num-nodes", o->num_nodes, "of block-model")->check(CLI::PositiveNumber);
  command.add_option("--num-edges", o->num_edges, "of block-model")->check(CLI::PositiveNumber);
  command.add_option("--num-classes", o->num_classes, "of block-model")->check(CLI::PositiveNumber);
  command.add_option("--num-features", o->num_features, "of block-model")->check(CLI::PositiveNumber);
  command.add_option("--data-seed", o->seed, "of random splits and generated graphs")->capture_default_str();
  return o;
}

void add_graph_info(CLI::App& parent, const std::string& name, GlobalOptions& globals,
                    std::function<int()>& action) {
  auto* command =
      parent.add_subcommand(name, "what a graph data set holds: degrees, components, homophily, splits");
  auto data_options = add_graph_data_options(*command, true);
  command->footer(fmt::format(
      "Examples:\n  tern {0} {1} cora --path planetoid\n  tern {0} {1} tolokers --path heterophilous --json",
      parent.get_name(), name));
  command->callback(
      [&, data_options] { action = [&, data_options] { return show_info(*data_options, globals); }; });
}

void add_graph(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("graph", "graph networks: train them; describe and cut graph data sets");
  command->require_subcommand(1);
  add_graph_train(*command, globals, action);
  add_graph_run(*command, globals, action);
  add_graph_info(*command, "info", globals, action);
  add_partition(*command, globals, action);
}

}  // namespace tern::cli
