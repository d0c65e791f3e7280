// Planes of spikes as bits: counting, pooling, and spreading to bytes for the kernels of integer codes.
//
// A plane is rows of pixels of 64-bit words, channel c is bit c % 64 of word c / 64; bits behind the channels
// are zero. All functions work on one image, neither allocate nor start threads.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Spikes in `rows` rows of `row_words` consecutive words, `src_row` words apart: activity = spikes / neurons
/// decides between event-driven and dense kernels.
std::int64_t count_spikes(const std::uint64_t* src, std::int64_t rows, std::int64_t row_words,
                          std::int64_t src_row);

/// Windows over a plane; strides in elements (words of src, words or bytes of dst).
struct SpikePool {
  std::int64_t channels = 1;
  std::int64_t kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2;
  std::int64_t out_w = 1;
  std::int64_t src_row = 0, src_pixel = 0, dst_row = 0, dst_pixel = 0;

  std::int64_t words() const { return (channels + 63) / 64; }
};

/// Output rows [first_row, last_row) of the largest value of each window: the OR of its words.
void max_pool_spikes(const SpikePool& pool, const std::uint64_t* src, std::uint64_t* dst,
                     std::int64_t first_row, std::int64_t last_row);

/// Output rows [first_row, last_row) of the number of spikes of each window, a byte a channel; average
/// pooling is this number with the scale 1 / (kernel_h * kernel_w). Bytes behind `channels` of a pixel stay
/// untouched. Errors: ErrorKind::unsupported for windows of more than 255 places.
void sum_pool_spikes(const SpikePool& pool, const std::uint64_t* src, std::uint8_t* dst,
                     std::int64_t first_row, std::int64_t last_row);

/// dst[p][c] = 1 where channel c of pixel p spikes, else 0, of one row of `pixels`: sum_pool_spikes of
/// windows of one.
void spread_spikes(const std::uint64_t* src, std::int64_t src_pixel, std::int64_t pixels,
                   std::int64_t channels, std::uint8_t* dst, std::int64_t dst_pixel);

}  // namespace tern::kernels
