#include "compress/quantize/extreme/cluster_vectors.hpp"

#include <algorithm>
#include <vector>

#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t rows_at_once = 4096;
constexpr std::uint64_t draw_seed = 1;

struct Nearest {
  at::Tensor codes, errors;  // long [n]; squared distances [n]
};

/// ||x - c||^2 = ||x||^2 + (||c||^2 - 2 x c).
Nearest nearest_rows(const at::Tensor& vectors, const at::Tensor& centroids) {
  std::vector<at::Tensor> codes, errors;
  const at::Tensor squares = centroids.square().sum(1), turned = centroids.t();
  for (std::int64_t begin = 0; begin < vectors.size(0); begin += rows_at_once) {
    const at::Tensor rows = vectors.slice(0, begin, std::min(vectors.size(0), begin + rows_at_once));
    const auto [least, code] = at::addmm(squares, rows, turned, 1, -2).min(1);
    codes.push_back(code);
    errors.push_back(least + rows.square().sum(1));
  }
  return {at::cat(codes), at::cat(errors)};
}

/// k-means++: each row with a chance in proportion to its squared distance from those drawn before it.
at::Tensor drawn_rows(const at::Tensor& vectors, std::int64_t k) {
  Rng rng(draw_seed);
  const std::int64_t n = vectors.size(0);
  at::Tensor distances = at::full({n}, 1.0, at::TensorOptions(at::kDouble));
  std::vector<at::Tensor> drawn;
  for (std::int64_t i = 0; i < k; ++i) {
    const at::Tensor sums = distances.cumsum(0);
    const at::Tensor target = at::full({1}, rng.uniform() * sums[n - 1].item<double>(), sums.options());
    const std::int64_t row = std::min(n - 1, at::searchsorted(sums, target, false, true).item<std::int64_t>());
    drawn.push_back(vectors[row]);
    const at::Tensor next = (vectors - vectors[row]).square().sum(1).to(at::kDouble);
    distances = i == 0 ? next : at::minimum(distances, next);
  }
  return at::stack(drawn);
}

}  // namespace

VectorClusters cluster_vectors(const at::Tensor& vectors, std::int64_t k, int rounds) {
  const c10::NoGradGuard no_grad;
  const at::Tensor rows = vectors.detach().contiguous();
  k = std::min(k, rows.size(0));
  at::Tensor centroids = drawn_rows(rows, k);
  for (int round = 0; round < rounds; ++round) {
    const Nearest nearest = nearest_rows(rows, centroids);
    const at::Tensor counts = at::bincount(nearest.codes, {}, k).to(at::kFloat).unsqueeze(1);
    const at::Tensor sums = at::zeros_like(centroids).index_add_(0, nearest.codes, rows);
    centroids = sums / counts.clamp_min(1);
    const at::Tensor empty = counts.flatten().eq(0).nonzero().flatten();
    if (empty.numel() > 0)
      centroids.index_copy_(0, empty, rows.index_select(0, std::get<1>(nearest.errors.topk(empty.numel()))));
  }
  return {centroids, nearest_rows(rows, centroids).codes.to(at::kFloat)};
}

}  // namespace tern::compress
