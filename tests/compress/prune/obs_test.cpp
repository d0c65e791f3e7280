#include "compress/prune/criteria/obs.hpp"

#include "base/error.hpp"
#include "compress/prune/criteria/input_moments.hpp"
#include "compress/prune/pruner.hpp"
#include "compress/prune/small_networks.hpp"
#include "learn/forward.hpp"

namespace tern::compress {
namespace {

at::Tensor positive_definite(std::int64_t size, std::uint64_t seed) {
  const at::Tensor x = learn::random({2 * size, size}, seed).to(at::kDouble);
  return at::mm(x.t(), x) / static_cast<double>(size) + 0.1 * at::eye(size, at::kDouble);
}

/// (w' - w)^T H (w' - w) / 2 over all rows.
double error(const at::Tensor& changed, const at::Tensor& weight, const at::Tensor& hessian) {
  const at::Tensor delta = (changed - weight).to(at::kDouble);
  return (at::mm(delta, hessian) * delta).sum().item<double>() / 2;
}

TEST(Obs, OneWeightAgainstTheExactInverse) {
  const at::Tensor hessian = positive_definite(6, 1), weight = learn::random({6}, 2);
  const at::Tensor inverse = at::linalg_inv(hessian);
  for (std::int64_t q = 0; q < 6; ++q) {
    at::Tensor mask = at::ones({6});
    mask[q] = 0;
    const at::Tensor expected = weight.to(at::kDouble) - weight[q].item<double>() /
                                                             inverse[q][q].item<double>() *
                                                             inverse.select(1, q);
    const at::Tensor updated = obs_update_row(weight, mask, hessian);
    EXPECT_LT(learn::distance(updated.to(at::kDouble), expected), 1e-5) << q;
    const double cost = weight[q].square().item<double>() / (2 * inverse[q][q].item<double>());
    EXPECT_NEAR(error(updated.unsqueeze(0), weight.unsqueeze(0), hessian), cost, 1e-5)
        << "the score is that error";
  }
}

TEST(Obs, ManyWeightsAreTheLeastSquaresSolution) {
  const at::Tensor hessian = positive_definite(8, 3), weight = learn::random({8}, 4);
  const at::Tensor mask = at::tensor({1.F, 0.F, 1.F, 1.F, 0.F, 0.F, 1.F, 0.F});
  const at::Tensor updated = obs_update_row(weight, mask, hessian);
  EXPECT_EQ((updated * (1 - mask)).abs().sum().item<double>(), 0.0);
  const double best = error(updated.unsqueeze(0), weight.unsqueeze(0), hessian);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const at::Tensor other = updated + learn::random({8}, seed) * mask * 0.05;
    EXPECT_GT(error(other.unsqueeze(0), weight.unsqueeze(0), hessian), best);
  }
}

TEST(Obs, FirstRemovalOfALayerAgainstBruteForce) {
  const at::Tensor hessian = positive_definite(5, 5), weight = learn::random({3, 5}, 6);
  double best = 1e9;
  for (std::int64_t r = 0; r < 3; ++r)
    for (std::int64_t q = 0; q < 5; ++q) {
      at::Tensor mask = at::ones({3, 5}), changed = weight.clone();
      mask[r][q] = 0;
      changed[r].copy_(obs_update_row(weight[r], mask[r], hessian));
      best = std::min(best, error(changed, weight, hessian));
    }
  const at::Tensor pruned = obs_prune_layer(weight, hessian, 1);
  EXPECT_EQ(pruned.eq(0).sum().item<std::int64_t>(), 1);
  EXPECT_NEAR(error(pruned, weight, hessian), best, 1e-5);
}

TEST(Obs, LaterRemovalsAgainstInversesMadeAnew) {
  // Every step inverts H over the weights that are left, in the row that has the cheapest one.
  const at::Tensor hessian = positive_definite(6, 7), weight = learn::random({2, 6}, 8);
  at::Tensor mask = at::ones({2, 6}), current = weight.clone();
  for (int step = 0; step < 7; ++step) {
    double best = 1e9;
    std::int64_t best_row = 0, best_column = 0;
    for (std::int64_t r = 0; r < 2; ++r) {
      const at::Tensor kept = mask[r].nonzero().flatten();
      const at::Tensor inverse = at::linalg_inv(hessian.index_select(0, kept).index_select(1, kept));
      for (std::int64_t k = 0; k < kept.numel(); ++k) {
        const std::int64_t q = kept[k].item<std::int64_t>();
        const double cost = current[r][q].square().item<double>() / (2 * inverse[k][k].item<double>());
        if (cost < best) best = cost, best_row = r, best_column = q;
      }
    }
    mask[best_row][best_column] = 0;
    current[best_row].copy_(obs_update_row(weight[best_row], mask[best_row], hessian));
  }
  const at::Tensor pruned = obs_prune_layer(weight, hessian, 7);
  EXPECT_TRUE(at::equal(pruned.ne(0).to(at::kFloat), mask));
  EXPECT_LT(learn::distance(pruned, current), 1e-5);
}

TEST(Obs, MomentsAreTheHessianOfTheOutputError) {
  // Grouped, strided, padded: for a change d of a filter, d^T H d / 2 is the mean square of the change of its
  // outputs.
  net::Net net("grouped");
  net.add("x", "input", {}, {{"shape", net::Shape{4, 7, 7}}, {"time", false}});
  net.add("conv", "conv2d", {"x"},
          {{"out_channels", 6}, {"kernel", 3}, {"padding", 1}, {"stride", 2}, {"groups", 2}});
  learn::Model model(net, 1);
  const Samples samples = [] {
    Samples made;
    for (std::uint64_t b = 0; b < 2; ++b)
      made.push_back({learn::random({10, 4, 7, 7}, b), at::zeros({10, 6}), 1});
    return made;
  }();
  const auto blocks = input_moments(model, {"conv.weight"}, samples).at("conv.weight");
  ASSERT_EQ(blocks.size(), 2U);
  const c10::NoGradGuard no_grad;
  at::Tensor& latent = model.parameter("conv", "weight").latent;
  latent.copy_(learn::random({6, 2, 3, 3}, 3));
  at::Tensor squares = at::zeros({6});
  for (const auto& batch : samples)
    squares += learn::forward(model, batch.frames, 1, {}).square().mean(at::IntArrayRef{0, 2, 3}) / 2;
  for (const auto& block : blocks) {
    const double undamped = block.hessian.diagonal().mean().item<double>() / 1.01;
    const at::Tensor hessian = block.hessian - at::eye(18, at::kDouble) * (0.01 * undamped);
    for (std::int64_t r = block.row; r < block.row + block.rows; ++r) {
      const at::Tensor d = latent[r].flatten().to(at::kDouble);
      EXPECT_NEAR(at::dot(d, at::mv(hessian, d)).item<double>() / 2, squares[r].item<double>(),
                  1e-4 * squares[r].item<double>());
    }
  }
}

TEST(Obs, CompensationBringsTheOutputNearer) {
  const learn::Model dense = residual_net();
  const Samples samples = make_samples(dense, 2, 16);
  const std::vector<std::string> names{"conv1.weight"};
  const auto output_of_conv1 = [&](learn::Model model) {
    at::Tensor seen;
    learn::ForwardOptions options;
    options.observer = [&](const net::Node& node, const at::Tensor& value) {
      if (node.name == "conv1") seen = value;
    };
    const c10::NoGradGuard no_grad;
    learn::forward(model, samples[0].frames, 1, options);
    return seen;
  };
  const at::Tensor target = output_of_conv1(dense);
  std::map<bool, double> distances;
  for (const bool with_update : {false, true}) {
    learn::Model model = dense.clone_without_quantizers();
    CriterionRow row = find_criterion("obs");
    if (!with_update) row.compensate = nullptr;
    prune_by(row,
             {.model = model,
              .names = names,
              .samples = [&]() -> const Samples& { return samples; },
              .loss = learn::find_loss("ce").loss},
             0.6, find_scope("local"));
    const learn::Parameter& parameter = model.parameter("conv1", "weight");
    EXPECT_EQ((parameter.latent * (1 - parameter.mask)).abs().sum().item<double>(), 0.0);
    distances[with_update] = (output_of_conv1(model) - target).square().mean().item<double>();
  }
  EXPECT_LT(distances[true], distances[false]);
}

TEST(Obs, RefusesKernelsItCannotSeeThrough) {
  net::Net net("attention", 4);
  net.add("x", "input", {}, {{"shape", net::Shape{2, 4, 4}}});
  net.add("tcja", "tcja", {"x"});
  net.add("mean", "mean_time", {"tcja"});
  learn::Model model(net, 1);
  EXPECT_THROW(input_moments(model, {"tcja.time_weight"}, {}), Error);
}

}  // namespace
}  // namespace tern::compress
