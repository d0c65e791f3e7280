#include "compress/prune/dynamics/dynamic_masks.hpp"
#include "compress/prune/dynamics_testing.hpp"

namespace tern::compress {
namespace {

TinyTraining::Factory dynamic(PruneSettings settings, bool grows) {
  return [=] { return std::make_unique<DynamicMasks>(settings, grows); };
}

TEST(DynamicMasks, DpfTrainsMaskedWeightsAndTheyComeBack) {
  PruneSettings settings = settings_at(0.6);
  settings.interval = 16;
  TinyTraining training(dynamic(settings, true), 320);
  at::Tensor last, came_back = at::zeros({16, 8});
  training.after_apply = [&](std::int64_t step) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    if (last.defined()) {
      came_back = at::maximum(came_back, a.mask * (1 - last));
      if (step % 16 != 0) {
        EXPECT_TRUE(a.mask.equal(last)) << step;
      }
    }
    last = a.mask.clone();
    if (step == 240) {
      EXPECT_EQ(all_zeros(training.model), std::llround(0.6 * 192));
    }
  };
  training.after_step = [&](std::int64_t step) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    if (step < 300) return;
    EXPECT_GT((a.latent * (1 - a.mask)).abs().sum().item<double>(), 0) << "dense weights live on";
    EXPECT_EQ((a.effective() * (1 - a.mask)).abs().sum().item<double>(), 0);
  };
  training.run();
  EXPECT_GT(came_back.sum().item<double>(), 3);
}

// The gradient of a masked latent is that of the masked network, straight through: the effective weight's
// own.
TEST(DynamicMasks, GradientsAreDense) {
  learn::Model model = tiny_model();
  TransformContext context = context_of(model, 100);
  PruneSettings settings = settings_at(0.6);
  settings.interval = 1;
  DynamicMasks transform(settings, false);
  transform.apply(context);
  const auto expected =
      weight_gradients(model, {"a.weight"}, tiny_batch(0), learn::find_loss("ce").loss, true);
  learn::ForwardOptions options;
  options.training = true;
  const SampleBatch batch = tiny_batch(0);
  learn::find_loss("ce").loss(learn::forward(model, batch.frames, 1, options), batch.targets).backward();
  EXPECT_LT(learn::distance(model.parameter("a", "weight").latent.grad(), expected.at("a.weight")), 1e-6);
}

// SR-STE: g + decay (1 - M) w.
TEST(DynamicMasks, SrsteDecaysMaskedWeightsByItsFormula) {
  learn::Model model = tiny_model();
  TransformContext context = context_of(model, 100);
  PruneSettings settings = settings_at(0.5, "local");
  settings.shape = parse_mask_shape("2:4");
  settings.interval = 1;
  settings.decay = 0.02;
  DynamicMasks transform(settings, false);
  transform.apply(context);
  transform.penalty(model).backward();
  const learn::Parameter& a = model.parameter("a", "weight");
  EXPECT_LT(learn::distance(a.latent.grad(), 0.02 * (1 - a.mask) * a.latent), 1e-7);
}

TEST(DynamicMasks, SrsteKeepsNOfEveryMAtEveryStep) {
  PruneSettings settings = settings_at(0.5, "local");
  settings.shape = parse_mask_shape("2:4");
  settings.interval = 1;
  settings.decay = 2e-4;
  TinyTraining training(dynamic(settings, false), 60);
  training.after_apply = [&](std::int64_t) {
    const learn::Parameter& a = training.model.parameter("a", "weight");
    const at::Tensor sizes = a.latent.detach().abs().view({-1, 4}), mask = a.mask.view({-1, 4});
    EXPECT_EQ(mask.sum(1).ne(2).sum().item<std::int64_t>(), 0);
    EXPECT_LE((sizes * (1 - mask))
                  .amax(1)
                  .sub(at::where(mask.ne(0), sizes, at::full_like(sizes, 1e9)).amin(1))
                  .max()
                  .item<double>(),
              0);
  };
  training.run();
}

}  // namespace
}  // namespace tern::compress
