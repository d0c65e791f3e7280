// Laws of every way to prune while training, looped over the tables.
#include "base/error.hpp"
#include "compress/prune/dynamics/dynamic_masks.hpp"
#include "compress/prune/dynamics/gated_pruning.hpp"
#include "compress/prune/dynamics/growth.hpp"
#include "compress/prune/dynamics/scheduled_pruning.hpp"
#include "compress/prune/dynamics_testing.hpp"

namespace tern::compress {
namespace {

using Makers = std::map<std::string, std::function<std::unique_ptr<Transform>(const PruneSettings&)>>;

Makers all_makers() {
  Makers makers;
  for (const auto& row : sparsity_schedule_table())
    makers[row.info.name] = [&row](const PruneSettings& s) {
      return std::make_unique<ScheduledPruning>(row, s);
    };
  for (const auto* table : {&growth_table(), &dynamic_mask_table(), &gated_pruning_table()})
    for (const auto& row : *table) makers[row.info.name] = row.make;
  return makers;
}

std::int64_t zeros_asked(const std::string& name, double sparsity) {
  return name == "dsd" ? 0 : std::llround(sparsity * 192);
}

void expect_settled(const learn::Model& model, const std::string& method) {
  for (const auto& [name, parameter] : model.parameters()) {
    EXPECT_TRUE(parameter.state.empty()) << method << ": " << name;
    EXPECT_FALSE(parameter.backward_mask.defined()) << method;
    EXPECT_FALSE(parameter.gate) << method;
    if (parameter.mask.defined()) {
      EXPECT_EQ((parameter.latent * (1 - parameter.mask)).abs().sum().item<double>(), 0)
          << method << ": " << name;
    }
  }
}

TEST(PruneDynamics, EveryMethodEndsAtItsSparsityAndLeavesNothingBehind) {
  for (const auto& [name, make] : all_makers())
    for (const char* scope : {"global", "local", "erk"}) {
      TinyTraining training([&] { return make(settings_at(0.6, scope)); }, 80);
      training.run();
      EXPECT_NEAR(static_cast<double>(all_zeros(training.model)), static_cast<double>(zeros_asked(name, 0.6)),
                  1)
          << name << " " << scope;
      expect_settled(training.model, name);
    }
}

TEST(PruneDynamics, PhasesOfAnyLengthEndAtTheSparsity) {
  for (const auto& [name, make] : all_makers())
    for (const std::int64_t num_steps : {1, 2, 3, 5, 11, 33}) {
      TinyTraining training([&] { return make(settings_at(0.75)); }, num_steps);
      training.run();
      EXPECT_NEAR(static_cast<double>(all_zeros(training.model)),
                  static_cast<double>(zeros_asked(name, 0.75)), 1)
          << name << " in " << num_steps;
      expect_settled(training.model, name);
    }
}

TEST(PruneDynamics, WithoutTrainingTheEndComesAtOnce) {
  for (const auto& [name, make] : all_makers()) {
    learn::Model model = tiny_model();
    TransformContext context = context_of(model);
    const auto transform = make(settings_at(0.5));
    ASSERT_TRUE(transform->is_due(0, 0));
    transform->apply(context);
    transform->finish(context);
    EXPECT_EQ(all_zeros(model), zeros_asked(name, 0.5)) << name;
    expect_settled(model, name);
  }
}

// Whatever is remembered lives in the model: an object made anew before every step, as in a resumed run, does
// the same.
TEST(PruneDynamics, ResumedRunsDoTheSame) {
  for (const auto& [name, make] : all_makers()) {
    TinyTraining whole([&] { return make(settings_at(0.6, "erk")); }, 60);
    TinyTraining resumed([&] { return make(settings_at(0.6, "erk")); }, 60);
    resumed.remake_each_step = true;
    whole.run();
    resumed.run();
    for (const auto& [parameter, value] : whole.model.parameters())
      EXPECT_TRUE(value.latent.equal(resumed.model.parameters().at(parameter).latent))
          << name << ": " << parameter;
  }
}

TEST(PruneDynamics, SelectedWeightsAloneArePruned) {
  for (const auto& [name, make] : all_makers()) {
    PruneSettings settings = settings_at(0.5);
    settings.select = [](const learn::Model&) { return std::vector<std::string>{"b.weight"}; };
    TinyTraining training([&] { return make(settings); }, 40);
    training.run();
    EXPECT_EQ(zeros_of(training.model).at("a.weight"), 0) << name;
    EXPECT_EQ(zeros_of(training.model).at("b.weight"), name == "dsd" ? 0 : 32) << name;
  }
}

TEST(PruneDynamics, TrainingStillLearns) {
  for (const auto& [name, make] : all_makers()) {
    TinyTraining training([&] { return make(settings_at(0.5)); }, 300);
    training.run();
    std::int64_t correct = 0;
    for (std::int64_t step = 0; step < 9; ++step) {
      const SampleBatch batch = tiny_batch(step);
      correct +=
          learn::count_correct(learn::forward(training.model, batch.frames, 1, {}), batch.targets.argmax(1));
    }
    EXPECT_GT(correct, 85) << name << ": of 108";
  }
}

}  // namespace
}  // namespace tern::compress
