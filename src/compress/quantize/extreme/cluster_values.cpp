#include "compress/quantize/extreme/cluster_values.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int digit_bits = 11, num_digits = 3;
constexpr std::uint32_t sign_bit = 0x80000000U;

/// Integers in the order of the floats: negative ones have all bits turned, others their sign.
std::uint32_t to_key(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return bits & sign_bit ? ~bits : bits | sign_bit;
}
float from_key(std::uint32_t key) { return std::bit_cast<float>(key & sign_bit ? key & ~sign_bit : ~key); }

/// Radix sort of the elements that are not zero.
std::vector<float> sorted_nonzeros(const at::Tensor& values) {
  constexpr std::uint32_t digit_mask = (1U << digit_bits) - 1;
  const at::Tensor flat = values.detach().to(at::kFloat).contiguous();
  const float* data = flat.data_ptr<float>();
  std::vector<std::uint32_t> keys;
  keys.reserve(static_cast<std::size_t>(flat.numel()));
  std::array<std::array<std::size_t, digit_mask + 1>, num_digits> starts{};
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    if (data[i] == 0) continue;
    const std::uint32_t key = to_key(data[i]);
    keys.push_back(key);
    for (std::size_t digit = 0; digit < num_digits; ++digit) ++starts[digit][key >> digit * digit_bits & digit_mask];
  }
  std::vector<std::uint32_t> other(keys.size());
  for (std::size_t digit = 0; digit < num_digits; ++digit) {
    std::size_t sum = 0;
    for (auto& start : starts[digit]) sum += std::exchange(start, sum);
    for (const auto key : keys) other[starts[digit][key >> digit * digit_bits & digit_mask]++] = key;
    keys.swap(other);
  }
  std::vector<float> sorted(keys.size());
  std::transform(keys.begin(), keys.end(), sorted.begin(), from_key);
  return sorted;
}

float midpoint(float a, float b) { return 0.5F * a + 0.5F * b; }

std::vector<float> linear_centroids(float low, float high, int k, bool keeps_zero) {
  std::vector<float> centroids(static_cast<std::size_t>(k), low);
  for (int i = 1; i < k; ++i)
    centroids[static_cast<std::size_t>(i)] =
        static_cast<float>(low + (static_cast<double>(high) - low) * i / (k - 1));
  if (keeps_zero)
    *std::min_element(centroids.begin(), centroids.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }) = 0;
  return centroids;
}

}  // namespace

ValueClusters cluster_values(const at::Tensor& values, int k, bool keeps_zero, int most_rounds) {
  const std::vector<float> sorted = sorted_nonzeros(values);
  if (sorted.empty()) return {at::zeros({k}), 0};
  std::vector<double> sums(sorted.size() + 1, 0);
  for (std::size_t i = 0; i < sorted.size(); ++i) sums[i + 1] = sums[i] + sorted[i];
  std::vector<float> centroids = linear_centroids(sorted.front(), sorted.back(), k, keeps_zero);
  const auto pinned = std::find(centroids.begin(), centroids.end(), 0.0F) - centroids.begin();
  ValueClusters result;
  for (bool changed = true; changed && result.rounds < most_rounds; ++result.rounds) {
    changed = false;
    std::vector<float> next = centroids;
    std::size_t begin = 0;
    for (std::size_t c = 0; c < centroids.size(); ++c) {
      std::size_t end = sorted.size();
      if (c + 1 < centroids.size())
        end = static_cast<std::size_t>(
            std::lower_bound(sorted.begin() + static_cast<std::ptrdiff_t>(begin), sorted.end(),
                             midpoint(centroids[c], centroids[c + 1])) - sorted.begin());
      const bool stays = keeps_zero && static_cast<std::ptrdiff_t>(c) == pinned;
      if (end > begin && !stays) next[c] = static_cast<float>((sums[end] - sums[begin]) / static_cast<double>(end - begin));
      changed |= next[c] != centroids[c];
      begin = end;
    }
    centroids.swap(next);
  }
  result.centroids = at::tensor(centroids);
  return result;
}

at::Tensor nearest_centroid(const at::Tensor& values, const at::Tensor& centroids) {
  const at::Tensor all = centroids.detach().contiguous();
  const float* centroid = all.data_ptr<float>();
  std::vector<float> borders;
  for (std::int64_t c = 0; c + 1 < all.numel(); ++c) borders.push_back(midpoint(centroid[c], centroid[c + 1]));
  return at::bucketize(values.detach().contiguous(), at::tensor(borders), false, true).to(at::kFloat);
}

}  // namespace tern::compress
