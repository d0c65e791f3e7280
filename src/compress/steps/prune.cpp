// prune: masks on kernels.
#include <algorithm>

#include "base/error.hpp"
#include "compress/prune/magnitude.hpp"
#include "compress/prune/sparsity_schedule.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

constexpr double pruning_share = 0.75;  // of the phase; the rest recovers at the final sparsity
constexpr std::int64_t pruning_events = 64;

class Prune : public Transform {
 public:
  explicit Prune(const Options& options) : options_(options) {
    if (options.has("global") == options.has("local"))
      fail(ErrorKind::usage, "plan", "prune needs a sparsity: prune:global=0.8 (or local=0.8)");
    is_global_ = options.has("global");
    sparsity_ = options.number(is_global_ ? "global" : "local");
  }

  void check(const learn::Model& model) const override { select_weights(model, options_); }

  bool is_due(std::int64_t step, std::int64_t num_steps) const override {
    if (step == 0 || options_.text("schedule") == "oneshot") return step == 0;
    const std::int64_t last = last_step(num_steps);
    return step <= last && (step == last || step % std::max<std::int64_t>(1, num_steps / pruning_events) == 0);
  }

  void apply(TransformContext& context) override {
    const double progress =
        context.num_steps == 0
            ? 1.0
            : std::min(1.0, static_cast<double>(context.step) /
                                static_cast<double>(std::max<std::int64_t>(1, last_step(context.num_steps))));
    const double sparsity = find_sparsity_schedule(options_.text("schedule")).sparsity(progress, sparsity_);
    prune_by_magnitude(context.model, select_weights(context.model, options_), sparsity, is_global_);
  }

 private:
  static std::int64_t last_step(std::int64_t num_steps) {
    return static_cast<std::int64_t>(pruning_share * static_cast<double>(num_steps));
  }

  Options options_;
  bool is_global_ = true;
  double sparsity_ = 0;
};

std::vector<OptionSpec> prune_options() {
  std::vector<std::string> schedules;
  for (const auto& row : sparsity_schedule_table()) schedules.push_back(row.info.name);
  std::vector<OptionSpec> options{
      {.name = "global", .type = OptionType::number, .summary = "zeros over all layers", .max = 0.9999},
      {.name = "local", .type = OptionType::number, .summary = "zeros in each layer", .max = 0.9999},
      {.name = "criterion", .type = OptionType::choice, .fallback = "magnitude", .summary = "what is kept", .choices = {"magnitude"}},
      {.name = "schedule", .type = OptionType::choice, .fallback = "oneshot", .summary = "how sparsity grows", .choices = schedules, .always_shown = true}};
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

}  // namespace

const StepKind prune{.name = "prune",
                     .summary = "zeroes weights and keeps them zero",
                     .options = prune_options,
                     .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Prune>(options); },
                     .rank = 1};

}  // namespace tern::compress::steps
