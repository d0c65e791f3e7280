// What masks hold against real optimizers.
#include <memory>

#include "compress/gradients.hpp"
#include "compress/plan_run.hpp"
#include "compress/prune/pruner.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"
#include "train/optimizer.hpp"

namespace tern::train {
namespace {

learn::Model tiny_model() {
  net::Net net("tiny", 1);
  net.add("x", "input", {}, {{"shape", 8}});
  net.add("a", "linear", {"x"}, {{"out_features", 16}});
  net.add("relu", "relu", {"a"}, {});
  net.add("b", "linear", {"relu"}, {{"out_features", 4}});
  return learn::Model(net, 1);
}

compress::SampleBatch batch_of(std::int64_t step) {
  const at::Tensor frames = learn::random({12, 8}, 100 + static_cast<std::uint64_t>(step % 9));
  return {frames, learn::one_hot(frames.narrow(1, 0, 4).argmax(1), 4, 0.0), 1};
}

/// The trainer's step, one method and one batch at a time.
class Training {
 public:
  Training(const std::string& plan, const OptimizerOptions& options, std::int64_t num_steps)
      : options_(options), num_steps_(num_steps), loss_(learn::find_loss("ce").loss) {
    compress::RunHooks hooks;
    hooks.samples = [this]() -> const compress::Samples& { return samples_; };
    run_ = std::make_unique<compress::PhaseRun>(compress::parse_plan(plan).phases[0], model, hooks);
    optimizer = std::make_unique<Optimizer>(model, options_);
  }

  void apply(std::int64_t step) {
    const auto changes = run_->before_step(step, num_steps_, [&] {
      return compress::weight_gradients(model, model.weight_names(), batch_of(step), loss_, true);
    });
    if (changes.reset_optimizer) optimizer = std::make_unique<Optimizer>(model, options_);
  }

  void descend(std::int64_t step) {
    optimizer->zero_gradients();
    learn::ForwardOptions options;
    options.training = true;
    options.seed = static_cast<std::uint64_t>(step);
    const compress::SampleBatch batch = batch_of(step);
    at::Tensor loss = loss_(learn::forward(model, batch.frames, 1, options), batch.targets);
    if (const at::Tensor penalty = run_->penalty(); penalty.defined()) loss = loss + penalty;
    loss.backward();
    run_->after_backward(step, num_steps_);
    optimizer->step(0.02);
  }

  void finish() { run_->finish(num_steps_); }

  learn::Model model = tiny_model();
  std::unique_ptr<Optimizer> optimizer;

 private:
  OptimizerOptions options_;
  std::int64_t num_steps_;
  learn::Loss loss_;
  compress::Samples samples_{batch_of(0)};
  std::unique_ptr<compress::PhaseRun> run_;
};

std::vector<OptimizerOptions> hostile_optimizers() {
  OptimizerOptions adam, sgd;
  adam.weight_decay = 0.1;
  sgd.name = "sgd";
  sgd.momentum = 0.99;
  sgd.weight_decay = 0.01;
  return {adam, sgd};
}

double outside(const at::Tensor& values, const at::Tensor& mask) {
  return (values * (1 - mask)).abs().max().item<double>();
}

TEST(MaskedTraining, Pitfall2NeitherMomentumNorDecayRevivesWeights) {
  for (const char* plan :
       {"prune:global=0.7,cubic", "prune:global=0.7,oneshot", "prune:local=0.7,iterative",
        "prune:global=0.7,lottery", "prune:erk=0.7,rigl", "prune:erk=0.7,set", "prune:erk=0.7,snfs",
        "prune:global=0.7,movement,cubic", "prune:erk=0.7,topkast", "prune:nm=2:4"})
    for (const auto& options : hostile_optimizers()) {
      Training training(plan, options, 60);
      for (std::int64_t step = 0; step < 60; ++step) {
        training.apply(step);
        training.descend(step);
        for (const auto& name : training.model.weight_names()) {
          const learn::Parameter& parameter = training.model.parameters().at(name);
          if (!parameter.mask.defined()) continue;
          EXPECT_EQ(outside(parameter.effective(), parameter.mask), 0) << plan << " " << options.name;
          EXPECT_EQ(outside(parameter.latent, parameter.trainable_mask()), 0) << plan << " " << options.name;
          for (const auto& [key, moment] : training.optimizer->state())
            if (key.starts_with(name + "@")) {
              EXPECT_EQ(outside(moment, parameter.trainable_mask()), 0) << plan << " " << key;
            }
        }
      }
      training.finish();
      EXPECT_NEAR(compress::masked_fraction(training.model, training.model.weight_names()),
                  std::string(plan) == "prune:nm=2:4" ? 0.5 : 0.7, 1.0 / 192)
          << plan;
    }
}

TEST(MaskedTraining, Pitfall2GrownWeightsStartWithoutMoments) {
  for (const auto& options : hostile_optimizers()) {
    Training training("prune:erk=0.7,rigl,drop=0.6", options, 120);
    double grown = 0;
    for (std::int64_t step = 0; step < 120; ++step) {
      const at::Tensor mask = training.model.parameter("a", "weight").mask;
      const at::Tensor before = mask.defined() ? mask.clone() : at::ones({16, 8});
      training.apply(step);
      const learn::Parameter& a = training.model.parameter("a", "weight");
      const at::Tensor fresh = a.mask * (1 - before);
      grown += fresh.sum().item<double>();
      for (const auto& [key, moment] : training.optimizer->state())
        if (key.starts_with("a.weight@")) {
          EXPECT_EQ((moment * fresh).abs().sum().item<double>(), 0) << key;
        }
      EXPECT_EQ((a.latent * fresh).abs().sum().item<double>(), 0);
      training.descend(step);
    }
    EXPECT_GT(grown, 20) << options.name;
  }
}

TEST(MaskedTraining, GatesTrainWithTheModelAndReachTheirDensity) {
  for (const char* gate : {"l0", "rb"}) {
    OptimizerOptions adam;
    Training training(std::string("prune:global=0.6,") + gate, adam, 200);
    for (std::int64_t step = 0; step < 200; ++step) {
      training.apply(step);
      if (step == 149) {
        const learn::Parameter& a = training.model.parameter("a", "weight");
        const auto logits = a.gate->tensors().at("log_alpha");
        EXPECT_GT((logits.max() - logits.min()).item<double>(), 0.1) << gate;
      }
      training.descend(step);
    }
    training.finish();
    EXPECT_NEAR(compress::masked_fraction(training.model, training.model.weight_names()), 0.6, 1.0 / 192)
        << gate;
  }
}

TEST(MaskedTraining, DenseWeightsTrainBehindDynamicMasks) {
  for (const char* plan : {"prune:global=0.6,dpf", "prune:srste,nm=2:4"})
    for (const auto& options : hostile_optimizers()) {
      Training training(plan, options, 64);
      for (std::int64_t step = 0; step < 64; ++step) {
        training.apply(step);
        training.descend(step);
      }
      const learn::Parameter& a = training.model.parameter("a", "weight");
      EXPECT_GT(outside(a.latent, a.mask), 0) << plan;
      EXPECT_EQ(outside(a.effective(), a.mask), 0) << plan;
      training.finish();
      EXPECT_EQ(outside(a.latent, a.mask), 0) << plan;
      EXPECT_FALSE(a.backward_mask.defined()) << plan;
    }
}

}  // namespace
}  // namespace tern::train
