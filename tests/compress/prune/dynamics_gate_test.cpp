#include <cmath>

#include "base/error.hpp"
#include "compress/prune/dynamics/bernoulli_gate.hpp"
#include "compress/prune/dynamics/gated_pruning.hpp"
#include "compress/prune/dynamics/hard_concrete_gate.hpp"
#include "compress/prune/dynamics_testing.hpp"

namespace tern::compress {
namespace {

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

void set_logit(learn::WeightGate& gate, double logit) {
  const c10::NoGradGuard no_grad;
  gate.tensors().at("log_alpha").fill_(logit / ProbabilityGate::logit_gain);
}

TEST(HardConcreteGate, ClosedForm) {
  HardConcreteGate gate(at::ones({3}));
  for (const double a : {-3.0, -0.5, 0.0, 1.0, 4.0}) {
    set_logit(gate, a);
    EXPECT_NEAR(gate.open_probability()[0].item<double>(), sigmoid(a - 2.0 / 3 * std::log(0.1 / 1.1)), 1e-6);
    EXPECT_NEAR(gate.expected()[0].item<double>(), std::clamp(sigmoid(a) * 1.2 - 0.1, 0.0, 1.0), 1e-6);
    const double u = 0.3, s = sigmoid((std::log(u / (1 - u)) + a) * 1.5);
    EXPECT_NEAR(gate.draw(at::full({3}, u))[0].item<double>(), std::clamp(s * 1.2 - 0.1, 0.0, 1.0), 1e-6);
  }
}

TEST(HardConcreteGate, DrawsAreOpenAsOftenAsTheFormulaSays) {
  HardConcreteGate gate(at::ones({100000}));
  for (const double a : {-1.0, 0.0, 1.5}) {
    set_logit(gate, a);
    const double open = gate.apply(at::ones({100000}), true, 7).ne(0).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(open, gate.open_probability()[0].item<double>(), 0.006) << a;
  }
}

TEST(HardConcreteGate, GradientOfTheLogitByFiniteDifferences) {
  HardConcreteGate gate(at::ones({5}));
  const at::Tensor u = at::tensor({0.2F, 0.4F, 0.5F, 0.3F, 0.45F}),
                   g = at::tensor({1.0F, -2.0F, 0.5F, 3.0F, 1.5F});
  const auto value = [&](double a) {
    set_logit(gate, a);
    return (gate.draw(u) * g).sum();
  };
  value(0.2).backward();
  const double gradient = gate.tensors().at("log_alpha").grad().sum().item<double>();
  const double difference = (value(0.21).item<double>() - value(0.19).item<double>()) / 0.02;
  EXPECT_NEAR(gradient, ProbabilityGate::logit_gain * difference, 2e-2);
}

TEST(BernoulliGate, IsZeroOrOneWithItsProbabilityAndPassesTheSigmoidsGradient) {
  BernoulliGate gate(at::ones({100000}));
  set_logit(gate, 0.8);
  const at::Tensor drawn = gate.apply(at::ones({100000}), true, 3);
  EXPECT_EQ((drawn.eq(0) + drawn.eq(1)).sum().item<std::int64_t>(), 100000);
  EXPECT_NEAR(drawn.mean().item<double>(), sigmoid(0.8), 0.006);
  gate.draw(at::full({100000}, 0.3)).sum().backward();
  const double soft = sigmoid(0.8 + std::log(0.3 / 0.7));
  EXPECT_NEAR(gate.tensors().at("log_alpha").grad()[0].item<double>(),
              ProbabilityGate::logit_gain * soft * (1 - soft), 1e-4);
  set_logit(gate, -0.1);
  EXPECT_EQ(gate.expected().sum().item<double>(), 0);
}

TEST(Gate, DrawsFollowTheSeedAndSpecsMakeThemAgain) {
  const at::Tensor w = learn::random({40}, 1);
  for (const auto& row : gate_table()) {
    const auto gate = row.make(w);
    set_logit(*gate, 0.0);
    EXPECT_TRUE(gate->apply(w, true, 1).equal(gate->apply(w, true, 1))) << row.info.name;
    EXPECT_FALSE(gate->apply(w, true, 1).equal(gate->apply(w, true, 2))) << row.info.name;
    const auto again = make_gate_from_spec(gate->spec(), w);
    EXPECT_EQ(again->spec(), gate->spec());
    set_logit(*again, 0.0);
    EXPECT_TRUE(again->apply(w, true, 5).equal(gate->apply(w, true, 5)));
  }
  EXPECT_THROW(make_gate_from_spec("l1", w), Error);
}

TEST(GatedPruning, PenaltyByItsFormulaTogetherAndByLayer) {
  for (const char* scope : {"global", "local"}) {
    learn::Model model = tiny_model();
    TransformContext context = context_of(model, 100);
    GatedPruning transform(settings_at(0.8, scope), "rb");
    transform.apply(context);
    set_logit(*model.parameter("a", "weight").gate, std::log(0.7 / 0.3));
    set_logit(*model.parameter("b", "weight").gate, std::log(0.4 / 0.6));
    context.step = 74;  // the density asked is the last one: 0.2
    transform.apply(context);
    const double expected =
        std::string(scope) == "global"
            ? std::pow(((128 * 0.7 + 64 * 0.4) / 192 - 0.2) / GatedPruning::tolerance, 2)
            : (std::pow(0.5 / GatedPruning::tolerance, 2) + std::pow(0.2 / GatedPruning::tolerance, 2)) / 2;
    EXPECT_NEAR(transform.penalty(model).item<double>(), expected, 1e-2) << scope;
  }
}

TEST(GatedPruning, GatesTrainToTheDensityAndBecomeMasks) {
  for (const char* gate : {"l0", "rb"}) {
    TinyTraining training([&] { return std::make_unique<GatedPruning>(settings_at(0.6), gate); }, 400);
    double open = -1;
    at::Tensor logits;
    training.before_apply = [&](std::int64_t step) {
      if (step != 300) return;
      double sum = 0;
      for (const auto& name : training.model.weight_names())
        sum += dynamic_cast<ProbabilityGate&>(*training.model.parameters().at(name).gate)
                   .open_probability()
                   .sum()
                   .item<double>();
      open = sum / 192;
      logits =
          dynamic_cast<ProbabilityGate&>(*training.model.parameter("a", "weight").gate).logits().detach();
    };
    training.after_apply = [&](std::int64_t step) {
      if (step != 300) return;
      const learn::Parameter& a = training.model.parameter("a", "weight");
      EXPECT_FALSE(a.gate);
      EXPECT_EQ(all_zeros(training.model), std::llround(0.6 * 192));
      EXPECT_GE(logits.masked_select(a.mask.ne(0)).min().item<double>(),
                logits.masked_select(a.mask.eq(0)).max().item<double>());
    };
    training.run();
    EXPECT_NEAR(open, 0.4, 0.1) << gate;
    EXPECT_EQ(training.resets, 1) << gate;
  }
}

}  // namespace
}  // namespace tern::compress
