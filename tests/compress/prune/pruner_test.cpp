#include "compress/prune/pruner.hpp"

#include <cmath>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "compress/prune/small_networks.hpp"

namespace tern::compress {
namespace {

/// A gate that does nothing but have a log(alpha).
class OpenGate : public learn::WeightGate {
 public:
  explicit OpenGate(at::Tensor log_alpha) : log_alpha_(std::move(log_alpha)) {}
  at::Tensor apply(const at::Tensor& weight, bool, std::uint64_t) override { return weight; }
  std::map<std::string, at::Tensor> tensors() override { return {{"log_alpha", log_alpha_}}; }
  std::string spec() const override { return "open"; }

 private:
  at::Tensor log_alpha_;
};

/// Signs: one bit, so that zero does not map to zero.
class SignQuantizer : public learn::WeightQuantizer {
 public:
  std::string name() const override { return "sign"; }
  int bits() const override { return 1; }
  at::Tensor quantize(const at::Tensor& weight) override { return signs(weight); }
  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    return {signs(weight), at::ones({}), {}};
  }
  std::map<std::string, at::Tensor> tensors() override { return {}; }
  std::string spec() const override { return "sign"; }

 private:
  static at::Tensor signs(const at::Tensor& weight) { return weight.ge(0).to(at::kFloat) * 2 - 1; }
};

std::int64_t zeros_of(const learn::Model& model, const std::vector<std::string>& names) {
  std::int64_t zeros = 0;
  for (const auto& name : names) zeros += model.parameters().at(name).mask.eq(0).sum().item<std::int64_t>();
  return zeros;
}

std::int64_t largest_unit(const MaskShape& shape, const at::Tensor& weight) {
  if (shape.name == "element") return 1;
  if (shape.name == "nm") return shape.m - shape.n;
  if (shape.name == "block") return shape.m;
  return weight.numel() / (shape.name == "kernel" ? weight.size(0) * weight.size(1) : weight.size(0));
}

/// How far from the asked number of zeros the units may leave the whole.
std::int64_t allowance(const learn::Model& model, const MaskShape& shape, bool is_global) {
  std::int64_t sum = 0, most = 0;
  for (const auto& name : model.weight_names()) {
    const std::int64_t unit = largest_unit(shape, model.parameters().at(name).latent);
    sum += unit;
    most = std::max(most, unit);
  }
  return shape.name == "element" ? 0 : is_global ? most / 2 : sum;
}

TEST(Pruner, EveryCriterionScopeAndShapeReachesItsSparsity) {
  learn::Model scored = residual_net();
  const auto names = scored.weight_names();
  const Samples samples = make_samples(scored, 2, 6);
  for (const auto& criterion : criterion_table()) {
    for (const auto& name : names) {
      learn::Parameter& parameter = scored.parameters().at(name);
      parameter.gate = std::make_shared<OpenGate>(learn::random(parameter.latent.sizes(), 11));
    }
    const Scores scores = scores_of(criterion.info.name, scored, samples, 0.25);
    for (const auto& scope : scope_table())
      for (const char* text : {"element", "2:4", "1x4", "kernel", "channel"})
        for (const double sparsity : {0.25, 0.6}) {
          const MaskShape shape = parse_mask_shape(text);
          if (sparsity > max_sparsity(shape)) continue;
          SCOPED_TRACE(fmt::format("{} {} {} {}", criterion.info.name, scope.info.name, text, sparsity));
          learn::Model model = residual_net();
          prune(model, scores, names, sparsity, scope, shape);
          EXPECT_NEAR(static_cast<double>(zeros_of(model, names)), std::llround(sparsity * 912),
                      static_cast<double>(allowance(model, shape, scope.densities == nullptr)));
          for (const auto& name : names) {
            const learn::Parameter& parameter = model.parameters().at(name);
            EXPECT_EQ((parameter.latent * (1 - parameter.mask)).abs().sum().item<double>(), 0.0) << name;
          }
        }
  }
}

TEST(Pruner, TheLowestScoresGo) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  Scores scores;
  for (const auto& name : names)
    scores[name] = learn::random(model.parameters().at(name).latent.sizes(), names.size());
  prune(model, scores, names, 0.6, find_scope("global"));
  double most_pruned = -1e9, least_kept = 1e9;
  for (const auto& name : names) {
    const at::Tensor& mask = model.parameters().at(name).mask;
    most_pruned = std::max(most_pruned, scores[name].masked_select(mask.eq(0)).max().item<double>());
    least_kept = std::min(least_kept, scores[name].masked_select(mask.ne(0)).min().item<double>());
  }
  EXPECT_LE(most_pruned, least_kept);
}

TEST(Pruner, MasksOnlyGrowUnlessAskedToRegrow) {
  for (const char* shape : {"element", "2:4", "1x4", "kernel", "channel"}) {
    SCOPED_TRACE(shape);
    learn::Model model = residual_net();
    const auto names = model.weight_names();
    const auto random_scores = [&](std::uint64_t seed) {
      return score_weights(find_criterion("random"), {.model = model, .names = names, .seed = seed});
    };
    prune(model, random_scores(1), names, 0.2, find_scope("global"), parse_mask_shape(shape));
    const at::Tensor first = model.parameters().at("conv2.weight").mask.clone();
    prune(model, random_scores(2), names, 0.4, find_scope("global"), parse_mask_shape(shape));
    const at::Tensor second = model.parameters().at("conv2.weight").mask.clone();
    EXPECT_EQ((second * (1 - first)).sum().item<double>(), 0.0);
    prune(model, random_scores(3), names, 0.1, find_scope("global"), parse_mask_shape(shape));
    EXPECT_TRUE(at::equal(model.parameters().at("conv2.weight").mask, second))
        << "less than there is: nothing changes";
    prune(model, random_scores(4), names, 0.4, find_scope("global"), parse_mask_shape(shape), true);
    EXPECT_GT((model.parameters().at("conv2.weight").mask * (1 - second)).sum().item<double>(), 0.0);
    EXPECT_NEAR(masked_fraction(model, names), 0.4, 36.0 / 912);
  }
}

TEST(Pruner, LatentsLiveOnUnderABackwardMask) {
  learn::Model model = residual_net();
  learn::Parameter& parameter = model.parameter("conv2", "weight");
  const at::Tensor before = parameter.latent.detach().clone();
  parameter.backward_mask = at::ones_like(before);
  const std::vector<std::string> names{"conv2.weight"};
  prune(model, {{"conv2.weight", before.abs()}}, names, 0.5, find_scope("global"));
  EXPECT_TRUE(at::equal(parameter.latent, before));
  EXPECT_DOUBLE_EQ(masked_fraction(model, names), 0.5);
  EXPECT_EQ(parameter.effective().eq(0).sum().item<std::int64_t>(), 288);
}

TEST(Pruner, NofMHoldsInEveryGroup) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  const Scores scores = scores_of("magnitude", model, {});
  prune(model, scores, names, 0.5, find_scope("local"), parse_mask_shape("2:4"));
  for (const auto& name : names) {
    const at::Tensor& mask = model.parameters().at(name).mask;
    const at::Tensor groups = mask.view({mask.size(0), mask.size(1) / 4, 4, -1});
    EXPECT_TRUE(groups.sum(2).eq(2).all().item<bool>()) << name;
    const at::Tensor sizes = scores.at(name).view(groups.sizes());
    const at::Tensor least_kept = sizes.masked_fill(groups.eq(0), 1e9).amin(2);
    EXPECT_TRUE(least_kept.ge((sizes * (1 - groups)).amax(2)).all().item<bool>()) << name;
  }
}

TEST(Pruner, UnitsGoAsAWhole) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  const Scores scores = scores_of("magnitude", model, {});
  prune(model, scores, names, 0.6, find_scope("global"), parse_mask_shape("1x4"));
  const at::Tensor blocks = model.parameter("conv2", "weight").mask.view({2, 4, 8, 3, 3}).sum(1);
  EXPECT_TRUE((blocks.eq(0) | blocks.eq(4)).all().item<bool>());
  const at::Tensor tail =
      model.parameter("fc", "weight").mask.slice(0, 4, 6).sum(0);  // 6 outputs: a block of 2
  EXPECT_TRUE((tail.eq(0) | tail.eq(2)).all().item<bool>());

  learn::Model kernels = residual_net();
  prune(kernels, scores, names, 0.6, find_scope("global"), parse_mask_shape("kernel"));
  const at::Tensor slices = kernels.parameter("conv1", "weight").mask.flatten(2).sum(2);
  EXPECT_TRUE((slices.eq(0) | slices.eq(9)).all().item<bool>());
}

TEST(Pruner, RefusesWhatItCannotReach) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  Scores scores = scores_of("magnitude", model, {});
  const auto attempt = [&](double sparsity, const char* scope, const char* shape) {
    prune(model, scores, names, sparsity, find_scope(scope), parse_mask_shape(shape));
  };
  EXPECT_THROW(attempt(1.0, "global", "element"), Error);
  EXPECT_THROW(attempt(-0.1, "global", "element"), Error);
  EXPECT_THROW(attempt(0.6, "local", "2:4"), Error);
  EXPECT_THROW(attempt(0.5, "erk", "2:4"), Error) << "one layer would need more than half";
  EXPECT_THROW(attempt(0.5, "local", "2:3"), Error);
  scores["conv1.weight"] =
      scores["conv1.weight"].clone().index_put_({at::zeros({1}, at::kLong)}, at::full({}, std::nanf("")));
  EXPECT_THROW(attempt(0.5, "global", "element"), Error);
  for (const auto& name : names)
    EXPECT_FALSE(model.parameters().at(name).mask.defined()) << "nothing was changed";
}

/// Issue: quantize(mask * w) must map 0 to 0, also with one bit, whose codes know no zero.
TEST(Pruner, Pitfall5PrunedWeightsStayZeroBehindAQuantizer) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  prune(model, scores_of("magnitude", model, {}), names, 0.7, find_scope("global"));
  for (const auto& name : names) {
    learn::Parameter& parameter = model.parameters().at(name);
    parameter.quantizer = std::make_shared<SignQuantizer>();
    for (const at::Tensor& values : {parameter.effective(true), parameter.effective(), parameter.stored()}) {
      EXPECT_EQ((values * (1 - parameter.mask)).abs().sum().item<double>(), 0.0) << name;
      EXPECT_TRUE((values.abs() + 1 - parameter.mask).eq(1).all().item<bool>()) << name;
    }
  }
}

/// Issue: layers of a residual block were skipped or pruned twice, so that the ratio over the network was
/// missed.
TEST(Pruner, Pitfall14ResidualLayersAreCountedOnce) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  ASSERT_EQ(names, (std::vector<std::string>{"conv1.weight", "conv2.weight", "fc.weight"}));
  prune(model, scores_of("magnitude", model, {}), names, 0.5, find_scope("local"));
  for (const auto& name : names) EXPECT_DOUBLE_EQ(masked_fraction(model, {name}), 0.5);
}

}  // namespace
}  // namespace tern::compress
