// Bit-serial convolutions for any processor, and what the others must equal.
#include <cstdint>

#include "kernels/bits/bit_serial_kernels.hpp"

namespace tern::kernels::bits_scalar {
namespace {

void copy_words(std::uint64_t* dst, const std::uint64_t* src, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) dst[i] = src[i];
}

void combine(std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c,
             std::int64_t count) {
  for (std::int64_t k = 0; k < count; ++k) dst[k] = a[k] ^ b[k] ^ c[k];
}

#include "kernels/bits/bit_gather_impl.inl"

/// Population count by halves, which compilers vectorise; the baseline of x86-64 has no instruction for it.
inline std::uint64_t popcount(std::uint64_t v) {
  v -= (v >> 1) & 0x5555555555555555U;
  v = (v & 0x3333333333333333U) + ((v >> 2) & 0x3333333333333333U);
  v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  v += v >> 8;
  v += v >> 16;
  return (v + (v >> 32)) & 0x7F;
}

/// counts[j] = popcount(w ^ x) over one plane, at words `at` from those of pixel 0, for the 32 words j of a
/// block.
void count_plane(const BitTile& job, std::int64_t at, const std::uint64_t* w,
                 std::uint64_t (&counts)[bit_block]) {
  const std::int64_t third = job.words / 3;
  for (std::int64_t t = 0; t < third; ++t, w += 3 * bit_block)
    for (std::int64_t j = 0; j < bit_block; ++j) {
      const std::uint64_t sum = w[j] ^ job.thirds[0][at + t];
      const std::uint64_t d1 = w[j + bit_block] ^ job.thirds[1][at + t];
      const std::uint64_t d2 = w[j + 2 * bit_block] ^ job.thirds[2][at + t];
      const std::uint64_t two = (d1 & d2) | ((d1 ^ d2) & ~sum);
      counts[j] += popcount(sum) + 2 * popcount(two);
    }
  for (std::int64_t k = 0; k < job.words % 3; ++k, w += bit_block)
    for (std::int64_t j = 0; j < bit_block; ++j) counts[j] += popcount(w[j] ^ job.rest[at + k]);
}

void tile(const BitTile& job) {
  for (std::int64_t p = 0; p < job.count; ++p) {
    std::int64_t total[bit_block] = {};
    for (std::int64_t k = 0; k < job.num_terms; ++k) {
      const BitTerm& term = job.terms[k];
      std::uint64_t counts[bit_block] = {};
      count_plane(job, p * job.pixel + term.source_plane * job.plane,
                  job.weights + term.weight_plane * job.words * bit_block, counts);
      for (std::int64_t j = 0; j < bit_block; ++j) {
        const std::int64_t count = static_cast<std::int64_t>(counts[j]);
        total[j] = total[j] * (std::int64_t{1} << term.shift) + (term.negative ? -count : count);
      }
    }
    const std::int64_t x = job.totals != nullptr ? std::int64_t{job.alpha} * job.totals[p] : 0;
    for (std::int64_t j = 0; j < bit_block; ++j) {
      const std::int64_t o = 16 * (j / 16) + 2 * (j % 8) + j / 8 % 2;
      const std::int64_t sum = (x + job.start[o] - job.step * total[j]) >> job.beta;
      job.sums[p * bit_block + o] = static_cast<std::int32_t>(sum);
    }
  }
}

}  // namespace

const BitKernels kernels{gather, combine, tile, correct};

}  // namespace tern::kernels::bits_scalar
