// The source rows that output rows of an event convolution read, listed when first asked for. Private to this
// folder.
#pragma once

#include <cstddef>

#include "kernels/event/event_conv.hpp"
#include "kernels/event/event_conv_impl.hpp"

namespace tern::kernels {

constexpr std::size_t whole_lines(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// As many rows of one image as a window spans, in turn; source row r, counted from the border, lies in slot
/// r % slots. Lives in scratch of its owner.
class EventRows {
 public:
  static std::size_t scratch_bytes(const ConvShape& shape);
  EventRows(const ConvShape& shape, const std::uint64_t* src, std::byte* scratch);

  /// The rows that output row y reads, [kernel_h]; valid until the next call for another row.
  const EventRow* window(const ConvShape& shape, std::int64_t y);

 private:
  static std::int64_t slots(const ConvShape& shape) { return (shape.kernel_h - 1) * shape.dilation_h + 1; }
  static std::int64_t pixels(const ConvShape& shape) {
    return (shape.out_w - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w + 1;
  }

  EventMethod method_;
  const std::uint64_t* corner_;  ///< of the image with its border
  EventRow* rows_;               ///< [slots]
  std::int64_t window_of_ = -1;  ///< output row
  EventRow* window_;             ///< [kernel_h]
  std::int64_t* listed_;         ///< [slots], the row that a slot holds
};

/// Joined lists of event_group output pixels.
constexpr std::int64_t joined_capacity(std::int64_t rows) {
  return (rows + 95) / 32 * 32;
}
constexpr std::size_t joined_bytes(std::int64_t rows) {
  return static_cast<std::size_t>(event_group * joined_capacity(rows)) * sizeof(std::uint16_t);
}

/// Output pixels [first, last) of row y, which reads `window`.
void sum_event_row(const ConvShape& shape, const EventConvWeights& weights, const EventRow* window,
                   const Epilogue& epilogue, std::int64_t y, std::int64_t first, std::int64_t last,
                   std::uint16_t* joined);

}  // namespace tern::kernels
