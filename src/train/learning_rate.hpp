// Learning-rate schedules: functions of the step alone, so that resuming needs no state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/registry.hpp"

namespace tern::train {

struct LearningRateOptions {
  std::string name = "cosine";  ///< a row of learning_rate_table()
  double base = 1e-3;
  double warmup_share = 0.1;    ///< of the phase: the rate rises linearly from base / warm-up steps
};

/// "cosine": base * (1 + cos(pi * p)) / 2, p the share of the steps after warm-up (Loshchilov and Hutter 2017).
/// "constant": base.
std::vector<MethodInfo> learning_rate_table();

/// Rate of step `step` (from 0) of `num_steps`. Errors: ErrorKind::usage for an unknown schedule.
double learning_rate(const LearningRateOptions& options, std::int64_t step, std::int64_t num_steps);

}  // namespace tern::train
