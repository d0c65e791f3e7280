#include "compress/prune/sparsity_schedule.hpp"

namespace tern::compress {
namespace {

double oneshot(double, double target) { return target; }

double cubic(double progress, double target) {
  const double left = 1.0 - progress;
  return target * (1.0 - left * left * left);
}

}  // namespace

const std::vector<SparsityScheduleRow>& sparsity_schedule_table() {
  static const std::vector<SparsityScheduleRow> table{
      {{"oneshot", "everything at the first step of the phase", "Han et al. 2015", {}}, oneshot},
      {{"cubic", "fast at first, then slower; done after three quarters of the phase", "Zhu and Gupta 2017", {}}, cubic},
  };
  return table;
}

const SparsityScheduleRow& find_sparsity_schedule(std::string_view name) {
  return find_method(sparsity_schedule_table(), "sparsity schedule", name,
                     [](const SparsityScheduleRow& row) -> const MethodInfo& { return row.info; });
}

}  // namespace tern::compress
