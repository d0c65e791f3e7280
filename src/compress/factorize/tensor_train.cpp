// tensor-train: the kernel [ic, kh, kw, oc] as a train of four cores, by successive SVDs (TT-SVD).
//
//   K[i, y, x, o] = sum over a, b, c of G1[i, a] G2[a, y, b] G3[b, x, c] G4[c, o]
//
// runs as 1x1 to r1 channels, kh x 1 to r2, 1 x kw to r3, 1x1 to the outputs. The squared error is at most the sum of
// what the ranks discard of the three unfoldings' spectra (theorem 2.2 of the paper), and at least the largest of them.
#include <algorithm>

#include "compress/factorize/links.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using Ranks = std::vector<std::int64_t>;

std::vector<at::Tensor> unfoldings(const at::Tensor& kernel) {
  const std::int64_t ic = kernel.size(1), kh = kernel.size(2), kw = kernel.size(3);
  const at::Tensor ordered = kernel.detach().permute({1, 2, 3, 0}).contiguous();
  return {ordered.reshape({ic, -1}), ordered.reshape({ic * kh, -1}), ordered.reshape({ic * kh * kw, -1})};
}

std::vector<at::Tensor> spectra(const at::Tensor& kernel) {
  std::vector<at::Tensor> result;
  for (const auto& matrix : unfoldings(kernel)) result.push_back(squared_spectrum(matrix));
  return result;
}

/// A core [a, y, b] has no more than a * y columns.
Ranks usable(const at::Tensor& kernel, const Ranks& ranks) {
  const std::int64_t second = std::min(ranks[1], ranks[0] * kernel.size(2));
  return {ranks[0], second, std::min(ranks[2], second * kernel.size(3))};
}

std::vector<FactorLayer> shapes(const net::OpContext& context, const at::Tensor& kernel, const Ranks& ranks) {
  return {point_link("in", ranks[0]), vertical_link(context, kernel, "vertical", ranks[1]),
          horizontal_link(context, kernel, "horizontal", ranks[2]), point_link("", kernel.size(0))};
}

/// The leading `rank` left singular vectors of `rest`, which becomes what they leave: [rank, columns].
at::Tensor split(at::Tensor& rest, std::int64_t rank) {
  const auto [u, s, vh] = at::linalg_svd(rest, false);
  rest = s.slice(0, 0, rank).unsqueeze(1) * vh.slice(0, 0, rank);
  return u.slice(1, 0, rank);
}

std::vector<FactorLayer> factors(const net::OpContext& context, const at::Tensor& kernel, const Ranks& ranks) {
  const std::int64_t kh = kernel.size(2), kw = kernel.size(3);
  auto chain = shapes(context, kernel, ranks);
  at::Tensor rest = unfoldings(kernel)[0].to(at::kDouble);
  chain[0].weight = split(rest, ranks[0]).t().unsqueeze(2).unsqueeze(3);
  rest = rest.reshape({ranks[0] * kh, -1});
  chain[1].weight = split(rest, ranks[1]).reshape({ranks[0], kh, ranks[1]}).permute({2, 0, 1}).unsqueeze(3);
  rest = rest.reshape({ranks[1] * kw, -1});
  chain[2].weight = split(rest, ranks[2]).reshape({ranks[1], kw, ranks[2]}).permute({2, 0, 1}).unsqueeze(2);
  chain[3].weight = rest.t().unsqueeze(2).unsqueeze(3);
  return chain;
}

}  // namespace

FactorizationRow tensor_train_factorization() {
  return {.info = {"tensor-train", "kh x kw kernels: 1x1, kh x 1, 1 x kw, 1x1 of three ranks",
                   "Oseledets 2011, Tensor-Train Decomposition; Garipov et al. 2016, Ultimate Tensorization", {}},
          .suits = is_spatial_kernel,
          .spectra = spectra,
          .shapes = shapes,
          .factors = factors,
          .unfoldings = unfoldings,
          .usable = usable};
}

}  // namespace tern::compress
