// How sparsity grows during training.
#pragma once

#include <string_view>
#include <vector>

#include "base/registry.hpp"

namespace tern::compress {

/// Sparsity when a fraction `progress` in [0, 1] of the pruning period has passed; `target` is the final one.
using SparsitySchedule = double (*)(double progress, double target);

struct SparsityScheduleRow {
  MethodInfo info;
  SparsitySchedule sparsity;
};

/// oneshot: the target from the start.
/// cubic: target * (1 - (1 - progress)^3), from 0 (Zhu and Gupta 2017, To Prune or Not to Prune, eq. 1 with s_i = 0).
const std::vector<SparsityScheduleRow>& sparsity_schedule_table();
/// Errors: ErrorKind::usage with the nearest known name.
const SparsityScheduleRow& find_sparsity_schedule(std::string_view name);

}  // namespace tern::compress
