#include "train/layerwise/layer_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"
#include "train/parallel/process_group.hpp"

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
      propagation_(std::exchange(view_.graph, {}), options_.scratch, options_.group),
      input_(propagation_.local(std::exchange(view_.input, {}))) {
  if (options_.scores && view_.validation.rows.numel() == 0)
    fail(ErrorKind::usage, "layer-wise", "training sees no validation nodes to score on the way");
  std::vector<std::int64_t> ids, rows;
  for (std::int64_t i = 0; i < view_.rows.numel(); ++i) {
    const std::int64_t place = propagation_.place_of(view_.rows.data_ptr<std::int64_t>()[i]);
    place_.push_back(place < 0 ? -1 : std::ssize(ids));
    if (place < 0) continue;
    ids.push_back(place);
    rows.push_back(i);
  }
  labelled_ids_ = at::tensor(ids, at::kLong);
  targets_ = view_.targets.index_select(0, at::tensor(rows, at::kLong));
  if (options_.scores) held_out_ = HeldOut(view_, propagation_, options_.group);
}

void LayerRun::freeze(std::size_t layer, const at::Tensor& weight) {
  all_rows_.reset();
  labelled_ = {};
  state_.weights.push_back(weight);
  if (finished()) {
    input_ = {};
    return;
  }
  const std::string name = fmt::format("layer-{}", layer + 1);
  input_ = propagation_.run(LayerInput(transform(input_, weight, false, options_.scratch, name + "-product")),
                            name);
  for_each_block(input_.rows(), input_.columns(), [&](std::int64_t first, std::int64_t last) {
    input_.dense().block(first, last).relu_();
    input_.dense().release(first, last);
  });
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
  for (std::size_t layer = 0; layer < weights.size(); ++layer) freeze(layer, weights[layer]);
}

void LayerRun::open_layer(std::size_t layer) {
  OpenLayer& open = state_.open.emplace();
  open.classifier.weight = glorot(input_.columns(), options_.hidden, seed_of(options_.seed, "weight", layer));
  if (layer == 0 || options_.fresh_classifier_per_layer) {
    open.classifier.theta =
        glorot(view_.num_classes, options_.hidden, seed_of(options_.seed, "theta", layer));
  } else {
    open.classifier.theta = state_.theta.clone();
    open.classifier.theta_moments = state_.theta_moments.clone();
  }
}

void LayerRun::propagate(std::size_t layer) {
  labelled_ = propagation_.rows(input_, labelled_ids_, fmt::format("labelled-{}", layer + 1));
  if (options_.scores) held_out_.propagate(propagation_, input_);
  if (layer + 1 == static_cast<std::size_t>(options_.schedule.layers)) input_ = {};
}

void LayerRun::train_batch(RowBatch& batch, const at::Tensor& targets, std::int64_t of_rows) {
  OpenLayer& open = *state_.open;
  LayerGradients gradients = open.classifier.gradients(batch, targets, of_rows);
  if (options_.group != nullptr) {
    std::vector<at::Tensor> sums{gradients.weight, gradients.theta,
                                 at::full({1}, gradients.loss, at::kDouble)};
    options_.group->all_reduce_sum(sums);
    gradients = {sums[2].item<double>(), sums[0], sums[1]};
  }
  open.classifier.step(gradients, options_.learning_rate);
  open.loss_sum += gradients.loss;
  ++open.batch;
}

void LayerRun::train_batches(std::size_t layer, std::int64_t epoch) {
  const std::int64_t samples = view_.rows.numel(), rows = options_.batch_rows;
  if (rows == 0 || rows >= samples) {
    if (!all_rows_) all_rows_ = labelled_.block(0, labelled_.rows());
    train_batch(*all_rows_, targets_, samples);
    return;
  }
  Rng rng(derive_seed(seed_of(options_.seed, "shuffle", layer), static_cast<std::uint64_t>(epoch)));
  const std::vector<std::int64_t> order = permutation(samples, rng);
  for (std::int64_t b = state_.open->batch; b < samples / rows; ++b) {
    std::vector<std::int64_t> mine;
    for (std::int64_t i = b * rows; i < (b + 1) * rows; ++i) {
      const auto sample = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
      if (place_[sample] >= 0) mine.push_back(place_[sample]);
    }
    const at::Tensor chosen = at::tensor(mine, at::kLong);
    RowBatch batch = labelled_.gather(chosen);
    train_batch(batch, targets_.index_select(0, chosen), rows);
  }
  labelled_.release();
}

bool LayerRun::others_stop() const {
  return options_.group == nullptr ? stop_requested() : options_.group->any(stop_requested());
}

/// Whether the layer ends with it.
bool LayerRun::train_epoch(const StoppingRule& rule, std::size_t layer) {
  const auto begin = Clock::now();
  OpenLayer& open = *state_.open;
  const LayerSchedule& schedule = options_.schedule;
  const int epoch = static_cast<int>(open.losses.size()) + 1;
  const std::string place = name_of_layer(layer);
  if (others_stop())
    fail(ErrorKind::interrupted, place, "stopped before epoch {} of {}", epoch, schedule.epochs_per_layer);
  train_batches(layer, epoch);
  const double loss = open.loss_sum / static_cast<double>(open.batch);
  open.batch = 0;
  open.loss_sum = 0;
  if (!std::isfinite(loss))
    fail(ErrorKind::bad_data, place,
         "the loss of epoch {} is {}; features are too large, or learning_rate = {} is", epoch, loss,
         options_.learning_rate);
  open.losses.push_back(loss);
  open.times.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  if (options_.scores) open.scores.push_back(held_out_.scores(open.classifier));
  if (epoch == schedule.epochs_per_layer) return true;
  if (!schedule.decides_at(epoch)) return false;
  RunHistory history = state_.history;
  history.losses.push_back(open.losses);
  if (options_.scores) history.scores.push_back(open.scores);
  history.open = true;
  return rule.stop(history);
}

void LayerRun::train_layer(const StoppingRule& rule, const ProgressCallback& progress) {
  const c10::NoGradGuard no_grad;
  const std::size_t layer = state_.weights.size();
  const double propagated_before = propagation_.seconds();
  if (!state_.open) open_layer(layer);
  propagate(layer);
  OpenLayer& open = *state_.open;
  const int epochs = options_.schedule.epochs_per_layer;
  for (bool ends = false; !ends;) {
    ends = train_epoch(rule, layer);
    if (progress)
      progress({name_of_layer(layer),
                std::ssize(open.losses),
                epochs,
                "epochs",
                {{"loss", open.losses.back()}},
                ends});
  }
  const auto begin = Clock::now();
  const double propagated = propagation_.seconds() - propagated_before;
  OpenLayer done = std::move(open);
  state_.open.reset();
  state_.history.losses.push_back(std::move(done.losses));
  if (options_.scores) state_.history.scores.push_back(std::move(done.scores));
  state_.theta = done.classifier.theta;
  state_.theta_moments = done.classifier.theta_moments;
  state_.times.push_back(done.times);  // before what may fail with another process
  freeze(layer, done.classifier.weight);
  state_.times.back().propagation_seconds += propagation_.seconds() - propagated_before;
  state_.times.back().seconds += propagated + std::chrono::duration<double>(Clock::now() - begin).count();
}

RunHistory run_history(TrainingView view, const LayerRunOptions& options, const StoppingRule& rule) {
  LayerRun run(std::move(view), options);
  while (!run.finished()) run.train_layer(rule);
  return run.state().history;
}

}  // namespace tern::train
