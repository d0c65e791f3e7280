// Backpropagation (through time, on event frames), with compression plans carried out on the way.
//
// `train` owns procedures: batches to gradients to checkpoints. What a network computes is learn's, what compression
// does to it is compress's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "compress/plan.hpp"
#include "compress/samples.hpp"
#include "data/batch.hpp"
#include "learn/model.hpp"
#include "train/batch_source.hpp"
#include "train/checkpoint.hpp"
#include "train/learning_rate.hpp"
#include "train/optimizer.hpp"

namespace tern::train {

/// What several processes that train one model do after each backward, before gradients are used.
class GradientExchange {
 public:
  virtual ~GradientExchange() = default;
  /// Makes of every rank's gradients, each the mean over its `labelled` samples, the mean over those of all ranks.
  virtual void exchange(learn::Model& model, std::int64_t labelled) = 0;
};

struct TrainOptions {
  int epochs = 10;  ///< of the whole plan, split over its phases by compress::epochs_of_phases
  std::int64_t batch_size = 32;
  OptimizerOptions optimizer;
  LearningRateOptions learning_rate;  ///< restarts, warm-up included, with each phase
  std::string loss = "ce";            ///< a row of learn::loss_table()
  double label_smoothing = 0.0;
  double mixup_alpha = 0.0;  ///< > 0: mixed batches
  /// Share of the loss that is distillation from the model as train() gets it, in full precision and untouched by the
  /// plan: (1 - share) * loss + share * learn::distillation_loss.
  double distillation = 0.0;
  double temperature = 1.0;
  data::Augment augment;
  std::uint64_t seed = 1;
  std::int64_t calibration_samples = 512;  ///< of the training split, for methods that look at data
  bool validate_each_epoch = true;
  /// > 0: training ends after so many epochs without a lower validation loss; of runs without a plan, on sources that
  /// measure that loss.
  int patience = 0;
  double clip_gradient = 0;  ///< > 0: largest norm of all gradients together
  GradientExchange* exchange = nullptr;  ///< null: one process
  bool writes_checkpoint = true;  ///< false: `checkpoint` is only read, as the ranks behind the first do
  std::filesystem::path checkpoint;       ///< empty: none is written
  double checkpoint_interval_seconds = 30; ///< within an epoch; one is written after every epoch too
};

/// Trains `model` on the batches of `source` and returns the figures of every epoch.
/// The same seed, options, data, threads and build give the same weights bit for bit, also when the run was killed at
/// any point and started again: with a checkpoint at options.checkpoint it goes on from there.
/// `on_note` hears in a sentence what each step of the plan did.
/// Errors: ErrorKind::interrupted after Ctrl-C (a checkpoint is written first); ErrorKind::bad_data when the loss is no
/// longer finite (message says where); ErrorKind::usage for a checkpoint of other settings, or empty training data.
std::vector<EpochResult> train(learn::Model& model, BatchSource& source, const compress::Plan& plan,
                               const TrainOptions& options, const ProgressCallback& progress = {},
                               const std::function<void(const EpochResult&)>& on_epoch = {},
                               const std::function<void(const std::string&)>& on_note = {});

/// The same on data.train, in shuffled batches of options.batch_size.
std::vector<EpochResult> train(learn::Model& model, const data::FrameDataset& data, const compress::Plan& plan,
                               const TrainOptions& options, const ProgressCallback& progress = {},
                               const std::function<void(const EpochResult&)>& on_epoch = {},
                               const std::function<void(const std::string&)>& on_note = {});

/// Text that changes with everything that decides the result of train(): net, starting weights, data, plan, options.
std::string fingerprint(const learn::Model& model, const BatchSource& source, const compress::Plan& plan,
                        const TrainOptions& options);

}  // namespace tern::train
