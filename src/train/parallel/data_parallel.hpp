// One model trained by several processes, each on rows of its own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/model.hpp"
#include "train/parallel/process_group.hpp"
#include "train/trainer.hpp"

namespace tern::train {

/// What a rank knows of its part of a step; summed over the ranks by reduce_gradients.
struct StepFigures {
  double rows = 0;      ///< labelled rows that the loss was averaged over
  double loss_sum = 0;  ///< loss * rows
  double correct = 0;   ///< rows whose class was right
  bool stop = false;    ///< this rank was asked to stop; afterwards: any was
};

/// Data-parallel training (Li et al. 2020, PyTorch Distributed: one bucket, summed after backward, no
/// overlap).
///
/// With g_r the gradient that rank r's backward left of its *mean* loss over n_r labelled rows, each rank
/// ends with
///   g = sum over r of n_r g_r  /  sum over r of n_r,
/// taken in rank order: the gradient of the mean loss over the union of the rows. All ranks hold the same
/// bits, and one process on the union differs by rounding alone (its sums associate otherwise; about 1e-7 of
/// the gradient a step). Terms of the loss that do not average over rows, such as penalties on weights, are
/// averaged with the same shares and therefore come out unchanged where every rank adds them. Adam and SGD
/// then take the same step everywhere.
///
/// Where this is not the single process: batch_norm in training uses the statistics of the rank's own rows
/// (as without SyncBatchNorm), and dropout over a rank's own rows draws other masks than dropout over the
/// union. Ranks that all run the union's rows (cluster_owner.hpp, exact mode) give forward one seed and drop
/// the same; others derive one by rank.
///
/// `group` null or of one: every call is that of a single process and costs nothing. train() takes it as
/// TrainOptions::exchange, with each rank's share of the batches from RankSource.
class DataParallel : public GradientExchange {
 public:
  /// Both must outlive this; trainable tensors are looked up at each step, since plans add quantizers on the
  /// way.
  DataParallel(learn::Model& model, ProcessGroup* group);

  int rank() const;
  int size() const;
  bool is_parallel() const { return size() > 1; }
  /// Whether this rank writes checkpoints, logs and results.
  bool is_first() const { return rank() == 0; }

  /// Compares latents, masks, quantizer and gate tensors bit by bit over the ranks, through their hashes.
  /// Errors: usage naming the first parameter that is not the same, and the rank.
  void check_equal_parameters() const;
  /// Gives everyone the tensors of rank 0. REQUIRES: the same names and shapes on all ranks.
  void broadcast_parameters();
  /// Replaces every gradient by the formula above and returns the sums of the figures. A rank with rows = 0
  /// counts with nothing, whatever its gradients hold; it need not have run backward. A tensor without
  /// gradient on every rank that has rows stays without. Where no rank has rows, all are left without.
  StepFigures reduce_gradients(const StepFigures& mine);
  /// reduce_gradients without figures. REQUIRES: `model` is the one given at construction.
  void exchange(learn::Model& model, std::int64_t labelled) override;
  /// Replaces buffers (running statistics) by their mean over the ranks: before validation and checkpoints.
  void average_buffers();

 private:
  using Named = std::vector<std::pair<std::string, at::Tensor>>;
  /// Everything that defines the model's values; `trained` leaves only what receives gradients.
  Named tensors(bool trained) const;

  learn::Model& model_;
  ProcessGroup* group_;
};

}  // namespace tern::train
