#include "compress/prune/sparsity_schedule.hpp"

#include <algorithm>
#include <cmath>

namespace tern::compress {
namespace {

/// Whole parts of the phase that are over when it is cut into `parts`; step / num_steps may fall just short
/// of one.
int parts_done(double progress, int parts) {
  return static_cast<int>(std::floor(progress * parts + 1e-9));
}

/// After `round` of options.iterations prunings of equal ratio.
double geometric(int round, const ScheduleOptions& options) {
  if (round >= options.iterations) return options.target;
  return 1.0 - std::pow(1.0 - options.target, static_cast<double>(round) / options.iterations);
}

double oneshot(double, const ScheduleOptions& options) {
  return options.target;
}

double iterative(double progress, const ScheduleOptions& options) {
  return geometric(parts_done(progress, options.iterations) + 1, options);
}

double cubic(double progress, const ScheduleOptions& options) {
  const double left = 1.0 - std::min(1.0, progress / pruning_share);
  return options.target * (1.0 - left * left * left);
}

double lottery(double progress, const ScheduleOptions& options) {
  return geometric(parts_done(progress, 2 * options.iterations), options);
}

double dsd(double progress, const ScheduleOptions& options) {
  return parts_done(progress, 3) == 1 ? options.target : 0.0;
}

double acdc(double progress, const ScheduleOptions& options) {
  const int parts = 2 * options.iterations;
  return std::min(parts_done(progress, parts), parts - 1) % 2 == 1 ? options.target : 0.0;
}

ParameterInfo iterations_info() {
  return {"iterations", "int", "5", "1..100", "rounds of pruning"};
}

}  // namespace

const std::vector<SparsityScheduleRow>& sparsity_schedule_table() {
  static const std::vector<SparsityScheduleRow> table{
      {{"oneshot", "everything at the first step of the phase", "Han et al. 2015", {}}, oneshot},
      {{"iterative",
        "rounds of pruning and training, each takes the same share of what is left",
        "Han et al. 2015",
        {iterations_info()}},
       iterative},
      {{"cubic",
        "fast at first, then slower; done after three quarters of the phase",
        "Zhu and Gupta 2017",
        {}},
       cubic,
       true},
      {{"lottery",
        "iterative, with weights rewound to an early step after each pruning",
        "Frankle and Carbin 2019; Frankle et al. 2020",
        {iterations_info(),
         {"rewind", "float", "0.02", "0..0.5", "share of the phase after which values are kept"}}},
       lottery,
       false,
       true},
      {{"dsd", "dense, sparse, dense: the result is dense again", "Han et al. 2017", {}}, dsd},
      {{"acdc", "dense and sparse by turns, sparse at the end", "Peste et al. 2021", {iterations_info()}},
       acdc},
  };
  return table;
}

const SparsityScheduleRow& find_sparsity_schedule(std::string_view name) {
  return find_method(sparsity_schedule_table(), "sparsity schedule", name,
                     [](const SparsityScheduleRow& row) -> const MethodInfo& { return row.info; });
}

}  // namespace tern::compress
