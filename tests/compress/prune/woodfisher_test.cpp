#include "compress/gradients.hpp"
#include "compress/prune/criteria/block_fisher.hpp"
#include "compress/prune/criteria/obs.hpp"
#include "compress/prune/pruner.hpp"
#include "compress/prune/small_networks.hpp"

namespace tern::compress {
namespace {

constexpr double damping = 0.01;
constexpr std::int64_t weights = 12, block = 5, gradients = 9;  // the last block has 2 weights

struct Fixture {
  BlockFisher fisher{weights, gradients, block, damping};
  std::vector<at::Tensor> fishers;  ///< of each block, float64

  Fixture() {
    const at::Tensor g = learn::random({gradients, weights}, 1);
    for (std::int64_t i = 0; i < gradients; ++i) fisher.add(g[i].view({3, 4}));
    for (std::int64_t first = 0; first < weights; first += block) {
      const std::int64_t size = std::min(block, weights - first);
      const at::Tensor part = g.narrow(1, first, size).to(at::kDouble);
      fishers.push_back(at::mm(part.t(), part) / gradients + damping * at::eye(size, at::kDouble));
    }
  }
};

TEST(WoodFisher, ShermanMorrisonAgainstTheDirectInverse) {
  const Fixture f;
  ASSERT_EQ(f.fisher.inverse().size(0), 3);
  for (std::size_t b = 0; b < f.fishers.size(); ++b) {
    const at::Tensor expected = at::linalg_inv(f.fishers[b]);
    const std::int64_t size = expected.size(0);
    const at::Tensor found =
        f.fisher.inverse()[static_cast<std::int64_t>(b)].narrow(0, 0, size).narrow(1, 0, size);
    EXPECT_LT(learn::distance(found.to(at::kDouble), expected), 1e-4 * expected.abs().max().item<double>())
        << b;
  }
}

TEST(WoodFisher, ScoresAndUpdateAreThoseOfEachBlock) {
  const Fixture f;
  const at::Tensor weight = learn::random({3, 4}, 2), flat = weight.flatten();
  const at::Tensor mask = at::tensor({1.F, 0.F, 0.F, 1.F, 1.F, 0.F, 0.F, 0.F, 0.F, 0.F, 1.F, 0.F});
  const at::Tensor scores = f.fisher.scores(weight).flatten();
  const at::Tensor updated = f.fisher.update(weight, mask.view({3, 4})).flatten();
  for (std::size_t b = 0; b < f.fishers.size(); ++b) {
    const std::int64_t first = static_cast<std::int64_t>(b) * block, size = f.fishers[b].size(0);
    const auto part = [&](const at::Tensor& tensor) { return tensor.narrow(0, first, size); };
    const at::Tensor expected =
        part(flat).square() / (2 * at::linalg_inv(f.fishers[b]).diagonal()).to(at::kFloat);
    EXPECT_TRUE(at::allclose(part(scores), expected, 1e-3)) << b;
    EXPECT_TRUE(at::allclose(part(updated), obs_update_row(part(flat), part(mask), f.fishers[b]), 1e-3, 1e-4))
        << b;
  }
}

TEST(WoodFisher, GradientsAreThoseOfSingleSamples) {
  learn::Model model = smooth_net();
  const Samples samples = make_samples(model, 2, 3);
  const auto loss = learn::find_loss("ce").loss;
  const auto fishers = block_fishers(model, {"a.weight"}, samples, loss, 100, 12, damping);
  at::Tensor fisher = damping * at::eye(12, at::kDouble);
  for (const auto& batch : samples)
    for (std::int64_t i = 0; i < 3; ++i) {
      const SampleBatch one{batch.frames.narrow(0, i, 1), batch.targets.narrow(0, i, 1), 1};
      const at::Tensor g =
          weight_gradients(model, {"a.weight"}, one, loss).at("a.weight").flatten().to(at::kDouble);
      fisher += at::outer(g, g) / 6;
    }
  const at::Tensor expected = at::linalg_inv(fisher);
  EXPECT_LT(learn::distance(fishers.at("a.weight").inverse()[0].to(at::kDouble), expected),
            1e-4 * expected.abs().max().item<double>());
}

TEST(WoodFisher, PruningSetsMaskAndMovesTheOthers) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  const Samples samples = make_samples(model, 2, 8);
  const Tensors before = copy_latents(model, names);
  prune_by(find_criterion("woodfisher"),
           {.model = model,
            .names = names,
            .samples = [&]() -> const Samples& { return samples; },
            .loss = learn::find_loss("ce").loss},
           0.5, find_scope("global"));
  EXPECT_DOUBLE_EQ(masked_fraction(model, names), 0.5);
  for (const auto& name : names) {
    const learn::Parameter& parameter = model.parameters().at(name);
    EXPECT_EQ((parameter.latent * (1 - parameter.mask)).abs().sum().item<double>(), 0.0) << name;
    EXPECT_GT(((parameter.latent - before.at(name)) * parameter.mask).abs().max().item<double>(), 0.0)
        << name;
    EXPECT_TRUE(parameter.latent.isfinite().all().item<bool>()) << name;
  }
}

}  // namespace
}  // namespace tern::compress
