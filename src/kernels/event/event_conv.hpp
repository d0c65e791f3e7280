// Event-driven convolution: spikes as bits, int8 weights, work in proportion to the spikes.
//
// Output-stationary. The set bits of a source row become a list of places (channel c of pixel p: p * ic + c),
// once for all output rows that read it. The places of a window's row are consecutive in that list, so the
// lists of its kernel rows are joined without a branch a spike, and one loop adds the weight rows
// [tap][ic][oc] of the joined list into registers that hold up to 128 output channels as 16-bit sums. These
// cannot overflow: pack bounds them from the weights; where all spikes at once could, sums move to 32 bits
// every `EventConvWeights::limit` spikes.
//
// With few input channels (`EventMethod::patterns`) the bits of a window are the index of a table of ready
// sums instead, 6 bits at a time, which takes the same time at any activity.
//
// Source: Wei et al. 2024, "T-MAC: CPU Renaissance via Table Lookup for Low-Bit LLM Deployment on Edge"
// (tables of sums); the lists by compressing registers and joining are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

enum class EventMethod : std::uint8_t { lists, patterns };

/// The method that pack_event_conv takes: patterns where at most 12 tables of together 64 KiB cover a window.
EventMethod event_method(const ConvShape& shape);

/// 64 bytes in a cache line of their own.
struct alignas(64) WeightLine {
  std::int8_t bytes[64];
};

/// Weights in the order in which spikes read them. Output channels are cut into blocks of 128, then one of 64
/// or 32. lists: block after block, [rows + 1][width of the block] codes, row (ky * kernel_w + kx) * ic + c;
/// the last is zero. patterns: block after block, [kernel_h][parts][2^part_bits][width] int16 sums.
struct EventConvWeights {
  EventMethod method = EventMethod::lists;
  std::int64_t ic = 0, oc = 0, rows = 0;  ///< rows = kernel_h * kernel_w * ic
  std::int64_t parts = 0, part_bits = 0;  ///< tables a kernel row, and the bits that index one
  std::int32_t limit = 0;                 ///< so many spikes cannot overflow 16 bits, at least 255
  std::vector<WeightLine> lines;

  std::size_t bytes() const { return lines.size() * sizeof(WeightLine); }
};

/// codes: [oc][ic][kernel_h][kernel_w]. Linear layers are 1x1 convolutions (kernels/conv_shape.hpp).
/// Errors: ErrorKind::unsupported for groups != 1 and for more than 65535 inputs of one output.
EventConvWeights pack_event_conv(const ConvShape& shape, const std::int8_t* codes);

/// Bytes that run_event_conv needs as scratch, aligned to 64.
std::size_t event_conv_scratch_bytes(const ConvShape& shape);

/// Output rows [first_row, last_row) of one image of spikes: sum of the weights whose source bit is set,
/// through the epilogue. src: 64-bit words, channel c of a pixel is bit c % 64 of word c / 64, bits behind
/// `ic` are zero; src_pixel and src_row of the shape count words, around the image lies a border of zero
/// words. Neither allocates nor starts threads. Requires weights packed for this shape.
void run_event_conv(const ConvShape& shape, const EventConvWeights& weights, const std::uint64_t* src,
                    const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);

}  // namespace tern::kernels
