#include "kernels/input_frame.hpp"

#include <algorithm>

#include "kernels/isa.hpp"

namespace tern::kernels {

void input_scalar::quantize_frame(const InputFrame& frame, const Epilogue& grid, const Plane<std::uint8_t>& dst) {
  const auto code = [&](float x) {
    constexpr float magic = 12582912.0F;  // 1.5 * 2^23: rounds to whole numbers, ties to even
    const float value = std::min(std::max(x * grid.inverse_scale, grid.low), grid.high);
    return static_cast<std::uint8_t>(static_cast<std::int32_t>((value + magic) - magic) + grid.offset);
  };
  const float* src = frame.src;
  for (std::int64_t c = 0; c < frame.c; ++c)
    for (std::int64_t y = 0; y < frame.h; ++y, src += frame.w)
      for (std::int64_t x = 0; x < frame.w; ++x) dst.at(y, x)[c] = code(src[x]);
}

bool input_scalar::pack_frame(const InputFrame& frame, const Plane<std::uint64_t>& dst) {
  bool other = false;
  const float* src = frame.src;
  for (std::int64_t c = 0; c < frame.c; ++c)
    for (std::int64_t y = 0; y < frame.h; ++y, src += frame.w)
      for (std::int64_t x = 0; x < frame.w; ++x) {
        const bool one = src[x] == 1.0F;
        other |= !one && src[x] != 0.0F;
        std::uint64_t& word = dst.at(y, x)[c / 64];
        word = (c % 64 == 0 ? 0 : word) | static_cast<std::uint64_t>(one) << (c % 64);
      }
  return !other;
}

#ifdef TERN_KERNELS_X86
#define TERN_INPUT_AVX512(function) &input_avx512::function
#else
#define TERN_INPUT_AVX512(function) nullptr
#endif

void quantize_frame(const InputFrame& frame, const Epilogue& grid, const Plane<std::uint8_t>& dst) {
  using Kernel = decltype(&input_scalar::quantize_frame);
  for_isa<Kernel>(&input_scalar::quantize_frame, nullptr, TERN_INPUT_AVX512(quantize_frame), nullptr)(frame, grid, dst);
}

bool pack_frame(const InputFrame& frame, const Plane<std::uint64_t>& dst) {
  using Kernel = decltype(&input_scalar::pack_frame);
  return for_isa<Kernel>(&input_scalar::pack_frame, nullptr, TERN_INPUT_AVX512(pack_frame), nullptr)(frame, dst);
}

}  // namespace tern::kernels
