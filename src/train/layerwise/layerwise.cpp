#include "train/layerwise/layerwise.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/layer_checkpoint.hpp"
#include "train/parallel/process_group.hpp"

namespace tern::train {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void check(const LayerwiseOptions& options) {
  const auto require = [](bool good, const char* name, auto value, const char* range) {
    if (!good) fail(ErrorKind::usage, "layer-wise", "{} = {} is not {}", name, value, range);
  };
  require(options.layers >= 1, "layers", options.layers, "positive");
  require(options.hidden >= 1, "hidden", options.hidden, "positive");
  require(options.learning_rate > 0, "learning_rate", options.learning_rate, "positive");
  require(options.batch_rows >= 0, "batch_rows", options.batch_rows, "0 or more");
  require(options.epochs_per_layer >= 1, "epochs_per_layer", options.epochs_per_layer, "positive");
  require(options.decide_every >= 1, "decide_every", options.decide_every, "positive");
  require(options.min_epochs >= 0, "min_epochs", options.min_epochs, "0 or more");
  find_method(stopping_table(), "stopping rule", options.stopping,
              [](const MethodInfo& row) -> const MethodInfo& { return row; });
  if (options.stopping == "controller") check(options.controller);
  if (options.inductive && (options.scores || options.stopping == "validation"))
    fail(ErrorKind::usage, "layer-wise", "inductive training sees no validation nodes to score on the way");
}

bool is_first(const LayerwiseOptions& options) {
  return options.group == nullptr || options.group->rank() == 0;
}

LayerSchedule schedule_of(const LayerwiseOptions& o) {
  return {o.layers, o.epochs_per_layer, o.stopping == "validation" ? 1 : o.decide_every, o.min_epochs};
}

LayerRunOptions run_options(const LayerwiseOptions& o) {
  return {schedule_of(o),
          o.hidden,
          o.learning_rate,
          o.batch_rows,
          o.fresh_classifier_per_layer,
          o.seed,
          o.scratch,
          o.scores || o.stopping == "validation",
          o.group};
}

template <typename T>
std::uint64_t hash_of(std::span<const T> values, std::uint64_t before) {
  return fnv1a_64({reinterpret_cast<const char*>(values.data()), values.size_bytes()}, before);
}

/// A hash over a sample of the rows of features.
std::uint64_t hash_of_features(const LayerInput& input, std::uint64_t hash) {
  constexpr std::int64_t samples = 64;
  const std::int64_t count = std::min(samples, input.rows());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = i * input.rows() / count;
    const RowBatch batch = input.block(row, row + 1);
    if (batch.dense.defined()) {
      hash = hash_of(
          std::span<const float>(batch.dense.data_ptr<float>(), static_cast<std::size_t>(input.columns())),
          hash);
    } else {
      hash = hash_of(std::span<const std::int32_t>(batch.sparse.col), hash);
      hash = hash_of(std::span<const float>(batch.sparse.value), hash);
    }
  }
  return hash;
}

std::string fingerprint_of(const NodeData& data, const LayerwiseOptions& o) {
  std::uint64_t hash = hash_of(data.graph->rowptr(), fnv1a_64("layer-wise"));
  hash = hash_of(data.graph->col(), hash);
  hash = hash_of(data.graph->weight(), hash);
  hash = hash_of(data.labels, hash);
  hash = hash_of(data.multi_labels, hash);
  hash = hash_of(std::span<const std::int32_t>(data.split->train), hash);
  hash = hash_of_features(data.input(), hash);
  std::string text = fmt::format(
      "data {} classes {} layers {} hidden {} learning_rate {} batch_rows {} epochs {} decide_every {} "
      "min_epochs {} "
      "inductive {} fresh {} seed {} stopping {}",
      to_hex(hash), data.num_classes, o.layers, o.hidden, o.learning_rate, o.batch_rows, o.epochs_per_layer,
      o.decide_every, o.min_epochs, o.inductive, o.fresh_classifier_per_layer, o.seed, o.stopping);
  if (o.scores) text += " scores";
  if (o.stopping == "validation") text += fmt::format(" {}", o.patience);
  if (o.stopping == "plateau") text += fmt::format(" {} {}", o.plateau.relative, o.plateau.decisions);
  const ControllerOptions& c = o.controller;
  if (o.stopping == "controller")
    text += fmt::format(" {} {} {} {} {} {} {} {} {}", c.rounds, c.sample_nodes, c.batch_rows, c.epoch_cost,
                        c.learning_rate, c.baseline_decay, c.entropy, c.step_heads, c.deployment);
  return text;
}

/// Runs of the same kind on random parts of the training nodes, in memory.
Episode episodes_on_parts(const NodeData& data, const LayerwiseOptions& options) {
  LayerRunOptions common = run_options(options);
  common.batch_rows = options.controller.batch_rows;
  common.scratch.clear();
  common.scores = false;
  common.group = nullptr;  // each process trains its own copy, alike
  return [&data, common, sample = options.controller.sample_nodes](const StoppingRule& rule, int round) {
    LayerRunOptions run = common;
    run.seed = derive_seed(derive_seed(common.seed, "round"), static_cast<std::uint64_t>(round));
    Rng rng(derive_seed(run.seed, "nodes"));
    const std::vector<std::int32_t>& train = data.split->train;
    std::vector<std::int64_t> order = permutation(static_cast<std::int64_t>(train.size()), rng);
    order.resize(std::min(order.size(), static_cast<std::size_t>(sample)));
    std::vector<std::int32_t> nodes;
    for (const std::int64_t i : order) nodes.push_back(train[static_cast<std::size_t>(i)]);
    return run_history(part_of_graph(data, nodes, {}), run, rule);
  };
}

/// The trained controller, from the checkpoint where that has one.
std::shared_ptr<Controller> trained_controller(const NodeData& data, const LayerwiseOptions& options,
                                               LayerCheckpoint& checkpoint,
                                               const ProgressCallback& progress) {
  auto controller =
      std::make_shared<Controller>(schedule_of(options), options.controller.step_heads, options.seed);
  if (!checkpoint.controller.empty()) {
    const c10::NoGradGuard no_grad;
    for (auto& [name, tensor] : controller->tensors()) {
      const auto stored = checkpoint.controller.find(name);
      if (stored == checkpoint.controller.end() || stored->second.sizes() != tensor.sizes())
        fail(ErrorKind::bad_data, options.checkpoint.string(),
             "controller/{} is missing or has another shape", name);
      tensor.copy_(stored->second);
    }
    return controller;
  }
  checkpoint.controller_training = train_controller(controller, options.controller, options.seed,
                                                    episodes_on_parts(data, options), progress);
  for (const auto& [name, tensor] : controller->tensors())
    checkpoint.controller[name] = tensor.detach().clone();
  if (!options.checkpoint.empty() && is_first(options)) save_layer_checkpoint(options.checkpoint, checkpoint);
  return controller;
}

std::unique_ptr<StoppingRule> rule_of(const NodeData& data, const LayerwiseOptions& options,
                                      LayerCheckpoint& checkpoint, const ProgressCallback& progress) {
  if (options.stopping == "plateau")
    return std::make_unique<PlateauStop>(options.plateau, options.decide_every);
  if (options.stopping == "fixed") return std::make_unique<FixedStop>();
  if (options.stopping == "validation") return std::make_unique<ValidationStop>(options.patience);
  const auto controller = trained_controller(data, options, checkpoint, progress);
  return deploy(controller, options.controller, checkpoint.controller_training.mean_stop_probability,
                options.seed);
}

/// Errors: usage where a process was started with other data or options.
void check_alike(const LayerwiseOptions& options, const std::string& fingerprint) {
  if (options.group == nullptr) return;
  const std::vector<std::string> all = options.group->all_gather(fingerprint);
  for (std::size_t r = 1; r < all.size(); ++r)
    if (all[r] != all[0])
      fail(ErrorKind::usage, "layer-wise", "rank {} of {} was started with other data or options than rank 0",
           r, all.size());
}

/// What was reached before an error is kept, where `file` is given.
void train_layer(LayerRun& run, const StoppingRule& rule, LayerCheckpoint& checkpoint,
                 const std::filesystem::path& file, const ProgressCallback& progress) try {
  run.train_layer(rule, progress);
  checkpoint.run = run.state();
  if (!file.empty()) save_layer_checkpoint(file, checkpoint);
} catch (const Error& error) {
  if (file.empty() || (error.kind() != ErrorKind::interrupted && error.kind() != ErrorKind::io)) throw;
  checkpoint.run = run.state();
  save_layer_checkpoint(file, checkpoint);
  throw Error(error.kind(), error.message() + "; the same command resumes from the checkpoint",
              error.place());
}

/// Train, checkpoint, layer after layer.
LayerwiseResult trained(const NodeData& data, const LayerwiseOptions& options,
                        const ProgressCallback& progress) {
  LayerCheckpoint checkpoint;
  const bool keeps = !options.checkpoint.empty();
  const std::string fingerprint =
      keeps || options.group != nullptr ? fingerprint_of(data, options) : std::string();
  check_alike(options, fingerprint);
  if (keeps) checkpoint = load_layer_checkpoint(options.checkpoint, fingerprint).value_or(LayerCheckpoint{});
  checkpoint.fingerprint = fingerprint;
  const std::unique_ptr<StoppingRule> rule = rule_of(data, options, checkpoint, progress);
  LayerRun run(
      options.inductive ? part_of_graph(data, data.split->train, options.scratch) : whole_graph(data),
      run_options(options));
  run.adopt(checkpoint.run);
  const std::filesystem::path file = is_first(options) ? options.checkpoint : std::filesystem::path();
  while (!run.finished()) train_layer(run, *rule, checkpoint, file, progress);
  LayerwiseResult out;
  const LayerRunState& state = run.state();
  for (std::size_t layer = 0; layer < state.weights.size(); ++layer) {
    out.weights.push_back(state.weights[layer].t().contiguous());
    const bool scored = layer < state.history.scores.size();
    out.layers.push_back({state.history.losses[layer],
                          scored ? state.history.scores[layer] : std::vector<EpochScores>(),
                          state.times[layer].seconds, state.times[layer].propagation_seconds});
    out.training_seconds += state.times[layer].seconds;
  }
  out.weights.push_back(state.theta.clone());
  out.epochs = state.history.epochs();
  out.epochs_saved = options.layers * options.epochs_per_layer - out.epochs;
  out.propagations = run.propagations();
  if (options.stopping == "controller") out.controller = checkpoint.controller_training;
  return out;
}

}  // namespace

LayerwiseResult train_layerwise(const NodeData& data, const LayerwiseOptions& options,
                                const ProgressCallback& progress) {
  check(options);
  check(data);
  LayerwiseResult out = trained(data, options, progress);
  const auto begin = Clock::now();
  out.scores = scores_of_splits(predict(*data.graph, data.input(), out.weights, options.scratch), data);
  out.metric = data.has_many_labels() ? "micro-F1" : "accuracy";
  out.evaluation_seconds = since(begin);
  return out;
}

}  // namespace tern::train
