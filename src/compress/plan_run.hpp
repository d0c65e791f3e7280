// Carries out a plan while something else trains the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/plan.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// Applies `phase` to every kernel of `model` when the trainer reaches step `step` of `num_steps` in that phase. A
/// function of the model and the step alone, so that a resumed run does what an unbroken one would: quantizers that are
/// already there are left alone, masks only grow. Cubic pruning acts every `num_steps / 64` steps or each step, and
/// ends after three quarters of the phase. Returns whether anything changed.
bool apply_phase(learn::Model& model, const Phase& phase, std::int64_t step, std::int64_t num_steps);

/// Whether the phase needs apply_phase() at `step`: cheap enough to ask each step.
bool is_due(const Phase& phase, std::int64_t step, std::int64_t num_steps);

}  // namespace tern::compress
