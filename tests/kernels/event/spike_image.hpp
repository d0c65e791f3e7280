// Random images of spikes with a border of zeros, as the event kernels read them, and plain convolutions over
// them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/seed.hpp"
#include "kernels/conv_shape.hpp"

namespace tern::kernels {

/// [steps][h + 2 pad_h][w + 2 pad_w][words], 8 words of slack before and after.
struct SpikeImage {
  std::int64_t h, w, channels, pad_h, pad_w, steps, words, row, step;
  std::vector<std::uint64_t> data;

  SpikeImage(std::int64_t height, std::int64_t width, std::int64_t c, std::int64_t border_h,
             std::int64_t border_w, std::int64_t num_steps, double rate, Rng& rng)
      : h(height),
        w(width),
        channels(c),
        pad_h(border_h),
        pad_w(border_w),
        steps(num_steps),
        words((c + 63) / 64) {
    row = (w + 2 * pad_w) * words, step = (h + 2 * pad_h) * row;
    data.assign(static_cast<std::size_t>(16 + steps * step), 0);
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t y = 0; y < h; ++y)
        for (std::int64_t x = 0; x < w; ++x)
          for (std::int64_t i = 0; i < channels; ++i)
            if (rng.uniform() < rate) at(t, y, x)[i / 64] |= std::uint64_t{1} << i % 64;
  }

  std::uint64_t* at(std::int64_t t, std::int64_t y, std::int64_t x) {
    return data.data() + 8 + t * step + (y + pad_h) * row + (x + pad_w) * words;
  }
  const std::uint64_t* at(std::int64_t t, std::int64_t y, std::int64_t x) const {
    return const_cast<SpikeImage*>(this)->at(t, y, x);
  }
  bool spikes(std::int64_t t, std::int64_t y, std::int64_t x, std::int64_t c) const {
    return at(t, y, x)[c / 64] >> c % 64 & 1;
  }
};

/// The image's extents follow from the shape; strides are filled in.
inline SpikeImage random_image(ConvShape& shape, std::int64_t steps, double rate, Rng& rng) {
  const std::int64_t h = (shape.out_h - 1) * shape.stride_h + (shape.kernel_h - 1) * shape.dilation_h + 1;
  const std::int64_t w = (shape.out_w - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w + 1;
  SpikeImage image(h - 2 * shape.pad_h, w - 2 * shape.pad_w, shape.ic, shape.pad_h, shape.pad_w, steps, rate,
                   rng);
  shape.src_pixel = image.words, shape.src_row = image.row;
  return image;
}

/// codes [oc][ic][kernel_h][kernel_w]; returns [out_h][out_w][oc].
inline std::vector<std::int32_t> plain_sums(const ConvShape& s, const std::vector<std::int8_t>& codes,
                                            const SpikeImage& image, std::int64_t step) {
  std::vector<std::int32_t> sums(static_cast<std::size_t>(s.out_h * s.out_w * s.oc));
  auto* sum = sums.data();
  for (std::int64_t y = 0; y < s.out_h; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x)
      for (std::int64_t o = 0; o < s.oc; ++o, ++sum)
        for (std::int64_t c = 0; c < s.ic; ++c)
          for (std::int64_t tap = 0; tap < s.taps(); ++tap) {
            const std::int64_t sy = y * s.stride_h + tap / s.kernel_w * s.dilation_h - s.pad_h;
            const std::int64_t sx = x * s.stride_w + tap % s.kernel_w * s.dilation_w - s.pad_w;
            if (image.spikes(step, sy, sx, c))
              *sum += codes[static_cast<std::size_t>((o * s.ic + c) * s.taps() + tap)];
          }
  return sums;
}

inline std::vector<std::int8_t> random_codes(std::int64_t count, std::int64_t most, Rng& rng) {
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
  for (auto& code : codes)
    code = static_cast<std::int8_t>(
        static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(2 * most + 1))) - most);
  return codes;
}

/// At least `bytes`, aligned to 64.
inline std::vector<std::max_align_t> scratch_of(std::size_t bytes) {
  return std::vector<std::max_align_t>(bytes / sizeof(std::max_align_t) + 8);
}
inline void* aligned(std::vector<std::max_align_t>& scratch) {
  return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(scratch.data()) + 63) / 64 * 64);
}

}  // namespace tern::kernels
