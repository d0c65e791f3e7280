// What the instruction sets provide for event convolutions. Private to this folder; no C++ library header,
// see kernels/kernel_table.hpp.
#pragma once

#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Channels of a block of output channels that starts at `first`; a multiple of 32.
static constexpr std::int64_t event_block_width(std::int64_t oc, std::int64_t first) {
  return oc - first > 64 ? 128 : oc - first > 32 ? 64 : 32;
}

/// All blocks together.
static constexpr std::int64_t event_padded_oc(std::int64_t oc) {
  const std::int64_t last = oc / 128 * 128;
  return last < oc ? last + event_block_width(oc, last) : last;
}

/// One source row, its border included. lists: the places of its spikes, modulo 2^16, those of pixel p at
/// [offsets[p], offsets[p + 1]). patterns: its bits without padding, channel c of pixel p at bit p * ic + c.
struct EventRow {
  std::uint16_t* places;
  std::uint32_t* offsets;
  std::uint64_t* bits;
};

/// Fills a row from `pixels` pixels of words from src on. 64 places behind the last may be overwritten;
/// `bits` ends with a readable word more.
struct EventRowJob {
  const std::uint64_t* src;
  std::int64_t pixels, src_pixel, ic;
  EventRow row;
};

/// Output pixels [first, last) of row y.
struct EventSumJob {
  const ConvShape& shape;
  const Epilogue& epilogue;
  const std::int8_t* weights;  ///< EventConvWeights::lines
  std::int64_t rows, parts, part_bits;
  std::int32_t limit;
  const EventRow* lines;  ///< [kernel_h], those that row y reads
  std::int64_t y, first, last;
  std::uint16_t* joined;  ///< [event_group][capacity]
  std::int64_t capacity;  ///< of a joined list: rows and 64 more
};

/// Output pixels whose joined lists exist at a time.
inline constexpr std::int64_t event_group = 16;

/// Tables of a window, at most.
inline constexpr std::int64_t event_most_tables = 12;

struct EventKernels {
  void (*list_row)(const EventRowJob&);
  void (*pattern_row)(const EventRowJob&);
  void (*sum_lists)(const EventSumJob&);
  void (*sum_patterns)(const EventSumJob&);
};

namespace event_scalar {
extern const EventKernels kernels;
}
namespace event_vnni {
void list_row(const EventRowJob& job);
void pattern_row(const EventRowJob& job);
void sum_lists(const EventSumJob& job);
void sum_patterns(const EventSumJob& job);
extern const EventKernels kernels;
}  // namespace event_vnni

const EventKernels& event_kernels();

}  // namespace tern::kernels
