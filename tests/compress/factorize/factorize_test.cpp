#include "compress/factorize/factorize.hpp"

#include "base/error.hpp"
#include "compress/factorize/evbmf.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"
#include "zoo/architecture.hpp"

namespace tern::compress {
namespace {

using Ints = std::vector<std::int64_t>;

/// One convolution 6 -> 10 with everything that a chain must carry: stride, padding, dilation, bias.
net::Net conv_net(Ints kernel) {
  net::Net net("conv");
  net.add("x", "input", {}, {{"shape", Ints{6, 11, 12}}, {"time", false}});
  net.add("a", "conv2d", {"x"},
          {{"out_channels", std::int64_t{10}}, {"kernel", kernel}, {"stride", Ints{2, 1}}, {"padding", Ints{1, 2}},
           {"dilation", Ints{1, 2}}, {"bias", true}});
  return net;
}

at::Tensor run(learn::Model& model, const at::Tensor& frames) {
  const c10::NoGradGuard no_grad;
  return learn::forward(model, frames, 1, {});
}

/// The kernel that a chain computes, read off by unit impulses: composed weights, as [oc, ic, kh, kw].
at::Tensor composed(const std::vector<FactorLayer>& chain) {
  at::Tensor kernel = chain[0].weight;
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const at::Tensor& next = chain[i].weight;  // [o, r, a, b] after [r, c, d, e]: their extents add up
    kernel = at::einsum("orab,rcde->ocadbe", {next, kernel})
                 .reshape({next.size(0), kernel.size(1), next.size(2) * kernel.size(2), next.size(3) * kernel.size(3)});
  }
  return kernel;
}

struct Layer {
  net::Net net;
  const FactorizationRow& row;
  at::Tensor kernel;
  Layer(std::string_view method, Ints extents)
      : net(conv_net(extents)), row(find_factorization(method)),
        kernel(learn::random({10, 6, extents[0], extents[1]}, 4)) {}
  double squared_error(const Ints& ranks) const {
    const auto chain = row.factors(net.context(net.node("a")), kernel, ranks);
    return (composed(chain) - kernel.to(at::kDouble)).square().sum().item<double>();
  }
};

TEST(Factorization, FullRankReproducesTheLayer) {
  for (const auto& [method, extents] : {std::pair{"svd", Ints{1, 1}}, std::pair{"spatial-svd", Ints{3, 3}}, std::pair{"tucker2", Ints{3, 3}}}) {
    learn::Model model(conv_net(extents), 3);
    const FactorizationRow& row = find_factorization(method);
    const net::Node& node = model.net().node("a");
    const at::Tensor kernel = model.parameter("a", "weight").latent;
    Ints full;
    for (const auto& spectrum : row.spectra(kernel)) full.push_back(spectrum.numel());
    at::Tensor x = learn::random({2, 6, 11, 12}, 5), expected = run(model, x);
    for (const auto& link : row.factors(model.net().context(node), kernel.detach(), full)) {
      net::Net one("one");
      one.add("x", "input", {}, {{"shape", x.sizes().slice(1).vec()}, {"time", false}});
      one.add("link", "conv2d", {"x"}, link.attributes);
      learn::Model part(one, 1);
      const c10::NoGradGuard no_grad;
      part.parameter("link", "weight").latent.copy_(link.weight);
      x = run(part, x);
    }
    x = x + model.parameter("a", "bias").latent.detach().view({1, -1, 1, 1});
    EXPECT_LT(learn::distance(x, expected), 1e-5) << method;
  }
}

TEST(Factorization, SvdErrorIsTheDiscardedSpectrum) {
  for (const auto& [method, extents] : {std::pair{"svd", Ints{1, 1}}, std::pair{"spatial-svd", Ints{3, 3}}}) {
    const Layer layer(method, extents);
    const at::Tensor spectrum = layer.row.spectra(layer.kernel)[0];
    for (const std::int64_t rank : {1, 3, 5})
      EXPECT_NEAR(layer.squared_error({rank}), spectrum.slice(0, rank).sum().item<double>(), 1e-4) << method;
  }
}

TEST(Factorization, TuckerErrorIsWithinTheDiscardedSpectra) {
  const Layer layer("tucker2", {3, 3});
  const auto spectra = layer.row.spectra(layer.kernel);
  for (const auto& ranks : {Ints{2, 4}, Ints{5, 3}, Ints{6, 7}}) {
    const double in = spectra[0].slice(0, ranks[0]).sum().item<double>();
    const double out = spectra[1].slice(0, ranks[1]).sum().item<double>();
    EXPECT_LE(layer.squared_error(ranks), in + out + 1e-6);  // De Lathauwer et al. 2000, property 10
    EXPECT_GE(layer.squared_error(ranks), std::max(in, out) - 1e-6);
  }
}

TEST(Evbmf, FindsThePlantedRank) {
  for (const std::int64_t rank : {0, 1, 4, 9}) {
    at::Tensor matrix = 0.5 * learn::random({40, 90}, 8);
    if (rank > 0) matrix = matrix + at::matmul(learn::random({40, rank}, 6), learn::random({rank, 90}, 7));
    EXPECT_EQ(evbmf_rank(matrix), rank);
    EXPECT_EQ(evbmf_rank(matrix.t()), rank);
    EXPECT_EQ(evbmf_rank(1e-3 * matrix), rank);
  }
  EXPECT_EQ(evbmf_rank(at::zeros({5, 7})), 0);
}

net::Net two_linear() {
  net::Net net("two");
  net.add("x", "input", {}, {{"shape", Ints{30}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", std::int64_t{40}}, {"bias", true}});
  net.add("act", "relu", {"a"});
  net.add("b", "linear", {"act"}, {{"out_features", std::int64_t{3}}});
  return net;
}

TEST(Factorize, LowRankLayersAreReplacedExactlyAndOthersStay) {
  learn::Model model(two_linear(), 3);
  {
    const c10::NoGradGuard no_grad;
    model.parameter("a", "weight").latent.copy_(at::matmul(learn::random({40, 4}, 1), learn::random({4, 30}, 2)));
  }
  Factorized result = factorize(model, {.method = "svd", .rule = RankRule::energy, .target = 0.999999});
  EXPECT_EQ(result.model.net().type("a_in").shape, net::Shape{4});
  EXPECT_FALSE(result.model.net().contains("b_in"));  // rank 3 of 3 x 40 would cost more
  ASSERT_EQ(result.notes.size(), 2U);
  EXPECT_EQ(result.notes[1], "b: stays, rank 3 would need 129 MACs instead of 120");
  const at::Tensor frames = learn::random({5, 30}, 9);
  EXPECT_LT(learn::distance(run(model, frames), run(result.model, frames)), 5e-5);
}

TEST(Factorize, MeetsTheMacsOfArchitectures) {
  for (const auto& [name, method, target] : {std::tuple{"resnet20", "tucker2", 0.5}, std::tuple{"resnet20", "spatial-svd", 0.6}}) {
    const learn::Model model(zoo::find_architecture(name).build({.input_shape = {3, 16, 16}}), 1);
    Factorized result = factorize(model, {.method = method, .rule = RankRule::macs, .target = target});
    const double fraction = static_cast<double>(net::totals(result.model.net()).macs_per_step) /
                            static_cast<double>(net::totals(model.net()).macs_per_step);
    EXPECT_LE(fraction, target) << method;
    EXPECT_GT(fraction, target - 0.07) << method;
    EXPECT_TRUE(run(result.model, learn::random({2, 3, 16, 16}, 3)).isfinite().all().item<bool>());
  }
}

TEST(Factorize, RefusesWhatItCannotDo) {
  const learn::Model model(two_linear(), 3);
  EXPECT_THROW(factorize(model, {.method = "tucker2"}), Error);  // no convolution
  EXPECT_THROW(factorize(model, {.method = "svd", .target = 0.01}), Error);
  EXPECT_THROW(factorize(model, {.method = "svdd"}), Error);
}

}  // namespace
}  // namespace tern::compress
