// Bit-serial convolutions for any processor, and what the others must equal.
#include <cstdint>

#include "kernels/bits/bit_serial_kernels.hpp"
#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::bits_scalar {
namespace {

#include "kernels/bits/bit_gather_impl.inl"
#include "kernels/bits/bit_tile_impl.inl"

/// Population count by halves, which compilers vectorise; the baseline of x86-64 has no instruction for it.
inline std::uint64_t popcount(std::uint64_t v) {
  v -= (v >> 1) & 0x5555555555555555U;
  v = (v & 0x3333333333333333U) + ((v >> 2) & 0x3333333333333333U);
  v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  v += v >> 8;
  v += v >> 16;
  return (v + (v >> 32)) & 0x7F;
}

/// counts[j] += popcount(w ^ x) over one chain, for the 32 words j of a block.
void count_chain(const BitTile& job, const std::uint64_t* x, const std::uint64_t* w,
                 std::uint64_t (&counts)[bit_block]) {
  std::int64_t k = 0;
  for (; k + 3 <= job.shape.links; k += 3, x += 3 * job.link, w += 3 * bit_block)
    for (std::int64_t j = 0; j < bit_block; ++j) {
      const std::uint64_t sum = w[j] ^ x[0];
      const std::uint64_t d1 = w[j + bit_block] ^ x[job.link];
      const std::uint64_t d2 = w[j + 2 * bit_block] ^ x[2 * job.link];
      const std::uint64_t two = (d1 & d2) | ((d1 ^ d2) & ~sum);
      counts[j] += popcount(sum) + 2 * popcount(two);
    }
  for (; k < job.shape.links; ++k, x += job.link, w += bit_block)
    for (std::int64_t j = 0; j < bit_block; ++j) counts[j] += popcount(w[j] ^ x[0]);
}

void sums_of(const BitTile& job, std::int64_t pixel, std::int32_t* sums) {
  std::int64_t total[bit_block] = {};
  const std::int64_t words = job.shape.chains * job.shape.links;
  for (std::int64_t k = 0; k < job.num_terms; ++k) {
    const BitTerm& term = job.terms[k];
    std::uint64_t counts[bit_block] = {};
    for (std::int64_t c = 0; c < job.shape.chains; ++c)
      count_chain(job, job.patches + pixel * job.pixel + term.source_plane * job.plane + c,
                  job.weights + (term.weight_plane * words + c * job.shape.links) * bit_block, counts);
    for (std::int64_t j = 0; j < bit_block; ++j) {
      const std::int64_t count = static_cast<std::int64_t>(counts[j]);
      total[j] = total[j] * (std::int64_t{1} << term.shift) + (term.negative ? -count : count);
    }
  }
  const std::int64_t x = job.totals != nullptr ? std::int64_t{job.alpha} * job.totals[pixel] : 0;
  const std::int32_t* const start = job.start + (job.start_rows != nullptr ? job.start_rows[pixel] : 0);
  for (std::int64_t j = 0; j < bit_block; ++j) {
    const std::int64_t o = 16 * (j / 16) + 2 * (j % 8) + j / 8 % 2;
    sums[o] = static_cast<std::int32_t>((x + start[o] - job.step * total[j]) >> job.beta);
  }
}

void tile(const BitTile& job) {
  for (std::int64_t p = 0; p < job.count; ++p) sums_of(job, p, job.sums + p * bit_block);
  finish_sums(job, epilogue_scalar::finish);
}

void pack(const BitPack& job) {
  const std::int64_t words = (job.channels + 63) / 64;
  for (std::int64_t p = 0; p < job.places; ++p)
    for (std::int32_t plane = 0; plane < job.planes; ++plane)
      for (std::int64_t k = 0; k < words; ++k) {
        const std::int64_t last = job.channels < 64 * (k + 1) ? job.channels : 64 * (k + 1);
        std::uint64_t word = 0;
        for (std::int64_t c = 64 * k; c < last; ++c)
          word |= std::uint64_t{job.codes[p * job.codes_pixel + c] >> plane & 1U} << (c % 64);
        job.dst[p * job.dst_pixel + plane * words + k] = word;
      }
}

}  // namespace

const BitKernels kernels{gather, tile, pack};

}  // namespace tern::kernels::bits_scalar
