// Random images of codes with a border, as ConvShape describes them, and convolutions of them in plain loops.
#pragma once

#include <cstdint>
#include <vector>

#include "base/seed.hpp"
#include "kernels/conv_shape.hpp"

namespace tern::kernels {

/// An image that the shape reads: its border holds `offset`, bytes behind the channels of a pixel hold
/// garbage.
class ImageCodes {
 public:
  /// Sets src_row of `shape` from the image's width and `row_slack`.
  ImageCodes(ConvShape& shape, std::int32_t offset, Rng& rng, std::int64_t row_slack = 0) {
    const std::int64_t h = (shape.out_h - 1) * shape.stride_h + (shape.kernel_h - 1) * shape.dilation_h + 1;
    const std::int64_t w = (shape.out_w - 1) * shape.stride_w + (shape.kernel_w - 1) * shape.dilation_w + 1;
    shape.src_row = w * shape.src_pixel + row_slack;
    bytes_.resize(static_cast<std::size_t>(h * shape.src_row + 128));
    for (auto& v : bytes_) v = static_cast<std::uint8_t>(rng.below(256));
    const std::int64_t rows = h - 2 * shape.pad_h, columns = w - 2 * shape.pad_w;
    for (std::int64_t y = -shape.pad_h; y < h - shape.pad_h; ++y)
      for (std::int64_t x = -shape.pad_w; x < w - shape.pad_w; ++x)
        if (y < 0 || y >= rows || x < 0 || x >= columns)
          for (std::int64_t c = 0; c < shape.ic; ++c)
            bytes_[place(shape, y, x, c)] = static_cast<std::uint8_t>(offset);
  }

  const std::uint8_t* data(const ConvShape& s) const { return bytes_.data() + place(s, 0, 0, 0); }
  std::uint8_t at(const ConvShape& s, std::int64_t y, std::int64_t x, std::int64_t c) const {
    return bytes_[place(s, y, x, c)];
  }

 private:
  static std::size_t place(const ConvShape& s, std::int64_t y, std::int64_t x, std::int64_t c) {
    return static_cast<std::size_t>(64 + (y + s.pad_h) * s.src_row + (x + s.pad_w) * s.src_pixel + c);
  }
  std::vector<std::uint8_t> bytes_;
};

/// Sum of one output; weights [oc][ic / groups][kernel_h][kernel_w].
inline std::int64_t plain_sum(const ConvShape& s, const ImageCodes& image,
                              const std::vector<std::int8_t>& weights, std::int32_t offset, std::int64_t y,
                              std::int64_t x, std::int64_t o) {
  const std::int64_t group = o / s.group_oc();
  std::int64_t sum = 0;
  for (std::int64_t c = 0; c < s.group_ic(); ++c)
    for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
      for (std::int64_t kx = 0; kx < s.kernel_w; ++kx)
        sum += std::int64_t{weights[static_cast<std::size_t>(
                   ((o * s.group_ic() + c) * s.kernel_h + ky) * s.kernel_w + kx)]} *
               (image.at(s, y * s.stride_h + ky * s.dilation_h - s.pad_h,
                         x * s.stride_w + kx * s.dilation_w - s.pad_w, group * s.group_ic() + c) -
                offset);
  return sum;
}

/// Codes of so many bits: 1: 1 and -1, 2: -2 .. 1, 4: -8 .. 7, 8: -128 .. 127.
inline std::vector<std::int8_t> random_weights(const ConvShape& s, int bits, Rng& rng) {
  std::vector<std::int8_t> weights(static_cast<std::size_t>(s.oc * s.group_ic() * s.taps()));
  for (auto& v : weights)
    v = static_cast<std::int8_t>(bits == 1 ? 2 * static_cast<int>(rng.below(2)) - 1
                                           : static_cast<int>(rng.below(1U << bits)) - (1 << (bits - 1)));
  return weights;
}

}  // namespace tern::kernels
