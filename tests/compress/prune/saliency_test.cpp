// Criteria that look at gradients: snip, taylor, movement, grasp, obd.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compress/gradients.hpp"
#include "compress/prune/criteria/gauss_newton.hpp"
#include "compress/prune/criteria/hessian_vector.hpp"
#include "compress/prune/pruner.hpp"
#include "compress/prune/small_networks.hpp"
#include "learn/forward.hpp"

namespace tern::compress {
namespace {

/// y = w x with w = 1 under the squared error, and two samples that pull in opposite directions: g = -2
/// and 2.
struct OneWeight {
  learn::Model model = [] {
    net::Net net("one");
    net.add("x", "input", {}, {{"shape", net::Shape{1}}, {"time", false}});
    net.add("a", "linear", {"x"}, {{"out_features", 1}});
    learn::Model made(net, 1);
    const c10::NoGradGuard no_grad;
    made.parameter("a", "weight").latent.fill_(1.0F);
    return made;
  }();
  Samples samples{{at::ones({1, 1}), at::full({1, 1}, 2.0), 1}, {at::ones({1, 1}), at::zeros({1, 1}), 1}};
  std::vector<std::string> names{"a.weight"};

  double score(const std::string& criterion) {
    return score_weights(find_criterion(criterion),
                         {.model = model,
                          .names = names,
                          .samples = [this]() -> const Samples& { return samples; },
                          .loss = learn::find_loss("mse").loss})
        .at("a.weight")
        .item<double>();
  }
};

TEST(Saliency, OneWeightByHand) {
  OneWeight one;
  EXPECT_DOUBLE_EQ(one.score("snip"), 0.0) << "the mean gradient is zero";
  EXPECT_DOUBLE_EQ(one.score("taylor"), 4.0);
  EXPECT_DOUBLE_EQ(one.score("movement"), 0.0);
  EXPECT_NEAR(one.score("obd"), 1.0, 1e-6) << "h = 2";
  one.samples.pop_back();
  EXPECT_DOUBLE_EQ(one.score("snip"), 2.0);
  EXPECT_DOUBLE_EQ(one.score("movement"), 2.0) << "descent moves it away from zero";
  EXPECT_DOUBLE_EQ(one.score("grasp"), -4.0) << "w H g = 1 * 2 * -2";
}

TEST(Saliency, MovementReadsWhatTrainingHasAccumulated) {
  OneWeight one;
  one.model.parameter("a", "weight").state["movement"] = at::full({1, 1}, 0.75);
  EXPECT_DOUBLE_EQ(one.score("movement"), 0.75);
}

double loss_of(learn::Model& model, const Samples& samples) {
  const c10::NoGradGuard no_grad;
  double sum = 0;
  for (const auto& batch : samples)
    sum +=
        learn::find_loss("ce").loss(learn::forward(model, batch.frames, 1, {}), batch.targets).item<double>();
  return sum / static_cast<double>(samples.size());
}

TEST(Saliency, SnipAgainstFiniteDifferences) {
  learn::Model model = residual_net("silu");
  const Samples samples = make_samples(model, 2, 8);
  const Scores scores = scores_of("snip", model, samples);
  for (const auto& name : model.weight_names()) {
    const at::Tensor latent = model.parameters().at(name).latent.detach();
    float* data = latent.data_ptr<float>();
    for (std::int64_t i = 0; i < latent.numel(); i += 37) {
      const float w = data[i], epsilon = 0.02F;
      data[i] = w + epsilon;
      const double above = loss_of(model, samples);
      data[i] = w - epsilon;
      const double below = loss_of(model, samples);
      data[i] = w;
      const double expected = std::abs(w * (above - below) / (2 * epsilon));
      EXPECT_NEAR(scores.at(name).flatten()[i].item<double>(), expected, 2e-3 * std::abs(w))
          << name << " " << i;
    }
  }
}

/// Issue: SNIP implementations froze the weights that stay instead of masking those that go.
TEST(Saliency, Pitfall3SnipMasksInsteadOfFreezing) {
  learn::Model model = residual_net();
  const auto names = model.weight_names();
  const Samples samples = make_samples(model, 1, 8);
  prune(model, scores_of("snip", model, samples), names, 0.8, find_scope("global"));
  learn::ForwardOptions options;
  options.training = true;
  for (int step = 0; step < 2; ++step) {
    const auto& batch = samples[0];
    learn::find_loss("ce").loss(learn::forward(model, batch.frames, 1, options), batch.targets).backward();
    const c10::NoGradGuard no_grad;
    for (const auto& name : names) {
      learn::Parameter& parameter = model.parameters().at(name);
      ASSERT_TRUE(parameter.latent.requires_grad()) << name;
      const at::Tensor before = parameter.latent.clone();
      parameter.latent.sub_(parameter.latent.grad(), 0.1);
      const at::Tensor moved = (parameter.latent - before).ne(0).to(at::kFloat);
      EXPECT_EQ((moved * (1 - parameter.mask)).sum().item<double>(), 0.0) << name << ": pruned weights rest";
      EXPECT_GT(moved.sum().item<double>(), 0.5 * parameter.mask.sum().item<double>())
          << name << ": the others train";
      parameter.latent.mutable_grad().zero_();
    }
  }
  EXPECT_NEAR(masked_fraction(model, names), 0.8, 0.5 / 912);
}

/// Column i of the Hessian over all weights together, from differences of gradients.
std::vector<double> hessian_column(learn::Model& model, const Samples& samples, const std::string& name,
                                   std::int64_t i) {
  const auto names = model.weight_names();
  const at::Tensor latent = model.parameters().at(name).latent.detach();
  const float epsilon = 5e-3F, w = latent.data_ptr<float>()[i];
  const auto gradients = [&](float value) {
    latent.data_ptr<float>()[i] = value;
    return weight_gradients(model, names, samples, learn::find_loss("ce").loss);
  };
  const auto above = gradients(w + epsilon), below = gradients(w - epsilon);
  latent.data_ptr<float>()[i] = w;
  std::vector<double> column;
  for (const auto& other : names) {
    const at::Tensor values = ((above.at(other) - below.at(other)) / (2 * epsilon)).flatten();
    for (std::int64_t j = 0; j < values.numel(); ++j) column.push_back(values[j].item<double>());
  }
  return column;
}

TEST(Saliency, GraspAgainstTheExplicitHessian) {
  learn::Model model = smooth_net();
  const auto names = model.weight_names();
  const Samples samples = make_samples(model, 2, 5);
  std::vector<double> gradient;
  for (const auto& name : names) {
    const at::Tensor g =
        weight_gradients(model, names, samples, learn::find_loss("ce").loss).at(name).flatten();
    for (std::int64_t i = 0; i < g.numel(); ++i) gradient.push_back(g[i].item<double>());
  }
  const Scores scores = scores_of("grasp", model, samples);
  double largest = 0;
  for (const auto& name : names) {
    const at::Tensor latent = model.parameters().at(name).latent.detach().flatten();
    for (std::int64_t i = 0; i < latent.numel(); ++i) {
      const auto column = hessian_column(model, samples, name, i);
      const double product = std::inner_product(column.begin(), column.end(), gradient.begin(), 0.0);
      const double expected = latent[i].item<double>() * product;
      EXPECT_NEAR(scores.at(name).flatten()[i].item<double>(), expected, 2e-4) << name << " " << i;
      largest = std::max(largest, std::abs(expected));
    }
  }
  EXPECT_GT(largest, 2e-3) << "the comparison says something";
}

TEST(Saliency, HessianVectorThroughPoolsNormsAndConvolutions) {
  learn::Model model = residual_net("silu");
  const auto names = model.weight_names();
  const Samples samples = make_samples(model, 1, 1);  // few windows, so that no maximum changes its place
  const auto loss = learn::find_loss("ce").loss;
  Tensors direction;
  for (const auto& name : names)
    direction[name] = learn::random(model.parameters().at(name).latent.sizes(), 21);
  const Tensors product = hessian_vector(model, names, samples, loss, direction);
  const float epsilon = 3e-4F;
  const auto shifted = [&](float by) {
    const c10::NoGradGuard no_grad;
    for (const auto& name : names) model.parameters().at(name).latent.add_(direction.at(name), by);
  };
  shifted(epsilon);
  const auto above = weight_gradients(model, names, samples, loss);
  shifted(-2 * epsilon);
  const auto below = weight_gradients(model, names, samples, loss);
  for (const auto& name : names) {
    const at::Tensor expected = (above.at(name) - below.at(name)) / (2 * epsilon);
    EXPECT_LT((product.at(name) - expected).norm().item<double>(), 0.02 * expected.norm().item<double>())
        << name;
  }
}

TEST(Saliency, GaussNewtonOfTwoClassesIsExact) {
  // One sample and two classes: diag = p (1 - p) x_i^2 for both rows, and one sign says all.
  net::Net net("softmax");
  net.add("x", "input", {}, {{"shape", net::Shape{3}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 2}});
  learn::Model model(net, 4);
  const Samples samples = make_samples(model, 1, 1);
  const at::Tensor x = samples[0].frames[0];
  const double p = at::softmax(learn::forward(model, samples[0].frames, 1, {}), 1)[0][0].item<double>();
  const auto diagonal =
      gauss_newton_diagonal(model, {"a.weight"}, samples, learn::find_loss("ce").loss, 1, 9).at("a.weight");
  EXPECT_LT(learn::distance(diagonal, (x.square() * p * (1 - p)).unsqueeze(0).expand({2, 3})), 1e-6);
}

TEST(Saliency, GaussNewtonOfManySamplesOnAverage) {
  // A linear softmax classifier: diag of row k = mean of p_k (1 - p_k) x_i^2, which is its Hessian too.
  net::Net net("softmax");
  net.add("x", "input", {}, {{"shape", net::Shape{3}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 4}});
  learn::Model model(net, 4);
  const Samples samples = make_samples(model, 2, 6);
  at::Tensor expected = at::zeros({4, 3});
  for (const auto& batch : samples) {
    const at::Tensor p = at::softmax(learn::forward(model, batch.frames, 1, {}), 1).detach();
    expected += at::matmul((p * (1 - p)).t(), batch.frames.square()) / 12;
  }
  const auto diagonal =
      gauss_newton_diagonal(model, {"a.weight"}, samples, learn::find_loss("ce").loss, 2000, 9)
          .at("a.weight");
  // The estimate's relative deviation is at most sqrt(2 / probes) = 3%.
  EXPECT_LT(((diagonal - expected) / expected).abs().max().item<double>(), 0.12);
}

}  // namespace
}  // namespace tern::compress
