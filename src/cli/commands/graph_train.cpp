// tern graph train: a graph network trained by one of the procedures, over several seeds.
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/seed.hpp"
#include "cli/commands/graph_command.hpp"
#include "cli/commands/graph_results.hpp"
#include "cli/terminal.hpp"
#include "learn/torch.hpp"
#include "train/graph/full_batch.hpp"
#include "train/graph/metrics.hpp"
#include "train/graph/procedures.hpp"
#include "train/parallel/process_group.hpp"
#include "train/run_log.hpp"
#include "zoo/architecture.hpp"

namespace tern::cli {
namespace {

struct GraphTrainArguments {
  std::string network, procedure = "full-batch", plan, metric, init = "glorot";
  zoo::ArchitectureOptions architecture;
  std::vector<std::string> settings;  ///< NAME=VALUE, parameters of the procedure
  int seeds = 1;
  std::uint64_t first_seed = 1;
  bool one_split = false;
  std::filesystem::path folder;
  /// What the user said about training, to be laid over the procedure's own defaults.
  std::vector<std::function<void(train::TrainOptions&)>> given;
};

bool is_trained(const std::string& network) {
  return std::filesystem::is_directory(network) || network.ends_with(".safetensors");
}

/// The network for the data: an architecture with the options, or a Net from a file, checked against them.
net::Net net_for(const GraphTrainArguments& a, const graph::GraphData& data) {
  const net::Shape features{data.features.columns};
  if (!a.network.ends_with(".json")) {
    zoo::ArchitectureOptions options = a.architecture;
    options.input_shape = features;
    options.num_classes = data.num_classes;
    options.graph.mean_degree = data.graph.num_edges() / std::max<std::int64_t>(1, data.graph.num_nodes());
    // Bianchi et al. 2020 pool to half the nodes of a mean graph.
    if (options.graph.clusters == 0 && data.num_graphs() > 1)
      options.graph.clusters = std::max<std::int64_t>(1, data.graph.num_nodes() / data.num_graphs() / 2);
    return zoo::find_architecture(a.network, "network").build(options);
  }
  return net::from_json(read_file(a.network), a.network);
}

/// Clusters need not be as many as classes.
void check_fits(const net::Net& net, const graph::GraphData& data, const std::string& name,
                const std::string& procedure) {
  const net::Shape input = net.type(net.input().name).shape, output = net.type(net.output().name).shape;
  if (input != net::Shape{data.features.columns})
    fail(ErrorKind::usage, name, "the network reads {}, nodes have {} features", net::to_string(input),
         data.features.columns);
  if (data.num_classes > 0 && procedure != "node-clustering" && output != net::Shape{data.num_classes})
    fail(ErrorKind::usage, name, "the network scores {}, the data have {} classes", net::to_string(output),
         data.num_classes);
}

/// New weights, or those of a run folder (of its sub-folder of this seed).
learn::Model start_of(const GraphTrainArguments& a, const graph::GraphData& data, std::uint64_t seed) {
  if (is_trained(a.network)) {
    std::filesystem::path path(a.network);
    if (const auto own = path / fmt::format("seed-{}", seed); std::filesystem::is_directory(own)) path = own;
    if (std::filesystem::is_directory(path)) path /= "checkpoint.safetensors";
    learn::Model model = train::load_model(path);
    check_fits(model.net(), data, path.string(), a.procedure);
    return model;
  }
  const std::uint64_t draw = derive_seed(seed, "init");
  learn::Model model(net_for(a, data), draw);
  check_fits(model.net(), data, a.network, a.procedure);
  if (a.init == "glorot") train::draw_glorot(model, draw);
  return model;
}

std::map<std::string, std::string> parse_settings(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> out;
  for (const std::string& text : settings) {
    const std::size_t equal = text.find('=');
    if (equal == std::string::npos || equal == 0)
      fail(ErrorKind::usage, "--set", "'{}': expected NAME=VALUE", text);
    out[text.substr(0, equal)] = text.substr(equal + 1);
  }
  return out;
}

train::TrainOptions train_options(const GraphTrainArguments& a, const train::GraphProcedure& procedure,
                                  const graph::GraphData& data) {
  train::TrainOptions options;
  const auto set_defaults =
      procedure.set_defaults ? procedure.set_defaults : train::full_batch_procedure().set_defaults;
  set_defaults(options);
  if (!data.multi_labels.empty()) options.loss = "bce";
  for (const auto& set : a.given) set(options);
  return options;
}

bool is_first(const train::ProcessGroup* group) {
  return group == nullptr || group->rank() == 0;
}

SeedRun run_seed(const GraphTrainArguments& a, const graph::GraphData& read,
                 data::GraphDataOptions data_options, std::uint64_t seed, train::ProcessGroup* group,
                 const GlobalOptions& globals) {
  const train::GraphProcedure& procedure = train::find_graph_procedure(a.procedure);
  if (!a.one_split) data_options.seed = seed;
  const graph::GraphData data = data::prepare(read, data_options);
  learn::Model model = start_of(a, data, seed);
  ProgressPrinter progress(globals.quiet);
  train::GraphProcedureOptions options;
  options.train = train_options(a, procedure, data);
  options.train.seed = seed;
  options.group = group;
  options.plan = compress::parse_plan(a.plan);
  options.metric = a.metric.empty() ? data::find_graph_set(data_options.name).metric : a.metric;
  options.parameters = parse_settings(a.settings);
  options.progress = std::ref(progress);
  options.on_note = [](const std::string& text) { log(LogLevel::info, text); };
  const std::filesystem::path folder = a.seeds > 1 ? a.folder / fmt::format("seed-{}", seed) : a.folder;
  if (!a.folder.empty()) {
    std::filesystem::create_directories(folder);
    options.train.checkpoint = folder / "checkpoint.safetensors";
  }
  train::check_parameters(procedure.info, options);
  SeedRun run{seed, procedure.run(model, data, options), net::totals(model.net()).weights};
  progress.clear();
  if (!a.folder.empty() && is_first(group)) train::write_metrics(folder, run.result.history);
  return run;
}

int run_graph_training(const GraphTrainArguments& a, const data::GraphDataOptions& data_options,
                       const GlobalOptions& all_globals) {
  train::find_graph_procedure(a.procedure);
  if (!a.metric.empty()) train::find_metric(a.metric);
  if (!is_trained(a.network) && !a.network.ends_with(".json")) zoo::find_architecture(a.network, "network");
  const compress::Plan plan = compress::parse_plan(a.plan);
  if (!a.folder.empty() && is_trained(a.network) &&
      std::filesystem::weakly_canonical(a.folder) == std::filesystem::weakly_canonical(a.network))
    fail(ErrorKind::usage, a.folder.string(), "the output folder must not be the model's own");
  const std::string name = data::resolve(data_options).name;
  const train::Placement placement = train::placement_from_environment();
  std::unique_ptr<train::ProcessGroup> group;
  if (placement.size > 1) group = train::ProcessGroup::join(placement);
  GlobalOptions globals = all_globals;
  globals.quiet = globals.quiet || !is_first(group.get());
  graph::GraphData read;
  std::vector<SeedRun> runs;
  for (int i = 0; i < a.seeds; ++i) {
    const std::uint64_t seed = a.first_seed + static_cast<std::uint64_t>(i);
    // A generated graph is another one for each seed; files are read once.
    data::GraphDataOptions options = data_options;
    if (name == "block-model" && !a.one_split) options.seed = seed;
    if (i == 0 || name == "block-model") read = data::read_graph_set(options);
    runs.push_back(run_seed(a, read, options, seed, group.get(), globals));
    if (!globals.quiet && a.seeds > 1)
      log(LogLevel::info, fmt::format("seed {}: test {}", seed, percent_text(runs.back().result.last.test)));
  }
  if (!is_first(group.get())) return 0;
  const nlohmann::ordered_json json = results_json({a.network, name, a.procedure}, runs);
  if (!a.folder.empty()) write_file_atomically(a.folder / "results.json", json.dump(2) + "\n");
  if (globals.json)
    fmt::print("{}\n", json.dump(2));
  else
    print_results({a.network, name, a.procedure}, runs);
  return 0;
}

/// An option of training that replaces the procedure's default where it is given.
template <typename Value, typename Set>
CLI::Option* add_given(CLI::App& command, const std::shared_ptr<GraphTrainArguments>& a, const char* name,
                       const char* help, Set set) {
  return command.add_option_function<Value>(
      name,
      [a, set](const Value& value) {
        a->given.push_back([set, value](train::TrainOptions& o) { set(o, value); });
      },
      help);
}

void add_training_options(CLI::App& command, const std::shared_ptr<GraphTrainArguments>& a) {
  using Options = train::TrainOptions;
  add_given<int>(command, a, "--epochs", "default: the procedure's (full-batch: 200)", [](Options& o, int v) {
    o.epochs = v;
  })->check(CLI::Range(0, 1000000));
  add_given<double>(command, a, "--learning-rate", "default: 0.01", [](Options& o, double v) {
    o.learning_rate.base = v;
  })->check(CLI::PositiveNumber);
  add_given<std::string>(command, a, "--schedule",
                         "of the learning rate (tern list learning-rates); default: constant",
                         [](Options& o, const std::string& v) { o.learning_rate.name = v; });
  add_given<double>(command, a, "--warmup", "share of the epochs", [](Options& o, double v) {
    o.learning_rate.warmup_share = v;
  })->check(CLI::Range(0.0, 1.0));
  add_given<double>(command, a, "--weight-decay", "default: 5e-4", [](Options& o, double v) {
    o.optimizer.weight_decay = v;
  })->check(CLI::NonNegativeNumber);
  add_given<std::string>(
      command, a, "--decay-only", "pattern of nodes whose weights decay, \"*\": all; default: linear1",
      [](Options& o, const std::string& v) { o.optimizer.decay_only = v == "*" ? "" : v; });
  add_given<std::string>(command, a, "--optimizer", "tern list optimizers; default: adam-l2",
                         [](Options& o, const std::string& v) { o.optimizer.name = v; });
  add_given<std::string>(command, a, "--loss",
                         "tern list losses; default: ce, bce where nodes have several labels",
                         [](Options& o, const std::string& v) { o.loss = v; });
  add_given<std::int64_t>(command, a, "--batch-size", "of procedures with batches",
                          [](Options& o, std::int64_t v) { o.batch_size = v; })
      ->check(CLI::PositiveNumber);
  add_given<int>(command, a, "--patience", "stop so many epochs behind the lowest validation loss (l-gcn: each layer); 0: never",
                 [](Options& o, int v) { o.patience = v; })
      ->check(CLI::NonNegativeNumber);
  add_given<double>(command, a, "--label-smoothing", "", [](Options& o, double v) {
    o.label_smoothing = v;
  })->check(CLI::Range(0.0, 0.99));
  add_given<double>(command, a, "--clip-gradient", "largest norm of all gradients", [](Options& o, double v) {
    o.clip_gradient = v;
  })->check(CLI::PositiveNumber);
  add_given<double>(command, a, "--distillation",
                    "share of the loss that teaches the starting model's scores",
                    [](Options& o, double v) { o.distillation = v; })
      ->check(CLI::Range(0.0, 1.0));
  add_given<double>(command, a, "--temperature", "of distillation", [](Options& o, double v) {
    o.temperature = v;
  })->check(CLI::PositiveNumber);
}

void add_network_options(CLI::App& command, zoo::ArchitectureOptions& o) {
  command.add_option("--layers", o.graph.layers, "default: the architecture's")->check(CLI::PositiveNumber);
  command.add_option("--hidden", o.graph.hidden, "features of a hidden layer")->check(CLI::PositiveNumber);
  command.add_option("--heads", o.graph.heads, "of attention")->check(CLI::PositiveNumber);
  command.add_option("--dropout", o.dropout)->check(CLI::Range(0.0, 0.99))->capture_default_str();
  command.add_option("--normalisation", o.graph.normalisation,
                     "of propagation: sum, symmetric, gcn, gcn-identity, row, row-self, diagonal, lgcn");
  command.add_option("--lambda", o.graph.lambda, "of the normalisation diagonal")->capture_default_str();
  command.add_option("--norm", o.graph.norm, "behind hidden layers: none, batch, layer");
  command.add_option("--clusters", o.graph.clusters, "of the first pooling")->check(CLI::PositiveNumber);
  command.add_option("--width", o.width, "factor of all hidden features")->check(CLI::PositiveNumber);
}

}  // namespace

void add_graph_train(CLI::App& parent, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = parent.add_subcommand("train", "train a graph network; the same command resumes");
  auto a = std::make_shared<GraphTrainArguments>();
  command
      ->add_option("NETWORK", a->network,
                   "architecture (tern list architectures), net.json, or a run to go on from")
      ->required();
  auto data_options = add_graph_data_options(*command, false);
  command->add_option("--procedure", a->procedure, "tern list procedures")->capture_default_str();
  command->add_option("--set", a->settings, "NAME=VALUE, a parameter of the procedure; may be repeated");
  command->add_option("--metric", a->metric, "tern list metrics (default: the set's own)");
  add_network_options(*command, a->architecture);
  add_training_options(*command, a);
  command->add_option("--init", a->init, "of weights: glorot, or uniform in 1/sqrt(fan in)")
      ->check(CLI::IsMember({"glorot", "uniform"}))
      ->capture_default_str();
  command->add_option("--seeds", a->seeds, "runs, each of its own seed")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--seed", a->first_seed, "of the first run")->capture_default_str();
  command->add_flag("--one-split", a->one_split, "every seed trains on the split of --data-seed");
  command->add_option("--plan", a->plan, "compression on the way: \"prune:global=0.8 + quantize:w=4,a=8\"");
  command->add_option("-o,--output", a->folder,
                      "run folder: checkpoint, metrics, results.json; of several seeds seed-N in it");
  command->footer(
      "Examples:\n"
      "  tern graph train gcn --data cora --path planetoid --seeds 10\n"
      "  tern graph train gcn --data cora --path planetoid -o runs/cora\n"
      "  tern graph train runs/cora --data cora --path planetoid --plan \"quantize:w=4,a=8\" -o "
      "runs/cora-w4");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] { return run_graph_training(*a, *data_options, globals); };
  });
}

}  // namespace tern::cli
