#include "base/error.hpp"
#include "compress/prune/dynamics/scheduled_pruning.hpp"
#include "compress/prune/dynamics_testing.hpp"

namespace tern::compress {
namespace {

TinyTraining::Factory scheduled(const char* schedule, PruneSettings settings) {
  return [=] { return std::make_unique<ScheduledPruning>(find_sparsity_schedule(schedule), settings); };
}

TEST(ScheduledPruning, CubicFollowsItsFormulaAtSixtyFourMoments) {
  TinyTraining training(scheduled("cubic", settings_at(0.8)), 256);
  int changes = 0;
  std::int64_t last = 0;
  training.after_apply = [&](std::int64_t step) {
    const std::int64_t zeros = all_zeros(training.model);
    EXPECT_GE(zeros, last);
    changes += zeros != last;
    if (step % 4 == 0) {
      const double left = 1 - std::min(1.0, static_cast<double>(step) / 192);
      EXPECT_EQ(zeros, std::llround(192 * 0.8 * (1 - left * left * left))) << step;
    }
    if (step > 192) {
      EXPECT_EQ(zeros, last);
    }
    last = zeros;
  };
  training.run();
  EXPECT_GT(changes, 35);
  EXPECT_LE(changes, 48);
}

// Momentum and the gradients of whoever trains must not bring weights back.
TEST(ScheduledPruning, Pitfall2MaskedWeightsStayZeroAndMasksOnlyGrow) {
  for (const char* schedule : {"oneshot", "iterative", "cubic", "lottery"}) {
    TinyTraining training(scheduled(schedule, settings_at(0.7)), 60);
    std::map<std::string, at::Tensor> before;
    training.after_step = [&](std::int64_t step) {
      for (const auto& name : training.model.weight_names()) {
        const learn::Parameter& parameter = training.model.parameters().at(name);
        if (!parameter.mask.defined()) continue;
        EXPECT_EQ((parameter.latent * (1 - parameter.mask)).abs().max().item<double>(), 0)
            << schedule << " " << step;
        if (before.count(name)) {
          EXPECT_EQ((parameter.mask * (1 - before[name])).sum().item<double>(), 0) << schedule << " " << step;
        }
        before[name] = parameter.mask.clone();
      }
    };
    training.run();
  }
}

TEST(ScheduledPruning, LotteryRewindsEverythingExactly) {
  PruneSettings settings = settings_at(0.8);
  settings.iterations = 4;
  settings.rewind = 0.05;
  TinyTraining training(scheduled("lottery", settings), 160);
  std::map<std::string, at::Tensor> early;
  std::vector<std::int64_t> rewound;
  training.after_apply = [&](std::int64_t step) {
    if (step == 8)
      for (const auto& [name, parameter] : training.model.parameters())
        early[name] = parameter.latent.detach().clone();
    if (step <= 8 || training.resets == static_cast<int>(rewound.size())) return;
    rewound.push_back(step);
    for (const auto& [name, parameter] : training.model.parameters()) {
      const at::Tensor expected = parameter.mask.defined() ? early.at(name) * parameter.mask : early.at(name);
      EXPECT_TRUE(parameter.latent.equal(expected)) << name << " at " << step;
    }
  };
  std::map<std::string, at::Tensor> trained;
  training.before_apply =
      [&](std::int64_t step) {  // the trained values, not the early ones, decide what goes
        if (step == 20)
          for (const auto& name : training.model.weight_names())
            trained[name] = training.model.parameters().at(name).latent.detach().clone();
      };
  training.after_step = [&](std::int64_t step) {
    if (step != 20) return;
    float smallest_kept = 1e9F, largest_gone = 0;
    for (const auto& [name, value] : trained) {
      const at::Tensor& mask = training.model.parameters().at(name).mask;
      smallest_kept = std::min(smallest_kept, value.abs().masked_select(mask.ne(0)).min().item<float>());
      largest_gone = std::max(largest_gone, value.abs().masked_select(mask.eq(0)).max().item<float>());
    }
    EXPECT_LT(largest_gone, smallest_kept);
  };
  training.run();
  EXPECT_EQ(rewound, (std::vector<std::int64_t>{20, 40, 60, 80}));
}

TEST(ScheduledPruning, RewindMustLieBetweenTheStartAndTheFirstPruning) {
  PruneSettings settings = settings_at(0.8);
  settings.iterations = 4;
  for (const double rewind : {0.0, 0.125, 0.4}) {
    settings.rewind = rewind;
    EXPECT_THROW(scheduled("lottery", settings)(), Error) << rewind;
  }
}

TEST(ScheduledPruning, DsdReleasesItsMaskFromZero) {
  TinyTraining training(scheduled("dsd", settings_at(0.5)), 90);
  std::map<std::string, at::Tensor> masks;
  training.after_apply = [&](std::int64_t step) {
    EXPECT_EQ(all_zeros(training.model), step >= 30 && step < 60 ? 96 : 0) << step;
    for (const auto& name : training.model.weight_names()) {
      const learn::Parameter& parameter = training.model.parameters().at(name);
      if (step == 59) masks[name] = parameter.mask.clone();
      if (step == 60) {
        EXPECT_TRUE(parameter.latent.eq(0).equal(masks.at(name).eq(0))) << name;
      }
    }
  };
  training.run();
  for (const auto& [name, mask] : masks)
    EXPECT_GT(
        training.model.parameters().at(name).latent.masked_select(mask.eq(0)).abs().max().item<double>(), 0);
}

// Movement: the sum over steps of -w * gradient, seen while the first weights are still all there.
TEST(ScheduledPruning, MovementIsGatheredFromGradients) {
  TinyTraining training(scheduled("cubic", settings_at(0.5, "global", "movement")), 64);
  at::Tensor expected = at::zeros({16, 8}), before;
  training.after_apply = [&](std::int64_t) {
    before = training.model.parameter("a", "weight").latent.detach().clone();
  };
  training.after_step = [&](std::int64_t step) {
    if (step > 3) return;
    expected = expected - before * training.model.parameter("a", "weight").latent.grad();
    EXPECT_LT(learn::distance(training.model.parameter("a", "weight").state.at("movement"), expected), 1e-6);
  };
  training.run();
  EXPECT_EQ(all_zeros(training.model), 96);
  EXPECT_THROW(scheduled("oneshot", settings_at(0.5, "global", "movement"))(), Error);
}

std::vector<double> sparsities_seen;

// Criteria such as synflow take a hundred passes to a sparsity that is asked at once; a schedule has rounds
// of its own.
TEST(ScheduledPruning, OnlyTheFirstPruningAsksTheCriterionForRounds) {
  const CriterionRow recording{{"recording", "", "", {}}, false, [](const CriterionInput& input) {
                                 sparsities_seen.push_back(input.sparsity);
                                 return find_criterion("magnitude").score(input);
                               }};
  PruneSettings settings = settings_at(0.936);
  settings.criterion = &recording;
  settings.iterations = 3;
  sparsities_seen.clear();
  TinyTraining training(scheduled("iterative", settings), 30);
  training.run();
  ASSERT_EQ(sparsities_seen.size(), 3u);
  EXPECT_NEAR(sparsities_seen[0], 0.6, 1e-12);
  EXPECT_EQ(sparsities_seen[1], 0.0);
  EXPECT_EQ(sparsities_seen[2], 0.0);
}

TEST(ScheduledPruning, ShapesAreKept) {
  PruneSettings settings = settings_at(0.5, "local");
  settings.shape = parse_mask_shape("2:4");
  TinyTraining training(scheduled("cubic", settings), 40);
  training.run();
  for (const auto& name : training.model.weight_names()) {
    const at::Tensor& mask = training.model.parameters().at(name).mask;
    EXPECT_EQ(mask.view({-1, 4}).sum(1).ne(2).sum().item<std::int64_t>(), 0) << name;
  }
}

TEST(ScheduledPruning, RefusesBeforeAnyWork) {
  PruneSettings settings = settings_at(0.4, "local");
  settings.shape = parse_mask_shape("2:3");
  const learn::Model model = tiny_model();  // 8 and 16 input features
  try {
    scheduled("oneshot", settings)()->check(model);
    ADD_FAILURE() << "3 does not divide 8";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.place(), "plan");
  }
}

}  // namespace
}  // namespace tern::compress
