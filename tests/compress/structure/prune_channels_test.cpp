#include <algorithm>

#include "compress/structure/prune_channels.hpp"

#include "base/error.hpp"
#include "compress/structure/structure_testing.hpp"
#include "zoo/architecture.hpp"

namespace tern::compress {
namespace {

TEST(PruneChannels, EveryArchitectureRunsAtHalfTheMacs) {
  for (const zoo::Architecture* row : zoo::architecture_table()) {
    const auto& parameters = row->info.parameters;
    const auto of_graphs = [](const ParameterInfo& parameter) { return parameter.name == "layers"; };
    if (std::any_of(parameters.begin(), parameters.end(), of_graphs)) continue;  // images and frames here
    const net::Net net = row->build({.num_steps = 2, .num_classes = 4, .input_shape = {3, 32, 32}, .width = 0.25});
    learn::Model model(net, 1);
    for (const bool global : {true, false}) {
      ChannelPruning pruning;
      pruning.budget.global = global;
      Removal removal = prune_channels(model, pruning);
      const auto after = net::totals(removal.model.net()).macs_per_step, before = net::totals(net).macs_per_step;
      EXPECT_LE(2 * after, before) << row->info.name;
      EXPECT_GT(after, before / 4) << row->info.name;
      const at::Tensor scores = run(removal.model, frames_for(net, 2, 3));
      EXPECT_EQ(scores.sizes(), (at::IntArrayRef{2, 4})) << row->info.name;
      EXPECT_TRUE(scores.isfinite().all().item<bool>()) << row->info.name;
    }
  }
}

TEST(PruneChannels, Pitfall14ResidualLayersReachTheRatio) {
  learn::Model model(zoo::find_architecture("resnet20").build({}), 1);
  ChannelPruning pruning;
  pruning.budget = {.kind = ChannelBudgetKind::ratio, .target = 0.5, .global = false};
  const Removal removal = prune_channels(model, pruning);
  for (const auto& node : removal.model.net().nodes()) {
    if (node.op != "conv2d") continue;
    EXPECT_EQ(2 * removal.model.net().type(node.name).shape[0], model.net().type(node.name).shape[0]) << node.name;
  }
}

TEST(PruneChannels, RemovesThePlantedChannels) {
  learn::Model model = random_model(residual_net(), 5);
  const c10::NoGradGuard no_grad;
  for (const std::int64_t planted : {1, 4}) {
    model.parameter("b", "weight").latent.select(0, planted).mul_(1e-3);
    model.parameter("c", "weight").latent.select(1, planted).mul_(1e-3);
  }
  ChannelPruning pruning;
  pruning.budget = {.kind = ChannelBudgetKind::ratio, .target = 2.0 / 27.0};  // two of 8 + 6 + 8 + 5
  for (const char* criterion : {"l1", "l2"}) {
    pruning.criterion = criterion;
    const Removal removal = prune_channels(model, pruning);
    const at::Tensor kept = at::tensor(Ints{0, 2, 3, 5}, at::kLong);
    EXPECT_EQ(removal.model.parameter("b_bn", "weight").latent.numel(), 4);
    EXPECT_EQ(learn::distance(removal.model.parameter("b_bn", "bias").latent,
                              model.parameter("b_bn", "bias").latent.index_select(0, kept)),
              0.0);
  }
}

TEST(PruneChannels, OnlySelectedLayersShrink) {
  learn::Model model = random_model(residual_net(), 5);
  ChannelPruning pruning;
  pruning.weights = {"b.weight", "a.weight"};  // a is coupled to c, which may not shrink
  pruning.budget = {.kind = ChannelBudgetKind::ratio, .target = 0.1};
  const Removal removal = prune_channels(model, pruning);
  EXPECT_LT(removal.model.net().type("b").shape[0], 6);
  EXPECT_EQ(removal.model.net().type("a").shape[0], 8);
  EXPECT_EQ(removal.model.net().type("d").shape[0], 5);
  EXPECT_EQ(removal.notes.front().find("b: "), 0U);
}

TEST(PruneChannels, PruningAgainGoesOnFromThere) {
  learn::Model model = random_model(depthwise_net(), 5);
  ChannelPruning pruning;
  pruning.budget.target = 0.7;
  Removal once = prune_channels(model, pruning);
  const Removal twice = prune_channels(once.model, pruning);
  EXPECT_LE(static_cast<double>(net::totals(twice.model.net()).macs_per_step),
            0.7 * static_cast<double>(net::totals(once.model.net()).macs_per_step));
}

TEST(PruneChannels, RefusesWhatItCannotDo) {
  learn::Model model = random_model(residual_net(), 5);
  ChannelPruning pruning;
  pruning.criterion = "taylor";
  EXPECT_THROW(prune_channels(model, pruning), Error);  // no data
  pruning.criterion = "l1";
  pruning.budget.target = 0.001;
  EXPECT_THROW(check_channel_pruning(model, pruning), Error);
}

}  // namespace
}  // namespace tern::compress
