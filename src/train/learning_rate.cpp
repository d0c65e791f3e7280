#include "train/learning_rate.hpp"

#include <cmath>

namespace tern::train {

std::vector<MethodInfo> learning_rate_table() {
  return {{"cosine", "half a cosine from the base rate to zero, after a linear warm-up",
           "Loshchilov and Hutter 2017, SGDR", {}},
          {"constant", "the base rate, after a linear warm-up", "", {}}};
}

double learning_rate(const LearningRateOptions& options, std::int64_t step, std::int64_t num_steps) {
  const auto table = learning_rate_table();
  const MethodInfo& row = find_method(table, "learning-rate schedule", options.name,
                                      [](const MethodInfo& info) -> const MethodInfo& { return info; });
  const auto warmup = static_cast<std::int64_t>(std::ceil(options.warmup_share * static_cast<double>(num_steps)));
  if (step < warmup) return options.base * static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (row.name == "constant" || num_steps <= warmup) return options.base;
  const double progress = static_cast<double>(step - warmup) / static_cast<double>(num_steps - warmup);
  return options.base * 0.5 * (1.0 + std::cos(M_PI * progress));
}

}  // namespace tern::train
