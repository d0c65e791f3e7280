// tern graph run: a packed graph network in the engine, on a graph data set.
#include <algorithm>
#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/commands/graph_command.hpp"
#include "engine/graph/graph_program.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/checkpoint.hpp"
#include "train/graph/graph_task.hpp"
#include "train/graph/metrics.hpp"

namespace tern::cli {
namespace {

struct GraphRunArguments {
  std::string model, against, metric;
  engine::Options engine;
  int repeats = 5;
};

/// Rows that the test part names, and what they should be.
struct Wanted {
  at::Tensor rows, targets;
};

Wanted wanted_of(const graph::GraphData& data) {
  const bool of_graphs = !data.graph_labels.empty();
  const std::vector<std::int32_t>& labels = of_graphs ? data.graph_labels : data.labels;
  const std::vector<std::int32_t>& test = data.splits.at(0).test;
  const at::Tensor rows = at::empty({static_cast<std::int64_t>(test.size())}, at::kLong);
  at::Tensor targets = at::zeros({rows.size(0), data.num_classes});
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto place = static_cast<std::size_t>(test[i]);
    rows[static_cast<std::int64_t>(i)] = test[i];
    for (std::int64_t c = 0; c < data.num_classes; ++c) {
      const bool has = data.multi_labels.empty()
                           ? labels.at(place) == c
                           : data.multi_labels[place * static_cast<std::size_t>(data.num_classes) + static_cast<std::size_t>(c)] != 0;
      if (has) targets[static_cast<std::int64_t>(i)][c] = 1;
    }
  }
  return {rows, targets};
}

engine::GraphInput input_of(const graph::GraphData& data) {
  engine::GraphInput input{.graph = &data.graph};
  if (data.num_graphs() > 1) input.offsets = data.graph_offsets;
  if (data.features.is_sparse) input.sparse = &data.features.sparse;
  else input.features = data.features.dense;
  return input;
}

template <class T>
T value_or_fail(engine::Result<T> result, const std::string& place) {
  if (!result.ok())
    fail(result.error().kind == engine::EngineErrorKind::bad_input ? ErrorKind::usage : ErrorKind::bad_data, place, "{}",
         result.error().message);
  return std::move(result).value();
}

/// Largest difference of scores and predictions that differ, against a checkpoint run by libtorch.
std::pair<double, std::int64_t> differences(const std::string& checkpoint, const graph::GraphData& data, const at::Tensor& scores) {
  learn::Model model = train::load_model(checkpoint);
  learn::ForwardOptions options;
  options.graph = train::graph_batch(data);
  at::Tensor frames;
  if (!data.features.is_sparse)
    frames = at::tensor(data.features.dense).view({data.graph.num_nodes(), data.features.columns});
  const c10::NoGradGuard no_grad;
  const at::Tensor expected = learn::forward(model, frames, 1, options);
  return {(expected - scores).abs().max().item<double>(), expected.argmax(1).ne(scores.argmax(1)).sum().item<std::int64_t>()};
}

int run_graph_model(const GraphRunArguments& a, const data::GraphDataOptions& data_options, const GlobalOptions& globals) {
  const engine::GraphProgram program = value_or_fail(engine::GraphProgram::load(a.model, a.engine), a.model);
  const graph::GraphData data = data::prepare(data::read_graph_set(data_options), data_options);
  const engine::GraphInput input = input_of(data);
  std::vector<double> milliseconds;
  std::vector<float> values;
  for (int i = 0; i < a.repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    values = value_or_fail(program.run(input), a.model);
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const std::int64_t classes = program.net().type(program.net().output().name).shape[0];
  const at::Tensor scores = at::tensor(values).view({-1, classes});
  if (classes != data.num_classes)
    fail(ErrorKind::usage, a.model, "the network scores {} classes, the data have {}", classes, data.num_classes);
  const std::string metric = !a.metric.empty() ? a.metric : data::find_graph_set(data::resolve(data_options).name).metric;
  const train::MetricRow& row = train::find_metric(metric.empty() ? train::metric_of(data, {}) : metric);
  const Wanted wanted = wanted_of(data);
  const double test = row.metric(scores.index_select(0, wanted.rows), wanted.targets);
  nlohmann::ordered_json out{{"model", a.model}, {"metric", row.info.name}, {"test", test}, {"rows", scores.size(0)},
                             {"milliseconds", milliseconds.front()}, {"weight_bytes", program.describe().weight_bytes}};
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const auto& step : program.describe().steps) steps.push_back({{"nodes", step.nodes}, {"kernel", step.kernel}});
  out["steps"] = steps;
  if (!a.against.empty()) {
    const auto [difference, predictions] = differences(a.against, data, scores);
    out["largest_difference"] = difference;
    out["predictions_that_differ"] = predictions;
  }
  if (globals.json) {
    fmt::print("{}\n", out.dump(2));
    return 0;
  }
  for (const auto& step : program.describe().steps) fmt::print("  {:<28} {}\n", step.nodes, step.kernel);
  fmt::print("{} {:.2f}% on {} test rows, {:.2f} ms (best of {}), {} bytes of weights\n", row.info.name, 100 * test,
             wanted.rows.size(0), milliseconds.front(), a.repeats, program.describe().weight_bytes);
  if (!a.against.empty())
    fmt::print("against {}: {} of {} predictions differ, scores by at most {:.3g}\n", a.against,
               out["predictions_that_differ"].get<std::int64_t>(), scores.size(0), out["largest_difference"].get<double>());
  return 0;
}

}  // namespace

void add_graph_run(CLI::App& parent, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = parent.add_subcommand("run", "run a packed graph network in the engine");
  auto a = std::make_shared<GraphRunArguments>();
  command->add_option("MODEL", a->model, "a .tern file (tern pack)")->required();
  auto data_options = add_graph_data_options(*command, false);
  command->add_option("--against", a->against, "checkpoint to compare every score with");
  command->add_option("--metric", a->metric, "tern list metrics (default: the set's own)");
  command->add_option("--kernel", a->engine.kernel, "takes this kernel wherever it suits");
  command->add_option("--repeats", a->repeats, "runs, of which the fastest is reported")->check(CLI::PositiveNumber)->capture_default_str();
  command->footer("Example:\n  tern pack runs/cora-w4 -o cora.tern && tern graph run cora.tern --data cora --path planetoid");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] { return run_graph_model(*a, *data_options, globals); };
  });
}

}  // namespace tern::cli
