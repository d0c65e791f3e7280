// tern cost: energy, cycles and memory traffic of a model on a described accelerator.
#include <optional>

#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/model_source.hpp"
#include "cli/terminal.hpp"
#include "compress/layer_report.hpp"
#include "cost/cost.hpp"
#include "learn/torch.hpp"
#include "compress/cost_profile.hpp"
#include "train/evaluate.hpp"

namespace tern::cli {
namespace {

struct CostArguments {
  std::string model, hardware, profile;
  double activity = -1;
  std::int64_t samples = 200;
  bool measure = false;
  cost::GraphSize graph;
};

std::map<std::string, learn::NodeActivity> measure(learn::Model& model, const data::DataOptions& data_options,
                                                   std::int64_t samples, bool quiet) {
  ProgressPrinter progress(quiet);
  const data::FrameDataset data = data::load_data_set(data_options, std::ref(progress));
  const data::Split& split = data.validation.size() ? data.validation : data.train;
  return train::measure_activity(model, data, split, samples);
}

cost::Profile make_profile(const CostArguments& a, const data::DataOptions& data_options, ModelSource& source,
                           const GlobalOptions& globals) {
  if (!a.profile.empty()) return cost::read_profile(a.profile, source.net);
  if (source.model) {
    std::map<std::string, learn::NodeActivity> activity;
    if (a.measure) activity = measure(*source.model, data_options, a.samples, globals.quiet);
    else if (a.activity < 0 && !globals.quiet)
      fmt::print(stderr, "note: no activity was given; every input counts as busy. --data SET measures it.\n");
    return compress::make_profile(source.net, compress::report_layers(*source.model), activity,
                                  compress::kept_edges(*source.model));
  }
  if (!globals.quiet)
    fmt::print(stderr, "note: {} has no weights; counted as 32-bit and dense. --profile FILE says otherwise.\n", a.model);
  return {};
}

int run_cost(const CostArguments& a, const data::DataOptions& data_options, const GlobalOptions& globals) {
  ModelSource source = read_model_source(a.model);
  cost::Profile profile = make_profile(a, data_options, source, globals);
  if (a.activity >= 0) {
    for (const auto& name : cost::profile_names(source.net)) profile.try_emplace(name);
    profile = cost::with_activity(std::move(profile), a.activity);
  }
  cost::CostOptions options;
  options.graph = a.graph;
  const cost::CostReport report =
      cost::evaluate(source.net, profile, cost::read_accelerator(a.hardware), options);
  fmt::print("{}\n", globals.json ? cost::to_json(report) : cost::to_table(report));
  return 0;
}

}  // namespace

void add_cost(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("cost", "predict energy, cycles and traffic of one sample on an accelerator");
  auto a = std::make_shared<CostArguments>();
  command->add_option("MODEL", a->model, model_source_help)->required();
  command->add_option("--hardware", a->hardware, "accelerator (hardware/*.yaml)")->required();
  command->add_option("--profile", a->profile, "bits and densities by layer (hardware/profiles/*.yaml)");
  command->add_option("--activity", a->activity, "density of every layer's input, in place of measured ones")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--samples", a->samples, "samples to measure activity on")->check(CLI::Range(1, 1000000));
  auto* nodes = command->add_option("--nodes", a->graph.nodes, "of the graph that a graph network runs on: the cost is of all")
                    ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_option("--edges", a->graph.edges, "of that graph, directed (tern graph info)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 48))
      ->needs(nodes);
  auto data_options = add_data_options(*command);
  command->footer("Examples:\n  tern cost tcja --hardware hardware/eyeriss-snn.yaml --profile hardware/profiles/tcja-ternary.yaml\n"
                  "  tern cost runs/demo/winner.tern --hardware hardware/edge-mcu.yaml --data nmnist-mini\n"
                  "  tern cost tcja --hardware hardware/eyeriss-snn.yaml --activity 0.05 --json\n"
                  "  tern cost runs/cora-8 --hardware hardware/eyeriss-snn.yaml --nodes 2708 --edges 10556");
  command->callback([&, a, data_options, command] {
    a->measure = command->count("--data") > 0;
    action = [&, a, data_options] { return run_cost(*a, *data_options, globals); };
  });
}

}  // namespace tern::cli
