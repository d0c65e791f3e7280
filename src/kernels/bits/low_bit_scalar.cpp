// Low-bit linear layers for any processor, and what the others must equal.
#include <cstdint>

#include "kernels/bits/low_bit_kernels.hpp"

namespace tern::kernels::low_bit_scalar {
namespace {

std::int32_t prepare(const std::uint8_t* src, std::int64_t ic, std::int64_t padded, std::int8_t* dst) {
  std::int32_t total = 0;
  for (std::int64_t i = 0; i < ic; ++i) {
    dst[i] = static_cast<std::int8_t>(src[i] - 128);
    total += dst[i];
  }
  for (std::int64_t i = ic; i < padded; ++i) dst[i] = 0;
  return total;
}

/// Adds one group of inputs to the sums of 16 channels.
template <int bits>
void add_group(const std::uint8_t* w, const std::int8_t* x, std::int32_t (&sums)[low_bit_block]) {
  for (int f = 0; f < 8 / bits; ++f)
    for (int o = 0; o < low_bit_block; ++o)
      for (int j = 0; j < 4; ++j) sums[o] += (w[4 * o + j] >> (f * bits) & ((1 << bits) - 1)) * x[4 * f + j];
}

template <int bits>
void tile_of(const LowBitTile& job) {
  constexpr std::int64_t group = low_bit_group(bits);
  for (std::int64_t p = 0; p < job.count; ++p)
    for (std::int64_t b = 0; b < job.blocks; ++b) {
      std::int32_t sums[low_bit_block] = {};
      for (std::int64_t k = 0; k < job.groups; ++k)
        add_group<bits>(job.weights + (b * job.groups + k) * 64, job.src + (p * job.groups + k) * group,
                        sums);
      for (std::int64_t i = 0; i < low_bit_block; ++i) {
        const std::int64_t o = b * low_bit_block + i;
        job.sums[p * job.acc_pixel + o] = sums[i] - (1 << (bits - 1)) * job.totals[p] + job.start[o];
      }
    }
}

void tile(const LowBitTile& job) {
  if (job.bits == 2)
    tile_of<2>(job);
  else
    tile_of<4>(job);
}

}  // namespace

const LowBitKernels kernels{prepare, tile};

}  // namespace tern::kernels::low_bit_scalar
