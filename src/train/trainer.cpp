#include "train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/seed.hpp"
#include "compress/gradients.hpp"
#include "compress/plan_run.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/batches.hpp"
#include "train/frame_source.hpp"

namespace tern::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One run of train(): the loop's state and its steps.
class Run {
 public:
  Run(learn::Model& model, BatchSource& source, const compress::Plan& plan, const TrainOptions& options,
      const ProgressCallback& progress, const std::function<void(const EpochResult&)>& on_epoch,
      const std::function<void(const std::string&)>& on_note)
      : model_(model), source_(source), options_(options), progress_(progress), on_epoch_(on_epoch), on_note_(on_note),
        loss_(learn::find_loss(options.loss).loss), phases_(plan.phases),
        epochs_(compress::epochs_of_phases(plan, options.epochs)) {
    if (options.patience > 0 && (!phases_.empty() || !options.validate_each_epoch))
      fail(ErrorKind::usage, "train", "patience is for runs without a plan that validate after each epoch");
    if (phases_.empty()) phases_.emplace_back();
    compress::check_plan(plan, model);
    if (options.distillation > 0) teacher_ = std::make_unique<learn::Model>(model.clone_without_quantizers());
    info_.fingerprint = fingerprint(model, source, plan, options);
    batches_per_epoch_ = source.batches_per_epoch();
  }

  std::vector<EpochResult> go() {
    resume();
    while (info_.position.phase < static_cast<std::int64_t>(phases_.size())) {
      if (epochs_of(info_.position.phase) == 0) {
        phase_run().before_step(0, 0);
        finish_phase();
        next_phase();
        save();
        continue;
      }
      if (!optimizer_) optimizer_ = std::make_unique<Optimizer>(model_, options_.optimizer);
      run_epoch();
    }
    if (!info_.finished) {
      info_.finished = true;
      save();
    }
    return info_.history;
  }

 private:
  int epochs_of(std::int64_t phase) const {
    return epochs_[static_cast<std::size_t>(phase)];
  }

  int epochs_before(std::int64_t phase) const {
    return std::accumulate(epochs_.begin(), epochs_.begin() + phase, 0);
  }

  void resume() {
    if (options_.checkpoint.empty() || !std::filesystem::exists(options_.checkpoint)) return;
    const CheckpointInfo found = load_checkpoint(options_.checkpoint, model_, info_.fingerprint);
    if (!found.finished && (found.position.epoch > 0 || found.position.batch > 0)) {
      optimizer_ = std::make_unique<Optimizer>(model_, options_.optimizer);  // its slots follow the restored quantizers
      load_optimizer(options_.checkpoint, *optimizer_);
    }
    info_ = found;
    if (on_epoch_)
      for (const auto& epoch : info_.history) on_epoch_(epoch);
  }

  void save() {
    if (options_.checkpoint.empty() || !options_.writes_checkpoint) return;
    save_checkpoint(options_.checkpoint, model_, optimizer_.get(), info_);
    last_save_ = Clock::now();
  }

  void run_epoch() {
    Position& at = info_.position;
    const int epoch = epochs_before(at.phase) + static_cast<int>(at.epoch) + 1;
    const Clock::time_point start = Clock::now();
    const double seconds_before = at.seconds;
    double rate = 0;
    for (; at.batch < batches_per_epoch_; ++at.batch) {
      at.seconds = seconds_before + seconds_since(start);
      stop_or_save();
      rate = train_batch(epoch);
      report(epoch);
    }
    const double seen = static_cast<double>(std::max<std::int64_t>(1, at.seen));
    EpochResult result{epoch, at.loss_sum / seen, static_cast<double>(at.correct) / seen, 0.0, rate, 0.0};
    bool ends_phase = at.epoch + 1 == epochs_of(at.phase);
    if (ends_phase) finish_phase();
    if (options_.validate_each_epoch) validate(result);
    result.seconds = seconds_before + seconds_since(start);
    info_.history.push_back(result);
    ends_phase = ends_phase || waited_enough();
    at = {at.phase, at.epoch + 1, 0, 0.0, 0, 0, 0.0};
    if (ends_phase) next_phase();
    save();
    if (on_epoch_) on_epoch_(result);
  }

  void validate(EpochResult& result) {
    const c10::NoGradGuard no_grad;
    const Scores scores = source_.evaluate(model_);
    if (std::isfinite(scores.validation)) result.validation_accuracy = scores.validation;
    result.test_accuracy = scores.test;
    result.validation_loss = scores.validation_loss;
    if (options_.patience > 0 && !std::isfinite(scores.validation_loss))
      fail(ErrorKind::usage, source_.place(), "patience needs a validation loss, and there is none");
  }

  /// Whether the lowest validation loss lies options_.patience epochs back.
  bool waited_enough() const {
    if (options_.patience == 0) return false;
    const auto lower = [](const EpochResult& a, const EpochResult& b) { return a.validation_loss < b.validation_loss; };
    const auto best = std::min_element(info_.history.begin(), info_.history.end(), lower);
    return info_.history.end() - best > options_.patience;
  }

  void finish_phase() { phase_run().finish(epochs_of(info_.position.phase) * batches_per_epoch_); }

  void next_phase() {
    info_.position = {info_.position.phase + 1};
    phase_run_ = nullptr;
    optimizer_ = nullptr;  // a new phase starts with fresh moments, as it does with a fresh warm-up
  }

  compress::PhaseRun& phase_run() {
    if (!phase_run_) {
      compress::RunHooks hooks{options_.seed, loss_, [this]() -> const compress::Samples& { return samples(); }, on_note_};
      phase_run_ = std::make_unique<compress::PhaseRun>(phases_[static_cast<std::size_t>(info_.position.phase)], model_, hooks);
    }
    return *phase_run_;
  }

  const compress::Samples& samples() {
    if (samples_.empty()) samples_ = source_.samples(options_.calibration_samples);
    return samples_;
  }

  void stop_or_save() {
    if (stop_requested()) {
      save();
      const std::string kept = options_.checkpoint.empty() ? "nothing was saved" : "the same command resumes";
      fail(ErrorKind::interrupted, "train", "stopped after {} batches of epoch {}; {}", info_.position.batch,
           info_.history.size() + 1, kept);
    }
    if (seconds_since(last_save_) > options_.checkpoint_interval_seconds) save();
  }

  /// Returns the learning rate used.
  double train_batch(int epoch) {
    Position& at = info_.position;
    const std::int64_t step = at.epoch * batches_per_epoch_ + at.batch;
    const std::int64_t num_steps = epochs_of(at.phase) * batches_per_epoch_;
    const std::uint64_t seed = derive_seed(derive_seed(options_.seed, static_cast<std::uint64_t>(epoch)),
                                           static_cast<std::uint64_t>(at.batch));
    TrainBatch batch = source_.batch(epoch, at.batch);
    if (options_.mixup_alpha > 0)
      mix(batch.frames, batch.targets, batch.num_steps, options_.mixup_alpha, derive_seed(seed, "mixup"));
    const compress::SampleBatch sample{batch.frames, batch.targets, batch.num_steps, batch.graph, batch.rows};

    compress::PhaseRun& run = phase_run();
    const compress::Changes changes = run.before_step(step, num_steps, [&] {
      if (options_.exchange != nullptr)
        fail(ErrorKind::usage, "plan", "a step looks at gradients of its own: carry it out in one process");
      return compress::weight_gradients(model_, model_.weight_names(), sample, loss_, true);
    });
    if (changes.reset_optimizer) optimizer_ = std::make_unique<Optimizer>(model_, options_.optimizer);

    const double rate = learning_rate(options_.learning_rate, step, num_steps);
    const std::int64_t n = batch.num_labelled();
    if (n == 0 && options_.exchange == nullptr) return rate;
    const std::int64_t correct_before = at.correct;
    optimizer_->zero_gradients();
    const double value = n > 0 ? backward(sample, batch, run, epoch, derive_seed(seed, "forward")) : 0;
    if (options_.exchange) exchange(n, correct_before);
    if (options_.clip_gradient > 0) optimizer_->clip_gradients(options_.clip_gradient);
    run.after_backward(step, num_steps);
    optimizer_->step(rate);
    at.loss_sum += value * static_cast<double>(n);
    at.seen += n;
    return rate;
  }

  /// A rank that is gone ends the run here, before the step: the state of the last one is saved.
  void exchange(std::int64_t labelled, std::int64_t correct_before) try {
    options_.exchange->exchange(model_, labelled);
  } catch (const Error& error) {
    info_.position.correct = correct_before;
    save();
    const bool kept = !options_.checkpoint.empty();
    throw Error(error.kind(), error.message() + (kept ? "; the same command resumes from the checkpoint" : ""), error.place());
  }

  /// Returns the loss.
  double backward(const compress::SampleBatch& sample, const TrainBatch& batch, compress::PhaseRun& run, int epoch,
                  std::uint64_t seed) {
    std::vector<learn::AuxiliaryLoss> auxiliary;
    learn::ForwardOptions forward_options;
    forward_options.training = true;
    forward_options.seed = seed;
    forward_options.auxiliary = &auxiliary;
    const at::Tensor scores = compress::run(model_, sample, forward_options);
    at::Tensor loss = loss_(scores, batch.targets);
    if (teacher_) loss = loss * (1 - options_.distillation) + options_.distillation * teacher_loss(sample, scores);
    for (const auto& term : auxiliary) loss = loss + term.value;
    if (const at::Tensor penalty = run.penalty(); penalty.defined()) loss = loss + penalty;
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      fail(ErrorKind::bad_data, fmt::format("epoch {}, batch {}", epoch, info_.position.batch),
           "the loss is {}: lower the learning rate, or look at the data", value);
    loss.backward();
    if (batch.labels.defined()) info_.position.correct += learn::count_correct(scores.detach(), batch.labels);
    return value;
  }

  at::Tensor teacher_loss(const compress::SampleBatch& sample, const at::Tensor& scores) {
    at::Tensor wanted;
    {
      const c10::NoGradGuard no_grad;
      wanted = compress::run(*teacher_, sample);
    }
    return learn::distillation_loss(scores, wanted, options_.temperature);
  }

  void report(int epoch) const {
    if (!progress_) return;
    const Position& at = info_.position;
    const std::int64_t total = source_.samples_per_epoch() * options_.epochs;
    const std::int64_t done = std::min(total, source_.samples_per_epoch() * (epoch - 1) + at.seen);
    const double seen = static_cast<double>(std::max<std::int64_t>(1, at.seen));
    Progress progress{"train", done, total, "samples", {}, done == total};
    progress.figures = {{"epoch", epoch},
                        {"loss", at.loss_sum / seen},
                        {"accuracy", static_cast<double>(at.correct) / seen}};
    if (!info_.history.empty()) progress.figures.emplace_back("validation", info_.history.back().validation_accuracy);
    progress_(progress);
  }

  learn::Model& model_;
  BatchSource& source_;
  const TrainOptions& options_;
  const ProgressCallback& progress_;
  const std::function<void(const EpochResult&)>& on_epoch_;
  const std::function<void(const std::string&)>& on_note_;
  learn::Loss loss_;
  std::vector<compress::Phase> phases_;
  std::vector<int> epochs_;  ///< of each phase
  std::unique_ptr<compress::PhaseRun> phase_run_;
  compress::Samples samples_;
  std::int64_t batches_per_epoch_ = 0;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<learn::Model> teacher_;
  CheckpointInfo info_;
  Clock::time_point last_save_ = Clock::now();
};

}  // namespace

std::vector<EpochResult> train(learn::Model& model, BatchSource& source, const compress::Plan& plan,
                               const TrainOptions& options, const ProgressCallback& progress,
                               const std::function<void(const EpochResult&)>& on_epoch,
                               const std::function<void(const std::string&)>& on_note) {
  return Run(model, source, plan, options, progress, on_epoch, on_note).go();
}

std::vector<EpochResult> train(learn::Model& model, const data::FrameDataset& data, const compress::Plan& plan,
                               const TrainOptions& options, const ProgressCallback& progress,
                               const std::function<void(const EpochResult&)>& on_epoch,
                               const std::function<void(const std::string&)>& on_note) {
  FrameSource source(data, options.batch_size, options.augment, options.label_smoothing, options.seed);
  return train(model, source, plan, options, progress, on_epoch, on_note);
}

std::string fingerprint(const learn::Model& model, const BatchSource& source, const compress::Plan& plan,
                        const TrainOptions& o) {
  std::uint64_t start = 0;
  for (const auto& [name, parameter] : model.parameters()) {
    const at::Tensor values = parameter.stored().contiguous();
    start = fnv1a_64({static_cast<const char*>(values.data_ptr()), static_cast<std::size_t>(values.nbytes())}, start);
  }
  std::string text = fmt::format(
      "{}|{}|{}|{} {} {} {} {} {} {} {} {}|{} {} {}|{} {} {} {}|{} {} {}|{} {}", net::to_json(model.net(), -1),
      source.identity(), compress::to_text(plan), o.epochs, o.batch_size, o.optimizer.name, o.optimizer.weight_decay,
      o.optimizer.momentum, o.optimizer.beta1, o.optimizer.beta2, o.optimizer.eps, o.validate_each_epoch,
      o.learning_rate.name, o.learning_rate.base, o.learning_rate.warmup_share, o.loss, o.label_smoothing, o.mixup_alpha,
      o.seed, o.augment.max_shift, o.augment.horizontal_flip, o.augment.event_drop, o.calibration_samples, start);
  // Later options leave the text of runs without them as it was.
  if (o.distillation > 0) text += fmt::format("|distillation {} {}", o.distillation, o.temperature);
  if (!o.optimizer.decay_only.empty()) text += "|decay " + o.optimizer.decay_only;
  if (o.patience > 0) text += fmt::format("|patience {}", o.patience);
  if (o.clip_gradient > 0) text += fmt::format("|clip {}", o.clip_gradient);
  return to_hex(fnv1a_64(text));
}

}  // namespace tern::train
