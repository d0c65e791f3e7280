// What happens to a convolution's sums before they are stored: scale, bias, batch norm, residual, clamp, quantize.
//
// In float32, one rounding an operation and in the order in which `learn` evaluates the Net, so that fused and unfused
// runs agree bit for bit:
//   x = float(acc) * scale[o];  x = x + bias[o];  x = x * norm_scale[o] + norm_shift[o] (two roundings)
//   x = x + residual;  x = min(max(x, clamp_low), clamp_high)
//   floats = x;  codes = byte(round(min(max(x * inverse_scale, low), high)) + offset), ties to even
// Parts whose pointer is null are left out.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Channels are padded to so many in the arrays of an Epilogue (content of the padding: anything finite).
inline constexpr std::int64_t epilogue_block = 16;

/// A plane of pixels [h][w][channels] somewhere in memory; strides in elements.
template <class T>
struct Plane {
  T* data = nullptr;
  std::int64_t pixel = 0, row = 0;
  T* at(std::int64_t y, std::int64_t x) const { return data + y * row + x * pixel; }
};

struct Epilogue {
  std::int64_t channels = 0;
  const float* scale = nullptr;         ///< [channels, padded]; null: 1
  const float* bias = nullptr;          ///< [channels, padded]
  const float* norm_scale = nullptr;    ///< [channels, padded], with norm_shift
  const float* norm_shift = nullptr;
  Plane<const float> residual;          ///< added where data is not null
  Plane<const std::uint8_t> residual_codes;  ///< added as float(byte - residual_offset) * residual_scale
  float residual_scale = 1;
  std::int32_t residual_offset = 0;
  bool clamp = false;
  float clamp_low = 0, clamp_high = 0;  ///< relu: 0 and infinity
  Plane<float> floats;                  ///< written where data is not null
  Plane<std::uint8_t> codes;            ///< written where data is not null; bytes behind `channels` of a pixel stay untouched
  float inverse_scale = 1, low = 0, high = 255;  ///< of codes; low and high are whole numbers, less the zero point
  std::int32_t offset = 0;              ///< byte of the value zero: -low, at least 0
};

/// Finishes `count` pixels from (y, x) on along a row, channels [first, first + width) of them.
/// acc: [count][acc_pixel] sums, of which the first `width` of each pixel are read. `first` is a multiple of 16.
void finish(const Epilogue& epilogue, const std::int32_t* acc, std::int64_t acc_pixel, std::int64_t y, std::int64_t x,
            std::int64_t count, std::int64_t first, std::int64_t width);
/// The same from float sums.
void finish(const Epilogue& epilogue, const float* acc, std::int64_t acc_pixel, std::int64_t y, std::int64_t x,
            std::int64_t count, std::int64_t first, std::int64_t width);

}  // namespace tern::kernels
