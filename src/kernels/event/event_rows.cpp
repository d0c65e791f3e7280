#include "kernels/event/event_rows.hpp"

#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

std::size_t place_bytes(const ConvShape& shape, std::int64_t pixels) {
  return whole_lines(static_cast<std::size_t>(pixels * shape.ic + 64) * sizeof(std::uint16_t));
}

std::size_t offset_bytes(std::int64_t pixels) {
  return whole_lines(static_cast<std::size_t>(pixels + 1) * sizeof(std::uint32_t));
}

std::size_t bit_bytes(const ConvShape& shape, std::int64_t pixels) {
  return whole_lines(static_cast<std::size_t>(pixels * shape.ic / 8 + 72));
}

}  // namespace

const EventKernels& event_kernels() {
#ifdef TERN_KERNELS_X86
  static constexpr const EventKernels* vnni = &event_vnni::kernels;
#else
  static constexpr const EventKernels* vnni = nullptr;
#endif
  return *for_isa<const EventKernels*>(&event_scalar::kernels, nullptr, nullptr, vnni);
}

std::size_t EventRows::scratch_bytes(const ConvShape& shape) {
  const auto count = static_cast<std::size_t>(slots(shape));
  const std::int64_t width = pixels(shape);
  const std::size_t row = event_method(shape) == EventMethod::patterns
                              ? bit_bytes(shape, width)
                              : place_bytes(shape, width) + offset_bytes(width);
  return whole_lines((count + static_cast<std::size_t>(shape.kernel_h)) * sizeof(EventRow)) +
         whole_lines(count * sizeof(std::int64_t)) + count * row;
}

EventRows::EventRows(const ConvShape& shape, const std::uint64_t* src, std::byte* scratch)
    : method_(event_method(shape)),
      corner_(src - shape.pad_h * shape.src_row - shape.pad_w * shape.src_pixel) {
  const auto count = static_cast<std::size_t>(slots(shape));
  const auto take = [&](std::size_t bytes) {
    std::byte* const at = scratch;
    scratch += whole_lines(bytes);
    return at;
  };
  rows_ = reinterpret_cast<EventRow*>(
      take((count + static_cast<std::size_t>(shape.kernel_h)) * sizeof(EventRow)));
  window_ = rows_ + count;
  listed_ = reinterpret_cast<std::int64_t*>(take(count * sizeof(std::int64_t)));
  for (std::size_t slot = 0; slot < count; ++slot) {
    listed_[slot] = -1;
    rows_[slot] = {};
    if (method_ == EventMethod::patterns) {
      rows_[slot].bits = reinterpret_cast<std::uint64_t*>(take(bit_bytes(shape, pixels(shape))));
    } else {
      rows_[slot].places = reinterpret_cast<std::uint16_t*>(take(place_bytes(shape, pixels(shape))));
      rows_[slot].offsets = reinterpret_cast<std::uint32_t*>(take(offset_bytes(pixels(shape))));
    }
  }
}

const EventRow* EventRows::window(const ConvShape& shape, std::int64_t y) {
  if (y == window_of_) return window_;
  window_of_ = y;
  const EventKernels& kernels = event_kernels();
  for (std::int64_t ky = 0; ky < shape.kernel_h; ++ky) {
    const std::int64_t row = y * shape.stride_h + ky * shape.dilation_h, slot = row % slots(shape);
    if (listed_[slot] != row) {
      const EventRowJob job{corner_ + row * shape.src_row, pixels(shape), shape.src_pixel, shape.ic,
                            rows_[slot]};
      (method_ == EventMethod::patterns ? kernels.pattern_row : kernels.list_row)(job);
      listed_[slot] = row;
    }
    window_[ky] = rows_[slot];
  }
  return window_;
}

void sum_event_row(const ConvShape& shape, const EventConvWeights& weights, const EventRow* window,
                   const Epilogue& epilogue, std::int64_t y, std::int64_t first, std::int64_t last,
                   std::uint16_t* joined) {
  const EventKernels& kernels = event_kernels();
  const EventSumJob job{shape,
                        epilogue,
                        weights.lines.data()->bytes,
                        weights.rows,
                        weights.parts,
                        weights.part_bits,
                        weights.limit,
                        window,
                        y,
                        first,
                        last,
                        joined,
                        joined_capacity(weights.rows)};
  (weights.method == EventMethod::patterns ? kernels.sum_patterns : kernels.sum_lists)(job);
}

}  // namespace tern::kernels
