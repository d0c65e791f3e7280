// spatial-svd: kh x kw becomes kh x 1, then 1 x kw, over r channels.
#include "compress/factorize/links.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// [ic * kh, oc * kw].
at::Tensor matrix_of(const at::Tensor& kernel) {
  return kernel.detach().permute({1, 2, 0, 3}).reshape({kernel.size(1) * kernel.size(2), -1});
}

std::vector<at::Tensor> unfoldings(const at::Tensor& kernel) { return {matrix_of(kernel)}; }
std::vector<at::Tensor> spectra(const at::Tensor& kernel) { return {squared_spectrum(matrix_of(kernel))}; }

std::vector<FactorLayer> shapes(const net::OpContext& context, const at::Tensor& kernel,
                                const std::vector<std::int64_t>& ranks) {
  return {vertical_link(context, kernel, "vertical", ranks[0]), horizontal_link(context, kernel, "", kernel.size(0))};
}

std::vector<FactorLayer> factors(const net::OpContext& context, const at::Tensor& kernel,
                                 const std::vector<std::int64_t>& ranks) {
  const std::int64_t r = ranks[0], oc = kernel.size(0), ic = kernel.size(1), kh = kernel.size(2), kw = kernel.size(3);
  const auto [u, s, vh] = at::linalg_svd(matrix_of(kernel).to(at::kDouble), false);
  const at::Tensor root = s.slice(0, 0, r).sqrt();
  auto chain = shapes(context, kernel, ranks);
  chain[0].weight = (u.slice(1, 0, r) * root).reshape({ic, kh, r}).permute({2, 0, 1}).unsqueeze(3);
  chain[1].weight = (root.unsqueeze(1) * vh.slice(0, 0, r)).reshape({r, oc, kw}).permute({1, 0, 2}).unsqueeze(2);
  return chain;
}

}  // namespace

FactorizationRow spatial_svd_factorization() {
  return {.info = {"spatial-svd", "kh x kw kernels: kh x 1 and 1 x kw over r channels",
                   "Jaderberg et al. 2014, Speeding up Convolutional Neural Networks with Low Rank Expansions", {}},
          .suits = is_spatial_kernel,
          .spectra = spectra,
          .shapes = shapes,
          .factors = factors,
          .unfoldings = unfoldings};
}

}  // namespace tern::compress
