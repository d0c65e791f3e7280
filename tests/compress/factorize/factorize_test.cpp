#include "compress/factorize/factorize.hpp"

#include "base/error.hpp"
#include "compress/factorize/canonical_polyadic.hpp"
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

/// A link's kernel with one group: depthwise ones are diagonal.
at::Tensor dense(const FactorLayer& link) {
  const auto groups = link.attributes.find("groups");
  if (groups == link.attributes.end() || std::get<std::int64_t>(groups->second) == 1) return link.weight;
  return at::diag_embed(link.weight.squeeze(1).permute({1, 2, 0})).permute({2, 3, 0, 1});
}

/// The kernel that a chain computes: composed weights, as [oc, ic, kh, kw].
at::Tensor composed(const std::vector<FactorLayer>& chain) {
  at::Tensor kernel = chain[0].weight;
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const at::Tensor next = dense(chain[i]);  // [o, r, a, b] after [r, c, d, e]: their extents add up
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
  for (const auto& [method, extents] : {std::pair{"svd", Ints{1, 1}}, std::pair{"spatial-svd", Ints{3, 3}}, std::pair{"tucker2", Ints{3, 3}},
                                          std::pair{"cp", Ints{3, 3}}, std::pair{"cp", Ints{2, 3}}, std::pair{"tensor-train", Ints{3, 2}}}) {
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

TEST(Factorization, TensorTrainErrorIsWithinTheDiscardedSpectra) {
  const Layer layer("tensor-train", {3, 3});
  const auto spectra = layer.row.spectra(layer.kernel);
  for (const auto& ranks : {Ints{2, 4, 5}, Ints{5, 9, 7}, Ints{6, 18, 3}, Ints{1, 3, 9}}) {
    ASSERT_EQ(layer.row.usable(layer.kernel, ranks), ranks);
    double sum = 0, largest = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const double lost = spectra[i].slice(0, ranks[i]).sum().item<double>();
      sum += lost;
      largest = std::max(largest, lost);
    }
    const double error = layer.squared_error(ranks);
    EXPECT_LE(error, sum + 1e-6);  // Oseledets 2011, theorem 2.2
    EXPECT_GE(error, largest - 1e-6);
  }
  EXPECT_EQ(layer.row.usable(layer.kernel, {2, 18, 10}), (Ints{2, 6, 10}));
  EXPECT_EQ(layer.row.usable(layer.kernel, {1, 18, 10}), (Ints{1, 3, 9}));
}

TEST(Factorization, CpFindsPlantedTerms) {
  for (const std::int64_t rank : {1, 2}) {
    Layer layer("cp", {3, 3});
    layer.kernel = at::einsum("or,ir,yr,xr->oiyx", {learn::random({10, rank}, 1), learn::random({6, rank}, 2),
                                                    learn::random({3, rank}, 3), learn::random({3, rank}, 4)});
    EXPECT_LT(std::sqrt(layer.squared_error({rank})), 1e-5 * layer.kernel.norm().item<double>()) << rank;
  }
}

TEST(Factorization, CpErrorIsWithinTheDiscardedSpectrum) {
  const Layer layer("cp", {3, 3});
  const at::Tensor spectrum = layer.row.spectra(layer.kernel)[0];
  EXPECT_NEAR(spectrum.sum().item<double>(), layer.kernel.square().sum().item<double>(), 1e-3);
  double before = spectrum.sum().item<double>();
  for (const std::int64_t rank : {1, 4, 12, 30}) {
    const double error = layer.squared_error({rank});
    EXPECT_LT(error, spectrum.slice(0, rank).sum().item<double>()) << rank;
    EXPECT_LT(error, before) << rank;
    before = error;
  }
}

/// x x y + x y x + y x x: no best approximation of rank 2 exists; better and better ones have terms that grow and cancel.
TEST(Factorization, CpTermsStayBoundedWhereNoBestApproximationExists) {
  std::vector<at::Tensor> x, y;
  for (std::uint64_t mode = 0; mode < 3; ++mode) {
    x.push_back(learn::random({3}, 30 + mode));
    y.push_back(learn::random({3}, 40 + mode));
  }
  const auto outer = [](const at::Tensor& a, const at::Tensor& b, const at::Tensor& c) {
    return at::einsum("o,i,y,x->oiyx", {a, b, c, at::ones({2})});
  };
  const at::Tensor kernel = outer(x[0], x[1], y[2]) + outer(x[0], y[1], x[2]) + outer(y[0], x[1], x[2]);
  const PolyadicTerms terms = fit_polyadic(kernel, 2);
  const at::Tensor energies = terms.out.square().sum(0) * terms.in.square().sum(0) * terms.rows.square().sum(0) *
                              terms.cols.square().sum(0);
  EXPECT_LE(energies.sum().item<double>(), polyadic_energy_limit * kernel.square().sum().item<double>() * (1 + 1e-9));
  const at::Tensor fitted = at::einsum("or,ir,yr,xr->oiyx", {terms.out, terms.in, terms.rows, terms.cols});
  EXPECT_LT((fitted - kernel).square().sum().item<double>(), polyadic_spectrum(kernel).slice(0, 2).sum().item<double>());
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
  for (const auto& [name, method, target] : {std::tuple{"resnet20", "tucker2", 0.5}, std::tuple{"resnet20", "spatial-svd", 0.6},
                                              std::tuple{"resnet20", "cp", 0.5}, std::tuple{"resnet20", "tensor-train", 0.5}}) {
    const learn::Model model(zoo::find_architecture(name).build({.input_shape = {3, 16, 16}}), 1);
    Factorized result = factorize(model, {.method = method, .rule = RankRule::macs, .target = target});
    const double fraction = static_cast<double>(net::totals(result.model.net()).macs_per_step) /
                            static_cast<double>(net::totals(model.net()).macs_per_step);
    EXPECT_LE(fraction, target) << method;
    EXPECT_GT(fraction, target - 0.07) << method;
    EXPECT_TRUE(run(result.model, learn::random({2, 3, 16, 16}, 3)).isfinite().all().item<bool>());
  }
}

/// two_wide(): a 64 -> 64, b 64 -> 64; kernels with these singular values, largest first.
learn::Model two_wide(const at::Tensor& values_of_a, const at::Tensor& values_of_b) {
  net::Net net("wide");
  net.add("x", "input", {}, {{"shape", Ints{64}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", std::int64_t{64}}});
  net.add("act", "relu", {"a"});
  net.add("b", "linear", {"act"}, {{"out_features", std::int64_t{64}}});
  learn::Model model(net, 1);
  const c10::NoGradGuard no_grad;
  std::uint64_t seed = 20;
  for (const auto& [name, values] : {std::pair{"a", values_of_a}, std::pair{"b", values_of_b}}) {
    const at::Tensor left = std::get<0>(at::linalg_qr(learn::random({64, 64}, ++seed)));
    const at::Tensor right = std::get<0>(at::linalg_qr(learn::random({64, 64}, ++seed)));
    model.parameter(name, "weight").latent.copy_(at::matmul(left * values, right));
  }
  return model;
}

std::int64_t rank_of(const learn::Model& model, const std::string& name) {
  return model.net().contains(name + "_in") ? model.net().type(name + "_in").shape[0] : 64;
}

TEST(Factorize, FlatSpectraShrinkTogether) {
  const learn::Model model = two_wide(at::ones({64}), at::ones({64}));
  const Factorized result = factorize(model, {.method = "svd", .rule = RankRule::macs, .target = 0.5});
  EXPECT_EQ(rank_of(result.model, "a"), 12);  // minimises -log(r / 64) / (32 - r) over sixteenths of 64
  EXPECT_EQ(rank_of(result.model, "b"), 12);
}

TEST(Factorize, NoOtherRanksSaveAsManyMacsForLess) {
  const at::Tensor index = at::arange(64, at::TensorOptions(at::kFloat));
  const at::Tensor values_of_a = at::exp(-0.05 * index), values_of_b = at::exp(-0.15 * index);
  const learn::Model model = two_wide(values_of_a, values_of_b);
  const auto loss = [](const at::Tensor& values, std::int64_t rank) {
    const at::Tensor squares = values.square();
    return -std::log((squares.slice(0, 0, rank).sum() / squares.sum()).item<double>());
  };
  const auto macs = [](std::int64_t rank) { return rank == 64 ? 4096 : 128 * rank; };  // 64: left as it is
  for (const double target : {0.7, 0.5, 0.45}) {
    const Factorized result = factorize(model, {.method = "svd", .rule = RankRule::macs, .target = target});
    const std::int64_t a = rank_of(result.model, "a"), b = rank_of(result.model, "b");
    EXPECT_GT(std::min(a, b), 4);
    EXPECT_GT(a, b);  // b's spectrum falls faster
    for (std::int64_t i = 4; i <= 64; i += 4)
      for (std::int64_t j = 4; j <= 64; j += 4)
        if (macs(i) + macs(j) <= macs(a) + macs(b)) {
          EXPECT_GE(loss(values_of_a, i) + loss(values_of_b, j), loss(values_of_a, a) + loss(values_of_b, b) - 1e-5) << i << " " << j;
        }
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
