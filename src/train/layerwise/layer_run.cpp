#include "train/layerwise/layer_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Clock = std::chrono::steady_clock;

std::string name_of_layer(std::size_t layer) {
  return fmt::format("layer {}", layer + 1);
}

std::uint64_t seed_of(std::uint64_t seed, std::string_view what, std::size_t layer) {
  return derive_seed(derive_seed(seed, what), static_cast<std::uint64_t>(layer));
}

}  // namespace

LayerRun::LayerRun(TrainingView view, LayerRunOptions options)
    : view_(std::move(view)),
      options_(std::move(options)),
      propagation_(view_.graph, options_.scratch),
      input_(std::move(view_.input)) {}

void LayerRun::propagate() {
  input_ = propagation_.run(input_, fmt::format("propagated-{}", propagation_.count() + 1));
}

void LayerRun::freeze(std::size_t layer, const at::Tensor& weight) {
  all_rows_.reset();
  state_.weights.push_back(weight);
  if (finished())
    input_ = {};
  else
    input_ =
        LayerInput(transform(input_, weight, true, options_.scratch, fmt::format("layer-{}", layer + 1)));
}

void LayerRun::adopt(LayerRunState state) {
  const c10::NoGradGuard no_grad;
  const std::vector<at::Tensor> weights = std::exchange(state.weights, {});
  state_ = std::move(state);
  if (weights.size() == static_cast<std::size_t>(options_.schedule.layers)) {
    state_.weights = weights;
    input_ = {};
    return;
  }
  for (std::size_t layer = 0; layer < weights.size(); ++layer) {
    propagate();
    freeze(layer, weights[layer]);
  }
}

double LayerRun::train_epoch(LayerClassifier& classifier, std::size_t layer, int epoch) {
  const std::int64_t samples = view_.rows.numel();
  if (options_.batch_rows == 0 || options_.batch_rows >= samples) {
    if (!all_rows_) all_rows_ = input_.gather(view_.rows);
    return classifier.step(*all_rows_, view_.targets, options_.learning_rate);
  }
  Rng rng(derive_seed(seed_of(options_.seed, "shuffle", layer), static_cast<std::uint64_t>(epoch)));
  const at::Tensor order = at::tensor(permutation(samples, rng), at::kLong);
  const std::int64_t batches = samples / options_.batch_rows;
  double sum = 0;
  for (std::int64_t b = 0; b < batches; ++b) {
    const at::Tensor chosen = order.slice(0, b * options_.batch_rows, (b + 1) * options_.batch_rows);
    RowBatch batch = input_.gather(view_.rows.index_select(0, chosen));
    sum += classifier.step(batch, view_.targets.index_select(0, chosen), options_.learning_rate);
  }
  input_.release();
  return sum / static_cast<double>(batches);
}

void LayerRun::train_layer(const StoppingRule& rule, const ProgressCallback& progress) {
  const c10::NoGradGuard no_grad;
  const auto begin = Clock::now();
  const double propagated_before = propagation_.seconds();
  const std::size_t layer = state_.weights.size();
  const std::string place = name_of_layer(layer);
  const LayerSchedule& schedule = options_.schedule;
  propagate();
  LayerClassifier classifier;
  classifier.weight = glorot(input_.columns(), options_.hidden, seed_of(options_.seed, "weight", layer));
  if (layer == 0 || options_.fresh_classifier_per_layer) {
    classifier.theta = glorot(view_.num_classes, options_.hidden, seed_of(options_.seed, "theta", layer));
  } else {
    classifier.theta = state_.theta.clone();
    classifier.theta_moments = state_.theta_moments.clone();
  }
  RunHistory history = state_.history;
  history.losses.emplace_back();
  history.open = true;
  for (int epoch = 1; epoch <= schedule.epochs_per_layer; ++epoch) {
    if (stop_requested())
      fail(ErrorKind::interrupted, place, "stopped before epoch {} of {}", epoch, schedule.epochs_per_layer);
    const double loss = train_epoch(classifier, layer, epoch);
    if (!std::isfinite(loss))
      fail(ErrorKind::bad_data, place,
           "the loss of epoch {} is {}; features are too large, or learning_rate = {} is", epoch, loss,
           options_.learning_rate);
    history.losses.back().push_back(loss);
    const bool ends =
        epoch == schedule.epochs_per_layer || (schedule.decides_at(epoch) && rule.stop(history));
    if (progress) progress({place, epoch, schedule.epochs_per_layer, "epochs", {{"loss", loss}}, ends});
    if (ends) break;
  }
  history.open = false;
  state_.history = std::move(history);
  state_.theta = classifier.theta;
  state_.theta_moments = classifier.theta_moments;
  freeze(layer, classifier.weight);
  state_.times.push_back({std::chrono::duration<double>(Clock::now() - begin).count(),
                          propagation_.seconds() - propagated_before});
}

RunHistory run_history(TrainingView view, const LayerRunOptions& options, const StoppingRule& rule) {
  LayerRun run(std::move(view), options);
  while (!run.finished()) run.train_layer(rule);
  return run.state().history;
}

}  // namespace tern::train
