// One step of a plan at work: what a compression method does to a Model before, during and after training.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compress/samples.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// What a method sees when it acts.
struct TransformContext {
  learn::Model& model;          ///< may be assigned a rewritten Model; set net_changed then
  std::int64_t step = 0;        ///< of the phase, before which it acts
  std::int64_t num_steps = 0;   ///< of the phase; 0: nothing is trained
  std::uint64_t seed = 0;       ///< of the run: derive from it and the step
  learn::Loss loss = nullptr;
  /// Calibration data, made on first use. Errors: ErrorKind::usage where the caller has none ("needs data").
  std::function<const Samples&()> samples;
  /// Dense gradients (weight_gradients) of the batch that comes next, for all weights. Null outside training.
  std::function<std::map<std::string, at::Tensor>()> batch_gradients;
  bool net_changed = false;
  bool reset_optimizer = false;  ///< set it where latents jumped: moments start anew
  std::vector<std::string> notes;  ///< sentences for `--explain` and the log: what was done to which layer
};

/// A method with its options. Whatever it must remember between steps lives in the Model (Parameter::state, masks,
/// quantizers), so that a resumed run does what an unbroken one would.
class Transform {
 public:
  virtual ~Transform() = default;
  /// Refuses, before any work, what cannot be done to this Net. Errors: ErrorKind::usage with place "plan" and the
  /// nearest valid choice.
  virtual void check(const learn::Model&) const {}
  /// Whether its phase gets a share of the training epochs.
  virtual bool wants_training() const { return true; }
  /// Asked before each training step; with num_steps 0 once for step 0.
  virtual bool is_due(std::int64_t step, std::int64_t /*num_steps*/) const { return step == 0; }
  /// Acts before step context.step.
  virtual void apply(TransformContext& context) = 0;
  /// After each step's backward, gradients in the latents.
  virtual bool watches_gradients() const { return false; }
  virtual void after_backward(TransformContext&) {}
  /// Added to each step's loss; undefined: nothing.
  virtual at::Tensor penalty(learn::Model&) { return {}; }
  /// At the end of the phase.
  virtual void finish(TransformContext&) {}
};

}  // namespace tern::compress
