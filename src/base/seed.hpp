// Reproducible randomness: a stream is a function of a seed and a name, never of what ran before it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tern {

/// Derives an independent 64-bit seed from `seed` and a name ("shuffle", "dropout/conv1") or a number (an epoch).
/// A job that resumes derives the same seeds again, so that no generator state has to be saved.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view name);
std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t number);

/// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by SplitMix64.
/// Satisfies UniformRandomBitGenerator. The draws below are the same on every platform, unlike <random>'s.
class Rng {
 public:
  using result_type = std::uint64_t;
  explicit Rng(std::uint64_t seed);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  /// Uniform integer in [0, bound), unbiased. REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Marsaglia's polar method).
  double normal();
  /// Gamma(shape, 1) (Marsaglia and Tsang 2000). REQUIRES: shape > 0.
  double gamma(double shape);
  /// Beta(a, b), as used by mixup.
  double beta(double a, double b);

 private:
  std::uint64_t state_[4];
};

/// A random order of 0 .. count-1 (Fisher-Yates).
std::vector<std::int64_t> permutation(std::int64_t count, Rng& rng);

}  // namespace tern
