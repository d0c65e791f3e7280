// channels: whole channels leave the Net.
#include "base/error.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "compress/structure/prune_channels.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

class Channels : public Transform {
 public:
  explicit Channels(const Options& options) : options_(options) {
    if (options.has("macs") + options.has("params") + options.has("ratio") != 1)
      fail(ErrorKind::usage, "plan", "channels needs one budget: channels:macs=0.5 (or params=0.5, or ratio=0.3)");
    pruning_.criterion = options.text("criterion");
    ChannelBudget& budget = pruning_.budget;
    budget.kind = options.has("macs")     ? ChannelBudgetKind::macs
                  : options.has("params") ? ChannelBudgetKind::parameters
                                          : ChannelBudgetKind::ratio;
    budget.target = options.number(options.has("macs") ? "macs" : options.has("params") ? "params" : "ratio");
    budget.global = options.text("scope") == "global";
    budget.round = options.integer("round");
  }

  void check(const learn::Model& model) const override { check_channel_pruning(model, pruning_of(model)); }

  void apply(TransformContext& context) override {
    const bool needs_samples = find_channel_criterion(pruning_.criterion).needs_samples;
    Removal removal = prune_channels(context.model, pruning_of(context.model),
                                     needs_samples ? &context.samples() : nullptr, context.loss, context.seed);
    context.model = std::move(removal.model);
    context.net_changed = true;
    context.notes.insert(context.notes.end(), removal.notes.begin(), removal.notes.end());
  }

 private:
  ChannelPruning pruning_of(const learn::Model& model) const {
    ChannelPruning pruning = pruning_;
    if (options_.has("only") || options_.has("except")) pruning.weights = select_weights(model, options_);
    return pruning;
  }

  Options options_;
  ChannelPruning pruning_;
};

std::vector<OptionSpec> channel_options() {
  std::vector<std::string> criteria;
  for (const auto& row : channel_criterion_table()) criteria.push_back(row.info.name);
  std::vector<OptionSpec> options{
      {.name = "macs", .type = OptionType::number, .summary = "keep at most this fraction of the MACs", .min = 0.0001, .max = 1},
      {.name = "params", .type = OptionType::number, .summary = "keep at most this fraction of the parameters", .min = 0.0001, .max = 1},
      {.name = "ratio", .type = OptionType::number, .summary = "remove this fraction of the channels", .min = 0, .max = 0.9999},
      {.name = "criterion", .type = OptionType::choice, .fallback = "l1", .summary = "which channels matter least", .choices = criteria, .always_shown = true},
      {.name = "scope", .type = OptionType::choice, .fallback = "global", .summary = "compare all layers, or take the same fraction of each", .choices = {"global", "uniform"}},
      {.name = "round", .type = OptionType::integer, .fallback = "1", .summary = "channels kept: a multiple of this", .min = 1, .max = 1024}};
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

}  // namespace

const StepKind channels{
    .name = "channels",
    .summary = "removes whole channels: a smaller dense network",
    .options = channel_options,
    .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Channels>(options); },
    .rank = 0};

}  // namespace tern::compress::steps
