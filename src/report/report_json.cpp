#include "report/report_json.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "report/pareto.hpp"

namespace tern::report {
namespace {
using Json = nlohmann::ordered_json;

Json index_or_null(std::optional<std::size_t> index) { return index ? Json(*index) : Json(); }

Json json_of(const Summary& summary) { return {{"n", summary.n}, {"mean", summary.mean}, {"sd", summary.sd}}; }

Json json_of(const Group& group, std::span<const Group> groups) {
  return {{"name", name_of(group)},
          {"combination", group.combination},
          {"bits", group.bits},
          {"activation_bits", group.activation_bits},
          {"sparsity", group.sparsity},
          {"trials", group.trials},
          {"on_front", group.on_front},
          {"validation", json_of(group.validation_accuracy)},
          {"test", json_of(group.test_accuracy)},
          {"zeros", json_of(group.zeros)},
          {"energy", json_of(group.energy_mj)},
          {"cycles", json_of(group.cycles)},
          {"bytes", json_of(group.weight_bytes)},
          {"synops", json_of(group.synops)},
          {"seconds", json_of(group.train_seconds)},
          {"nonzeros", json_of(group.nonzeros)},
          {"file_bytes", json_of(group.file_bytes)},
          {"macs", json_of(group.macs)},
          {"bit_operations", json_of(group.bit_operations)},
          {"vs_baseline", json_of(group.vs_baseline)},
          {"dense", dense_of_equal_bytes(groups, group)}};
}

Json json_of(const LayerRow& layer) {
  return {{"node", layer.node},       {"bits", layer.bits},          {"zeros", layer.zeros},
          {"min", layer.min},         {"max", layer.max},            {"scale", layer.scale},
          {"weights", layer.weights}, {"density", layer.src_density}, {"energy_pj", layer.energy_pj},
          {"cycles", layer.cycles},   {"encoding", layer.encoding}};
}

// Column by column, as uPlot wants it.
Json json_of(const std::vector<EpochRow>& epochs) {
  Json columns = {{"epoch", Json::array()},      {"loss", Json::array()}, {"train", Json::array()},
                  {"validation", Json::array()}, {"rate", Json::array()}, {"seconds", Json::array()}};
  for (const EpochRow& row : epochs) {
    columns["epoch"].push_back(row.epoch);
    columns["loss"].push_back(row.train_loss);
    columns["train"].push_back(row.train_accuracy);
    columns["validation"].push_back(row.validation_accuracy);
    columns["rate"].push_back(row.learning_rate);
    columns["seconds"].push_back(row.seconds);
  }
  return columns;
}

Json json_of(const TrialRecord& trial) {
  Json layers = Json::array();
  for (const LayerRow& layer : trial.layers) layers.push_back(json_of(layer));
  return {{"key", trial.key},
          {"plan", trial.plan},
          {"combination", trial.combination},
          {"bits", trial.bits},
          {"activation_bits", trial.activation_bits},
          {"sparsity", trial.sparsity},
          {"seed", std::to_string(trial.seed)},  // as text: JavaScript's numbers end at 2^53
          {"status", trial.status},
          {"error", trial.error},
          {"validation", trial.validation_accuracy},
          {"test", trial.test_accuracy},
          {"zeros", trial.zeros},
          {"energy", trial.energy_mj},
          {"cycles", trial.cycles},
          {"bytes", trial.weight_bytes},
          {"seconds", trial.train_seconds},
          {"synops", trial.synops},
          {"nonzeros", trial.nonzeros},
          {"file_bytes", trial.file_bytes},
          {"macs", trial.macs},
          {"bit_operations", trial.bit_operations},
          {"run_dir", trial.run_dir},
          {"epochs", json_of(trial.epochs)},
          {"layers", layers},
          {"breakdown", trial.breakdown_pj}};
}

void check(const ExampleRaster& example) {
  const auto steps = example.num_steps;
  constexpr std::int64_t most = 1 << 20;
  if (steps < 0 || steps > most) fail(ErrorKind::bad_data, example.sample_name, "{} steps", steps);
  for (const RasterLayer& layer : example.layers)
    if (layer.shown < 0 || layer.shown > most || layer.spikes.size() != static_cast<std::size_t>(steps * layer.shown))
      fail(ErrorKind::bad_data, layer.node, "spikes: expected [{}, {}], got {} values", steps, layer.shown,
           layer.spikes.size());
  if (example.frames.empty()) return;
  const bool fits = example.c >= 1 && example.c <= 3 && example.h > 0 && example.h <= 128 && example.w > 0 &&
                    example.w <= 128;
  if (!fits || example.frames.size() != static_cast<std::size_t>(steps * example.c * example.h * example.w))
    fail(ErrorKind::bad_data, example.sample_name,
         "frames: expected [{}, 1 to 3, up to 128, up to 128], got [{}, {}, {}, {}] and {} values", steps, steps,
         example.c, example.h, example.w, example.frames.size());
}

// One character a pixel for 64 levels of brightness; none of them needs an escape in JSON or HTML. example.js reads it.
constexpr std::string_view levels = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

std::string pixels_of(const std::vector<float>& frames) {
  float most = 0;
  for (const float value : frames)
    if (std::isfinite(value)) most = std::max(most, value);
  std::string text;
  text.reserve(frames.size());
  for (const float value : frames) {
    const bool lit = most > 0 && std::isfinite(value) && value > 0;  // a faint event still shows: level 1 at least
    text += levels[lit ? static_cast<std::size_t>(std::max(1L, std::lround(63 * value / most))) : 0];
  }
  return text;
}

Json json_of(const ExampleRaster& example) {
  check(example);
  Json layers = Json::array();
  for (const RasterLayer& layer : example.layers) {
    std::string digits;
    for (const std::uint8_t count : layer.spikes) digits += static_cast<char>('0' + std::min<int>(count, 9));
    layers.push_back({{"node", layer.node}, {"neurons", layer.neurons}, {"shown", layer.shown}, {"spikes", digits}});
  }
  return {{"sample", example.sample_name}, {"label", example.label}, {"predicted", example.predicted},
          {"steps", example.num_steps},    {"layers", layers},       {"c", example.c},
          {"h", example.h},                {"w", example.w},         {"frames", pixels_of(example.frames)}};
}

}  // namespace

std::string report_json(const ReportData& data) {
  const std::vector<Group> groups = group_trials(data.trials);
  Json page = {{"name", data.name},
               {"title", data.title.empty() ? data.name : data.title},
               {"split", data.split},
               {"data", data.data},
               {"checksum", data.data_checksum},
               {"config", data.config},
               {"created", data.created},
               {"seed", std::to_string(data.seed)},
               {"environment", data.environment},
               {"commands", data.commands},
               {"tolerance", data.tolerance},
               {"finding", finding(groups, data.tolerance)},
               {"baseline", index_or_null(baseline_of(groups))},
               {"best", index_or_null(cheapest_within(groups, data.tolerance))},
               {"fronts",
                {{"energy", front_by(groups, &Group::energy_mj)},
                 {"file_bytes", front_by(groups, &Group::file_bytes)},
                 {"nonzeros", front_by(groups, &Group::nonzeros)},
                 {"bit_operations", front_by(groups, &Group::bit_operations)}}},
               {"trials", Json::array()},
               {"groups", Json::array()},
               {"example", nullptr}};
  for (const TrialRecord& trial : data.trials) page["trials"].push_back(json_of(trial));
  for (const Group& group : groups) page["groups"].push_back(json_of(group, groups));
  if (data.example) page["example"] = json_of(*data.example);
  return page.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tern::report
