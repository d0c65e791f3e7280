// Carries out a phase of a plan while something else trains the model.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compress/plan.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// What methods may ask of whoever runs the plan. Empty functions: the caller has no data.
struct RunHooks {
  std::uint64_t seed = 1;
  learn::Loss loss = nullptr;
  std::function<const Samples&()> samples;
  std::function<void(const std::string&)> note;  ///< one sentence of what was done
};

/// What a call did to the model.
struct Changes {
  bool net = false;              ///< the model was rewritten: its parameters are other ones
  bool reset_optimizer = false;  ///< moments must start anew
};

/// One phase at work. It keeps nothing between steps that is not in the model, so that a resumed run makes a new
/// PhaseRun and goes on where it was.
class PhaseRun {
 public:
  /// Errors: ErrorKind::usage for what cannot be done to this model (Transform::check).
  PhaseRun(const Phase& phase, learn::Model& model, RunHooks hooks);

  /// Before step `step` of `num_steps`; once with (0, 0) for a phase that is not trained. `batch_gradients` gives the
  /// dense gradients of the batch that comes next.
  Changes before_step(std::int64_t step, std::int64_t num_steps,
                      const std::function<std::map<std::string, at::Tensor>()>& batch_gradients = {});
  /// After backward, before the optimizer.
  void after_backward(std::int64_t step, std::int64_t num_steps);
  /// What methods add to the loss; undefined: nothing.
  at::Tensor penalty();
  /// After the phase's last step.
  Changes finish(std::int64_t num_steps);

 private:
  TransformContext context(std::int64_t step, std::int64_t num_steps) const;
  Changes close(TransformContext& context) const;

  learn::Model& model_;
  RunHooks hooks_;
  std::vector<std::unique_ptr<Transform>> transforms_;
};

/// Runs a whole plan on a model without training: every phase's start and end. `hooks.samples` serves those that look at
/// data. Errors: ErrorKind::usage.
void apply_untrained(const Plan& plan, learn::Model& model, const RunHooks& hooks);

}  // namespace tern::compress
