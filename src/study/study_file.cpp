#include "study/study_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "compress/plan.hpp"
#include "cost/yaml_map.hpp"
#include "study/study_text.hpp"

namespace tern::study {
namespace {

using cost::YamlMap;
constexpr double infinity = std::numeric_limits<double>::max();
constexpr std::int64_t most = 1'000'000'000;

/// Sets "a.b.c=value" in the document; `value` is YAML.
void apply_override(YAML::Node root, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    fail(ErrorKind::usage, "--set", "expected key.path=value, got '{}'", text);
  YAML::Node node = root;
  std::string path = text.substr(0, equals);
  while (true) {
    const auto dot = path.find('.');
    if (dot == std::string::npos) break;
    YAML::Node child = node[path.substr(0, dot)];
    if (child.IsDefined() && !child.IsNull() && !child.IsMap())
      fail(ErrorKind::usage, "--set", "'{}' is no section in '{}'", path.substr(0, dot), text);
    if (!child.IsDefined() || child.IsNull()) child = YAML::Node(YAML::NodeType::Map);
    node[path.substr(0, dot)] = child;
    node.reset(child);
    path.erase(0, dot + 1);
  }
  try {
    node[path] = YAML::Load(text.substr(equals + 1));
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::usage, "--set", "'{}': {}", text, error.msg);
  }
}

template <typename Number>
std::vector<Number> numbers_or(YamlMap& map, const std::string& key, std::vector<Number> fallback, double low,
                               double high) {
  if (!map.has(key)) return fallback;
  std::vector<Number> numbers;
  for (const auto& text : map.texts_or_empty(key)) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= low && value <= high) || static_cast<Number>(value) != value)
      fail(ErrorKind::bad_data, map.place_of(key), "expected numbers from {} to {}, got '{}'", low, high, text);
    numbers.push_back(static_cast<Number>(value));
  }
  if (numbers.empty()) fail(ErrorKind::bad_data, map.place_of(key), "the list is empty");
  return numbers;
}

data::DataOptions parse_data(YamlMap map) {
  data::DataOptions o;
  o.name = map.text_or("name", o.name);
  o.path = map.text_or("path", "");
  o.num_steps = map.integer_or("num_steps", 0, 0, 1024);
  o.slicing = map.text_or("slicing", "");
  o.step_ms = map.real_or("step_ms", 0, 0, infinity);
  o.window_ms = map.real_or("window_ms", 0, 0, infinity);
  o.height = map.integer_or("height", 0, 0, 4096);
  o.width = map.integer_or("width", 0, 0, 4096);
  o.denoise_us = map.integer_or("denoise_us", 0, 0, most);
  o.transforms = map.text_or("transforms", "");
  o.validation_fraction =
      map.real_or("validation_fraction", data::default_validation_fraction(o.name), 0, 0.9);
  o.max_per_class = map.integer_or("max_per_class", 0, 0, most);
  o.seed = static_cast<std::uint64_t>(map.integer_or("seed", 0, 0, std::numeric_limits<std::int64_t>::max()));
  o.cache_dir = map.text_or("cache_dir", "");
  map.finish();
  return o;
}

NetworkOptions parse_network(YamlMap map) {
  NetworkOptions n;
  n.name = map.text_or("name", n.name);
  n.options.channels = numbers_or<std::int64_t>(map, "channels", {}, 1, 65536);
  n.options.width = map.real_or("width", 1.0, 1e-3, 1e3);
  n.options.dropout = map.real_or("dropout", n.options.dropout, 0, 0.99);
  zoo::NeuronOptions& neuron = n.options.neuron;
  neuron.op = map.text_or("neuron", neuron.op);
  neuron.form = map.text_or("form", neuron.form);
  neuron.tau = map.real_or("tau", neuron.tau, 1, 1e6);
  neuron.beta = map.real_or("beta", neuron.beta, 0, 1);
  neuron.v_threshold = map.real_or("v_threshold", neuron.v_threshold, 1e-6, 1e6);
  neuron.v_reset = map.real_or("v_reset", neuron.v_reset, -1e6, 1e6);
  neuron.reset = map.text_or("reset", neuron.reset);
  neuron.detach_reset = map.flag_or("detach_reset", neuron.detach_reset);
  neuron.surrogate = map.text_or("surrogate", neuron.surrogate);
  neuron.surrogate_alpha = map.real_or("surrogate_alpha", neuron.surrogate_alpha, 0, 1e6);
  map.finish();
  return n;
}

/// Reads the keys of a training section from `map`, which may hold others.
train::TrainOptions read_train(YamlMap& map, train::TrainOptions o) {
  o.epochs = static_cast<int>(map.integer_or("epochs", o.epochs, 1, 100000));
  o.batch_size = map.integer_or("batch_size", o.batch_size, 1, 65536);
  o.optimizer.name = map.text_or("optimizer", o.optimizer.name);
  o.optimizer.weight_decay = map.real_or("weight_decay", o.optimizer.weight_decay, 0, 1);
  o.optimizer.momentum = map.real_or("momentum", o.optimizer.momentum, 0, 1);
  o.learning_rate.base = map.real_or("learning_rate", o.learning_rate.base, 0, 100);
  o.learning_rate.name = map.text_or("learning_rate_schedule", o.learning_rate.name);
  o.learning_rate.warmup_share = map.real_or("warmup_share", o.learning_rate.warmup_share, 0, 1);
  o.loss = map.text_or("loss", o.loss);
  o.label_smoothing = map.real_or("label_smoothing", o.label_smoothing, 0, 0.99);
  o.mixup_alpha = map.real_or("mixup_alpha", o.mixup_alpha, 0, 100);
  o.distillation = map.real_or("distillation", o.distillation, 0, 1);
  o.temperature = map.real_or("temperature", o.temperature, 0.01, 100);
  o.augment.max_shift = static_cast<int>(map.integer_or("max_shift", o.augment.max_shift, 0, 1024));
  o.augment.horizontal_flip = map.real_or("horizontal_flip", o.augment.horizontal_flip, 0, 1);
  o.augment.event_drop = map.real_or("event_drop", o.augment.event_drop, 0, 1);
  o.calibration_samples = map.integer_or("calibration_samples", o.calibration_samples, 1, most);
  return o;
}

train::TrainOptions parse_train(YamlMap map, const train::TrainOptions& fallback) {
  const train::TrainOptions o = read_train(map, fallback);
  map.finish();
  return o;
}

NamedPlan parse_named_plan(YamlMap map, const StudyConfig& study) {
  NamedPlan plan;
  plan.name = map.text("name");
  plan.plan = compress::to_text(compress::parse_plan(map.text_or("plan", "")));
  plan.network = study.network;
  plan.network.options.width = map.real_or("width", study.network.options.width, 1e-3, 1e3);
  const std::vector<std::string> starts{"baseline", "scratch"};
  const std::string from = map.text_or("from", map.has("width") ? "scratch" : "baseline");
  if (from != starts[0] && from != starts[1]) fail_unknown("start", from, starts, map.place_of("from"));
  plan.from_scratch = from == "scratch";
  if (map.has("width") && !plan.from_scratch)
    fail(ErrorKind::usage, map.place_of("width"), "a network of another width starts from scratch");
  plan.train = read_train(map, plan.from_scratch ? study.train : study.finetune);
  map.finish();
  compress::epochs_of_phases(compress::parse_plan(plan.plan), plan.train.epochs);
  plan.text = plan_line(plan);
  return plan;
}

std::vector<NamedPlan> parse_plans(YamlMap& map, const StudyConfig& study) {
  std::vector<NamedPlan> plans;
  if (!map.has("plans")) return plans;
  for (auto& entry : map.maps("plans")) {
    plans.push_back(parse_named_plan(entry, study));
    for (std::size_t i = 0; i + 1 < plans.size(); ++i)
      if (plans[i].name == plans.back().name || plans.back().name == "baseline")
        fail(ErrorKind::usage, map.place_of("plans"), "the name '{}' stands twice", plans.back().name);
  }
  return plans;
}

/// `is_absent`: the study writes its trials out instead.
GridOptions parse_grid(YamlMap map, bool is_absent) {
  GridOptions g;
  const std::vector<std::string> known{"baseline", "quantize", "prune", "cumulative", "joint"};
  if (map.has("combinations") || is_absent) g.combinations = map.texts_or_empty("combinations");
  for (const auto& name : g.combinations)
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail_unknown("combination", name, known, map.place_of("combinations"));
  g.bits = numbers_or<int>(map, "bits", g.bits, 2, 8);
  g.sparsity = numbers_or<double>(map, "sparsity", g.sparsity, 0.0, 0.9999);
  g.schedule = map.text_or("schedule", g.schedule);
  g.quantizer = map.text_or("quantizer", g.quantizer);
  g.gradient = map.text_or("gradient", g.gradient);
  map.finish();
  // Names are checked here, before hours of training, by the plan's own parser.
  compress::parse_plan(fmt::format("prune:global=0.5,{} | quantize:w={},{},{}", g.schedule, g.bits.front(), g.quantizer,
                                   g.gradient));
  return g;
}

/// `given` as it is where it exists or is absolute, else beside the study file.
std::filesystem::path find_file(const std::filesystem::path& given, const std::filesystem::path& study) {
  if (given.empty() || given.is_absolute() || std::filesystem::exists(given)) return given;
  for (auto folder = study.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / given)) return folder / given;
    if (folder == folder.parent_path()) break;
  }
  return given;
}

YamlMap section(YamlMap& map, const std::string& key) {
  return map.has(key) ? map.map(key) : YamlMap(YAML::Node(YAML::NodeType::Map), map.place_of(key));
}

}  // namespace

StudyConfig parse_study(std::string_view yaml, const std::vector<std::string>& overrides,
                        const std::filesystem::path& place) {
  YAML::Node root = cost::parse_yaml_map(yaml, place.string());
  for (const auto& text : overrides) apply_override(root, text);
  YamlMap map(root, place.string());
  StudyConfig config;
  config.name = map.text("name");
  config.title = map.text_or("title", "");
  config.data = parse_data(section(map, "data"));
  config.network = parse_network(section(map, "network"));
  config.train = parse_train(section(map, "train"), {});
  config.finetune = parse_train(section(map, "finetune"), config.train);
  config.grid = parse_grid(section(map, "grid"), map.has("plans") && !map.has("grid"));
  config.plans = parse_plans(map, config);
  config.seeds = numbers_or<std::uint64_t>(map, "seeds", {1}, 0, 9e15);
  config.hardware = find_file(map.text("hardware"), place);
  config.data.path = find_file(config.data.path, place);
  config.activity_samples = map.integer_or("activity_samples", config.activity_samples, 1, most);
  config.tolerance = map.real_or("tolerance", config.tolerance, 0, 1);
  config.threads = static_cast<int>(map.integer_or("threads", 0, 0, 4096));
  map.finish();
  config.resolved = resolved_text(config, plans_text(config));
  config.identity = resolved_text(config, "");
  return config;
}

StudyConfig read_study(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  return parse_study(read_file(path), overrides, path);
}

}  // namespace tern::study
