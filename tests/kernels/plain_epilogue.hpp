// The formula of kernels/epilogue.hpp in plain code, and epilogues with random parts that own their arrays.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/seed.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// x of channel c at (y, x) before it is stored.
inline float plain_value(const Epilogue& e, float sum, std::int64_t y, std::int64_t x, std::int64_t c) {
  volatile float v = sum;  // volatile: every operation rounds
  if (e.scale != nullptr) v = v * e.scale[c];
  if (e.bias != nullptr) v = v + e.bias[c];
  if (e.norm_scale != nullptr) {
    v = v * e.norm_scale[c];
    v = v + e.norm_shift[c];
  }
  if (e.residual.data != nullptr) v = v + e.residual.at(y, x)[c];
  if (e.residual_codes.data != nullptr) {
    volatile float other = static_cast<float>(e.residual_codes.at(y, x)[c] - e.residual_offset);
    other = other * e.residual_scale;
    v = v + other;
  }
  if (e.clamp) v = std::min(std::max(float{v}, e.clamp_low), e.clamp_high);
  return v;
}

inline std::uint8_t plain_code(const Epilogue& e, float value) {
  volatile float scaled = value * e.inverse_scale;
  return static_cast<std::uint8_t>(std::nearbyint(std::min(std::max(float{scaled}, e.low), e.high)) +
                                   static_cast<float>(e.offset));
}

/// An Epilogue over an image [h][w][channels] with its own arrays and results, filled with 77 beforehand;
/// `room` elements lie between pixels.
class OwnedEpilogue {
 public:
  /// Which parts it has; codes are always there.
  struct Parts {
    bool scale = true, bias = true, norm = false, residual = false, residual_codes = false, clamp = true;
    bool floats = false, codes = true;
  };

  OwnedEpilogue(std::int64_t h, std::int64_t w, std::int64_t channels, const Parts& parts, std::uint64_t seed,
                float sum_scale, std::int64_t room = 5)
      : w_(w) {
    Rng rng(seed);
    const std::int64_t padded = (channels + epilogue_block - 1) / epilogue_block * epilogue_block;
    const auto array = [&](double low, double high) {
      std::vector<float> values(static_cast<std::size_t>(padded));
      for (float& v : values) v = static_cast<float>(low + (high - low) * rng.uniform());
      return values;
    };
    scale_ = array(0.5 * sum_scale, 1.5 * sum_scale);
    bias_ = array(-1, 1);
    norm_scale_ = array(-1.5, 1.5);
    norm_shift_ = array(-1, 1);
    pixel_ = channels + room;
    row_ = w * pixel_ + 3;
    const auto size = static_cast<std::size_t>(h * row_);
    residual_.resize(size);
    for (float& v : residual_) v = static_cast<float>(rng.normal());
    residual_codes_.resize(size);
    for (std::uint8_t& v : residual_codes_) v = static_cast<std::uint8_t>(rng.below(256));
    floats.assign(size, 77.0F);
    codes.assign(size, 77);
    epilogue.channels = channels;
    if (parts.scale) epilogue.scale = scale_.data();
    if (parts.bias) epilogue.bias = bias_.data();
    if (parts.norm) {
      epilogue.norm_scale = norm_scale_.data();
      epilogue.norm_shift = norm_shift_.data();
    }
    if (parts.residual) epilogue.residual = {residual_.data(), pixel_, row_};
    if (parts.residual_codes) {
      epilogue.residual_codes = {residual_codes_.data(), pixel_, row_};
      epilogue.residual_scale = 0.0173F;
      epilogue.residual_offset = static_cast<std::int32_t>(rng.below(200));
    }
    epilogue.clamp = parts.clamp;
    epilogue.clamp_low = rng.below(2) == 0 ? 0.0F : -0.7F;
    epilogue.clamp_high = rng.below(2) == 0 ? INFINITY : 1.9F;
    epilogue.offset = rng.below(2) == 0 ? 0 : static_cast<std::int32_t>(rng.below(129));
    epilogue.low = static_cast<float>(-epilogue.offset);
    epilogue.high = static_cast<float>((rng.below(2) == 0 ? 255 : 200) - epilogue.offset);
    epilogue.inverse_scale = 61.37F;
    if (parts.floats) epilogue.floats = {floats.data(), pixel_, row_};
    if (parts.codes) epilogue.codes = {codes.data(), pixel_, row_};
  }
  OwnedEpilogue(const OwnedEpilogue&) = delete;
  OwnedEpilogue& operator=(const OwnedEpilogue&) = delete;

  void clear() {
    std::fill(floats.begin(), floats.end(), 77.0F);
    std::fill(codes.begin(), codes.end(), std::uint8_t{77});
  }

  /// What a kernel must leave in floats and codes where sums are sum(y, x, c), rows [first_row, last_row).
  template <class Sum>
  void expect(const Sum& sum, std::int64_t first_row, std::int64_t last_row, std::vector<float>& want_floats,
              std::vector<std::uint8_t>& want_codes) const {
    want_floats.assign(floats.size(), 77.0F);
    want_codes.assign(codes.size(), 77);
    for (std::int64_t y = first_row; y < last_row; ++y)
      for (std::int64_t x = 0; x < w_; ++x)
        for (std::int64_t c = 0; c < epilogue.channels; ++c) {
          const float value = plain_value(epilogue, static_cast<float>(sum(y, x, c)), y, x, c);
          const auto at = static_cast<std::size_t>(y * row_ + x * pixel_ + c);
          if (epilogue.floats.data != nullptr) want_floats[at] = value;
          if (epilogue.codes.data != nullptr) want_codes[at] = plain_code(epilogue, value);
        }
  }

  Epilogue epilogue;
  std::vector<float> floats;
  std::vector<std::uint8_t> codes;

 private:
  std::int64_t w_, pixel_ = 0, row_ = 0;
  std::vector<float> scale_, bias_, norm_scale_, norm_shift_, residual_;
  std::vector<std::uint8_t> residual_codes_;
};

}  // namespace tern::kernels
