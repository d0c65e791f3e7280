// cp: 1x1 to r channels, kh x 1 and 1 x kw channel by channel, 1x1 to the outputs.
#include "compress/factorize/canonical_polyadic.hpp"
#include "compress/factorize/links.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using Ranks = std::vector<std::int64_t>;

std::vector<at::Tensor> spectra(const at::Tensor& kernel) { return {polyadic_spectrum(kernel)}; }

/// [oc * kh, ic * kw]: the rank of every unfolding bounds the CP rank from below, and this one can have the largest.
std::vector<at::Tensor> unfoldings(const at::Tensor& kernel) {
  return {kernel.detach().permute({0, 2, 1, 3}).reshape({kernel.size(0) * kernel.size(2), -1})};
}

std::vector<FactorLayer> shapes(const net::OpContext& context, const at::Tensor& kernel, const Ranks& ranks) {
  const std::int64_t rank = ranks[0];
  return {point_link("in", rank), vertical_link(context, kernel, "vertical", rank, rank),
          horizontal_link(context, kernel, "horizontal", rank, rank), point_link("", kernel.size(0))};
}

std::vector<FactorLayer> factors(const net::OpContext& context, const at::Tensor& kernel, const Ranks& ranks) {
  const PolyadicTerms terms = fit_polyadic(kernel, ranks[0]);
  auto chain = shapes(context, kernel, ranks);
  chain[0].weight = terms.in.t().unsqueeze(2).unsqueeze(3);
  chain[1].weight = terms.rows.t().unsqueeze(1).unsqueeze(3);
  chain[2].weight = terms.cols.t().unsqueeze(1).unsqueeze(2);
  chain[3].weight = terms.out.unsqueeze(2).unsqueeze(3);
  return chain;
}

}  // namespace

FactorizationRow cp_factorization() {
  return {.info = {"cp", "kh x kw kernels: 1x1, depthwise kh x 1 and 1 x kw, 1x1 of one rank",
                   "Lebedev et al. 2015, Speeding-up Convolutional Neural Networks Using Fine-tuned CP-Decomposition", {}},
          .suits = is_spatial_kernel,
          .spectra = spectra,
          .shapes = shapes,
          .factors = factors,
          .unfoldings = unfoldings};
}

}  // namespace tern::compress
