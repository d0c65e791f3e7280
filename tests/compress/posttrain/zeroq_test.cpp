#include "compress/posttrain/zeroq.hpp"

#include "base/error.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/fold.hpp"
#include "compress/posttrain/reestimate.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

/// A network whose statistics are those of images that are no noise.
learn::Model settled_model() {
  learn::Model model = random_model(chain_net(), 3);
  reestimate_norms(model, image_samples(4, 32));
  return model;
}

TEST(Zeroq, MovesStatisticsTowardsThoseOfTheNorms) {
  const learn::Model model = settled_model();
  learn::Model twin = float_twin(model);
  const Samples samples = distill_samples(model, {.count = 24, .batch = 16, .iterations = 150}, 1);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].frames.sizes(), (std::vector<std::int64_t>{16, 3, 8, 8}));
  EXPECT_EQ(samples[1].targets.sizes(), (std::vector<std::int64_t>{8, 5}));
  const at::Tensor noise = learn::random({16, 3, 8, 8}, 2);
  const double start = norm_distance(twin, noise, 1).item<double>();
  EXPECT_LT(norm_distance(twin, samples[0].frames, 1).item<double>(), 0.2 * start);
  EXPECT_LT(learn::distance(samples[0].targets.sum(1), at::ones({16})), 1e-5);
}

TEST(Zeroq, FoldedNetworksKeepTheirStatistics) {
  const learn::Model model = settled_model();
  learn::Model plain = float_twin(model), folded = float_twin(fold_batch_norms(model));
  // Through a folded norm distances are in other units, but they vanish together: on the images themselves.
  const at::Tensor images = image_samples(4, 32)[1].frames, noise = learn::random({32, 3, 8, 8}, 2);
  for (learn::Model* twin : {&plain, &folded})
    EXPECT_LT(norm_distance(*twin, images, 1).item<double>(), 0.5 * norm_distance(*twin, noise, 1).item<double>());
}

TEST(Zeroq, SameSeedSameImages) {
  const learn::Model model = settled_model();
  const ZeroqOptions options{.count = 4, .batch = 4, .iterations = 3};
  EXPECT_TRUE(at::equal(distill_samples(model, options, 7)[0].frames, distill_samples(model, options, 7)[0].frames));
  EXPECT_FALSE(at::equal(distill_samples(model, options, 7)[0].frames, distill_samples(model, options, 8)[0].frames));
}

TEST(Zeroq, NeedsANorm) {
  EXPECT_THROW(distill_samples(random_model(residual_net()), {.count = 2}, 1), Error);
}

}  // namespace
}  // namespace tern::compress
