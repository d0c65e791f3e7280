#include "study/trial.hpp"

#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/layer_report.hpp"
#include "cost/cost.hpp"
#include "learn/packed.hpp"
#include "learn/torch.hpp"
#include "pack/model_file.hpp"
#include "compress/cost_profile.hpp"
#include "study/grid.hpp"
#include "study/network.hpp"
#include "train/evaluate.hpp"
#include "train/run_log.hpp"
#include "train/trainer.hpp"

namespace tern::study {
namespace {

learn::Model starting_model(const StudyContext& context, const report::TrialSpec& spec) {
  const NamedPlan* plan = find_plan(context.config, spec);
  if (spec.combination == "baseline" || (plan && plan->from_scratch))
    return learn::Model(make_network(plan ? plan->network : context.config.network, context.data),
                        derive_seed(spec.seed, "init"));
  const std::string key = fmt::format("baseline/seed{}", spec.seed);
  const auto checkpoint = trial_checkpoint(context, key);
  if (!std::filesystem::exists(checkpoint))
    fail(ErrorKind::bad_data, spec.key, "its starting point '{}' has no checkpoint", key);
  return train::load_model(checkpoint);
}

void add_epochs(report::TrialRecord& record, const std::vector<train::EpochResult>& history) {
  record.train_seconds = 0;
  for (const auto& e : history) {
    record.epochs.push_back({e.epoch - 1, e.train_loss, e.train_accuracy, e.validation_accuracy, e.learning_rate, e.seconds});
    record.train_seconds += e.seconds;
  }
}

/// Encoding, energy and cycles of the kernel `parameter`, as the cost report lists them.
void add_cost(report::LayerRow& row, const cost::CostReport& report, const compress::LayerReport& layer) {
  row.energy_pj = row.cycles = 0;
  for (const auto& cost : report.layers) {
    if (cost.node != layer.node || cost.node + "." + cost.weight != layer.parameter) continue;
    row.energy_pj += cost.energy_pj;
    row.cycles += cost.cycles;
    row.encoding = std::string(cost::name_of(cost.weight_encoding));
  }
}

/// Non-zeros, bytes in the file, multiply-accumulates and bit operations (Wang et al. 2020: MACs x both widths, over
/// weights that are not zero) of one sample.
void add_sizes(const learn::Model& model, const std::vector<compress::LayerReport>& layers, const std::map<std::string, learn::NodeActivity>& activity, report::TrialRecord& record) {
  record.nonzeros = record.file_bytes = record.macs = record.bit_operations = 0;
  const pack::PackedModel packed = learn::to_packed(model);
  for (const auto& layer : layers) {
    record.nonzeros += static_cast<double>(layer.weights - layer.zeros);
    record.file_bytes += static_cast<double>(pack::stored_form(packed.tensors.at(layer.parameter)).bytes);
  }
  const net::Net& net = model.net();
  for (const auto& node : net.nodes()) {
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const auto& row) { return row.node == node.name; });
    if (layer == layers.end()) continue;
    const std::int64_t steps = net.type(node.name).has_time ? std::max<std::int64_t>(1, net.num_steps()) : 1;
    const auto macs = static_cast<double>(net.work(node).macs * steps);
    record.macs += macs;
    record.bit_operations += macs * (1 - layer->zero_fraction()) * layer->bits * compress::source_bits(net, node, activity);
  }
}

void measure(const StudyContext& context, learn::Model& model, report::TrialRecord& record) {
  const data::FrameDataset& data = context.data;
  record.validation_accuracy = data.validation.size() ? train::evaluate(model, data, data.validation).accuracy
                                                      : report::not_measured;
  if (data.test.size()) record.test_accuracy = train::evaluate(model, data, data.test).accuracy;
  const auto layers = compress::report_layers(model);
  record.zeros = compress::zero_fraction(layers);
  const data::Split& split = data.validation.size() ? data.validation : data.train;
  const auto activity = train::measure_activity(model, data, split, context.config.activity_samples);
  const cost::CostReport cost =
      cost::evaluate(model.net(), compress::make_profile(model.net(), layers, activity), context.accelerator);
  write_file_atomically(trial_folder(context, record.key) / "cost.json", cost::to_json(cost));
  record.energy_mj = cost.energy_mj;
  record.cycles = cost.cycles;
  record.weight_bytes = static_cast<double>(cost.weight_bytes);
  for (const auto& component : cost.breakdown) record.breakdown_pj.emplace_back(component.name, component.energy_pj);
  add_sizes(model, layers, activity, record);
  record.synops = 0;
  for (const auto& [node, figures] : activity) record.synops += static_cast<double>(figures.synops);
  for (const auto& layer : layers) {
    report::LayerRow row;
    row.node = layer.parameter;
    row.bits = layer.bits;
    row.zeros = layer.zero_fraction();
    row.min = layer.min;
    row.max = layer.max;
    if (layer.bits < 32) row.scale = layer.scale;
    row.weights = layer.weights;
    if (const auto found = activity.find(layer.node); found != activity.end()) row.src_density = found->second.src_density;
    add_cost(row, cost, layer);
    record.layers.push_back(row);
  }
}

void pack_model(const StudyContext& context, const learn::Model& model, const report::TrialRecord& record) {
  pack::PackedModel packed = learn::to_packed(model);
  packed.metadata["classes"] = fmt::format("{}", fmt::join(context.data.class_names, "\n"));
  packed.metadata["trial"] = record.key;
  packed.metadata["plan"] = record.plan;
  packed.metadata["data"] = context.data.name;
  packed.metadata["transform"] = context.data.transform;
  packed.metadata["validation_accuracy"] = fmt::format("{}", record.validation_accuracy);
  packed.metadata["test_accuracy"] = fmt::format("{}", record.test_accuracy);
  pack::write_model(trial_folder(context, record.key) / "model.tern", packed);
}

}  // namespace

std::filesystem::path trial_folder(const StudyContext& context, const std::string& key) {
  std::string name = key;
  std::replace(name.begin(), name.end(), '/', '-');
  return context.folder / "trials" / name;
}

std::filesystem::path trial_checkpoint(const StudyContext& context, const std::string& key) {
  return trial_folder(context, key) / "checkpoint.safetensors";
}

void check_unchanged(const StudyContext& context, const report::TrialSpec& spec) {
  const NamedPlan* plan = find_plan(context.config, spec);
  const auto file = trial_folder(context, spec.key) / "plan.yaml";
  if (plan && std::filesystem::exists(file) && read_file(file) != plan->text)
    fail(ErrorKind::usage, spec.key, "its folder {} holds results of another plan of this name: choose another name",
         trial_folder(context, spec.key).string());
}

report::TrialRecord run_trial(const StudyContext& context, const report::TrialSpec& spec,
                              const ProgressCallback& progress) {
  report::TrialRecord record;
  static_cast<report::TrialSpec&>(record) = spec;
  record.run_dir = std::filesystem::relative(trial_folder(context, spec.key), context.folder).string();
  learn::Model model = starting_model(context, spec);
  const NamedPlan* plan = find_plan(context.config, spec);
  train::TrainOptions options = plan ? plan->train
                                     : spec.combination == "baseline" ? context.config.train : context.config.finetune;
  if (plan) write_file_atomically(trial_folder(context, spec.key) / "plan.yaml", plan->text);
  options.seed = spec.seed;
  options.checkpoint = trial_checkpoint(context, spec.key);
  const auto history = train::train(model, context.data, compress::parse_plan(spec.plan), options, progress);
  train::write_metrics(trial_folder(context, spec.key), history);
  add_epochs(record, history);
  measure(context, model, record);
  pack_model(context, model, record);
  record.status = "done";
  return record;
}

}  // namespace tern::study
