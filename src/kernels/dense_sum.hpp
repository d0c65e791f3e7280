// Weighted sums over dense sources: the inner loops of a convolution on channels-last images.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Output channels summed together.
inline constexpr std::int64_t dense_block = 16;

/// Sums of one block of output channels at `num_places` places:
///   dst[p][o] = sum over tap t and channel c of src[places[p] + taps[t] + c] * weights[t][c][o]
/// in this order of t and c, products and sums rounded one by one.
struct DenseSum {
  const float* src;
  const std::int64_t* places;
  std::int64_t num_places;
  const std::int64_t* taps;
  std::int64_t num_taps;
  std::int64_t ic;
  const float* weights;  ///< [num_taps, ic, 16]
};

/// dst: [num_places, 16].
void dense_sums(const DenseSum& job, float* dst);
/// The same with products and sums in double.
void dense_sums(const DenseSum& job, double* dst);

}  // namespace tern::kernels
