#include "base/error.hpp"
#include "compress/prune/dynamics/topkast.hpp"
#include "compress/prune/dynamics_testing.hpp"

namespace tern::compress {
namespace {

PruneSettings settings_with(double sparsity, double backward, int interval, double decay) {
  PruneSettings settings = settings_at(sparsity, "local");
  settings.backward = backward;
  settings.interval = interval;
  settings.decay = decay;
  return settings;
}

TinyTraining::Factory topkast(const PruneSettings& settings) {
  return [=] { return make_topkast(settings); };
}

/// Every latent, wherever it is kept.
at::Tensor all_latents(const learn::Parameter& parameter) {
  return parameter.latent.detach() + parameter.state.at("outside");
}

TEST(TopKast, SetsAreTheLargestLatents) {
  TinyTraining training(topkast(settings_with(0.75, 0.5, 4, 1e-3)), 100);
  training.after_apply = [&](std::int64_t step) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    EXPECT_EQ(a.mask.sum().item<double>(), 32);
    EXPECT_EQ(a.backward_mask.sum().item<double>(), 64);
    EXPECT_EQ((a.mask * (1 - a.backward_mask)).sum().item<double>(), 0) << "A lies in B";
    if (step % 4 != 0) return;
    const at::Tensor order = all_latents(a).abs().flatten().argsort(0, true);
    at::Tensor forward = at::zeros({128}), backward = at::zeros({128});
    forward.index_fill_(0, order.narrow(0, 0, 32), 1);
    backward.index_fill_(0, order.narrow(0, 0, 64), 1);
    EXPECT_TRUE(a.mask.flatten().equal(forward)) << step;
    EXPECT_TRUE(a.backward_mask.flatten().equal(backward)) << step;
  };
  training.run();
}

TEST(TopKast, WeightsOutsideKeepTheirValuesAndCanComeBack) {
  TinyTraining training(topkast(settings_with(0.75, 0.5, 5, 0.05)), 200);
  at::Tensor first, ever = at::zeros({16, 8}), kept;
  training.after_apply = [&](std::int64_t step) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    if (step == 0) first = a.backward_mask.clone();
    ever = at::maximum(ever, a.backward_mask);
    kept = a.state.at("outside").clone();
  };
  training.after_step = [&](std::int64_t) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    EXPECT_TRUE(a.state.at("outside").equal(kept));
    EXPECT_EQ((a.latent * (1 - a.backward_mask)).abs().sum().item<double>(), 0);
  };
  training.run();
  EXPECT_GT((ever * (1 - first)).sum().item<double>(), 3);
}

TEST(TopKast, TrainsBehindTheMaskButComputesWithTheForwardSet) {
  TinyTraining training(topkast(settings_with(0.75, 0.5, 1000, 0.0)), 3);
  at::Tensor before;
  training.after_apply = [&](std::int64_t step) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    EXPECT_TRUE(a.effective(true, 0).equal(a.latent * a.mask));
    if (step == 0) before = a.latent.detach().clone();
  };
  training.after_step = [&](std::int64_t step) {
    if (step != 0) return;
    const learn::Parameter& a = training.model.parameter("a", "weight");
    const at::Tensor moved = (a.latent - before).ne(0);
    EXPECT_GT(moved.masked_select((a.backward_mask - a.mask).ne(0)).sum().item<double>(), 10);
    EXPECT_EQ(moved.masked_select(a.backward_mask.eq(0)).sum().item<double>(), 0);
  };
  training.run();
}

TEST(TopKast, PenaltyByItsFormula) {
  learn::Model model = tiny_model();
  TransformContext context = context_of(model, 100);
  TopKast transform(settings_with(0.75, 0.5, 10, 0.1));
  transform.apply(context);
  double expected = 0;
  for (const auto& name : model.weight_names()) {
    const learn::Parameter& p = model.parameters().at(name);
    for (std::int64_t i = 0; i < p.latent.numel(); ++i) {
      const double w = p.latent.flatten()[i].item<double>();
      const double weight = p.mask.flatten()[i].item<double>() > 0            ? 1
                            : p.backward_mask.flatten()[i].item<double>() > 0 ? 4
                                                                              : 0;
      expected += 0.05 * weight * w * w;
    }
  }
  EXPECT_NEAR(transform.penalty(model).item<double>(), expected, 1e-5);
}

TEST(TopKast, BackwardIsLessSparse) {
  EXPECT_THROW(topkast(settings_with(0.5, 0.6, 10, 0.0))(), Error);
}

}  // namespace
}  // namespace tern::compress
