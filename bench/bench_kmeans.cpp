// How much faster is k-means on sorted weights than Lloyd's algorithm as written?
//
// usage: bench_kmeans [WEIGHTS [BITS [RUNS]]]
// Normal weights, 2^BITS centroids from linear initialisation until nothing changes, with the codes of all weights at the
// end. The plain one looks at all centroids for each weight in every round; both run as many rounds, on one thread.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "compress/quantize/extreme/cluster_values.hpp"

namespace {

using Clock = std::chrono::steady_clock;

struct Times {
  double min, median, max;
};

Times measure(int runs, const std::function<void()>& action) {
  std::vector<double> times;
  for (int run = 0; run <= runs; ++run) {
    const auto start = Clock::now();
    action();
    if (run > 0) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.back()};
}

/// Codes of `values` and, after `rounds`, the centroids.
void plain_lloyd(const float* values, std::int64_t n, int rounds, std::vector<float>& centroids, std::vector<int>& codes) {
  const int k = static_cast<int>(centroids.size());
  for (int round = 0; round <= rounds; ++round) {
    std::vector<double> sums(centroids.size(), 0), counts(centroids.size(), 0);
    for (std::int64_t i = 0; i < n; ++i) {
      int best = 0;
      float least = std::abs(values[i] - centroids[0]);
      for (int c = 1; c < k; ++c) {
        const float distance = std::abs(values[i] - centroids[static_cast<std::size_t>(c)]);
        if (distance < least) least = distance, best = c;
      }
      codes[static_cast<std::size_t>(i)] = best;
      sums[static_cast<std::size_t>(best)] += values[i], counts[static_cast<std::size_t>(best)] += 1;
    }
    if (round == rounds) return;
    for (std::size_t c = 0; c < centroids.size(); ++c)
      if (counts[c] > 0) centroids[c] = static_cast<float>(sums[c] / counts[c]);
  }
}

std::vector<float> linear(float low, float high, int k) {
  std::vector<float> centroids;
  for (int c = 0; c < k; ++c) centroids.push_back(low + (high - low) * static_cast<float>(c) / static_cast<float>(k - 1));
  return centroids;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tern;
  at::set_num_threads(1);
  const std::int64_t n = argc > 1 ? std::atoll(argv[1]) : 1000000;
  const int k = 1 << (argc > 2 ? std::atoi(argv[2]) : 4), runs = argc > 3 ? std::atoi(argv[3]) : 5;
  at::manual_seed(1);
  const at::Tensor values = at::randn({n}) * 0.05;
  const float low = values.min().item<float>(), high = values.max().item<float>();

  compress::ValueClusters clusters;
  at::Tensor codes;
  const Times fast = measure(runs, [&] {
    clusters = compress::cluster_values(values, k, false);
    codes = compress::nearest_centroid(values, clusters.centroids);
  });
  std::vector<float> centroids;
  std::vector<int> plain_codes(static_cast<std::size_t>(n));
  const Times plain = measure(1, [&] {
    centroids = linear(low, high, k);
    plain_lloyd(values.data_ptr<float>(), n, clusters.rounds, centroids, plain_codes);
  });
  const auto error = [&](const at::Tensor& table, const at::Tensor& indices) {
    return (table.index_select(0, indices.to(at::kLong)) - values).square().mean().item<double>();
  };
  std::printf("%lld weights, %d centroids, %d rounds, 1 thread\n", static_cast<long long>(n), k, clusters.rounds);
  std::printf("sorted  %9.1f / %9.1f / %9.1f ms (min / median / max of %d)   squared error %.6e\n", fast.min, fast.median,
              fast.max, runs, error(clusters.centroids, codes));
  std::printf("plain   %9.1f ms                                               squared error %.6e\n", plain.median,
              error(at::tensor(centroids), at::tensor(plain_codes)));
  std::printf("ratio   %9.1f\n", plain.median / fast.median);
  return 0;
}
