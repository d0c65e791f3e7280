#include "kernels/epilogue.hpp"

#include <algorithm>

#include "kernels/epilogue_impl.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

/// Whole numbers below 2^22, ties to even.
float round_small(float x) {
  constexpr float magic = 12582912.0F;  // 1.5 * 2^23
  return (x + magic) - magic;
}

float finished(const Epilogue& e, float x, std::int64_t c, const float* residual, const std::uint8_t* residual_codes) {
  if (e.scale != nullptr) x *= e.scale[c];
  if (e.bias != nullptr) x += e.bias[c];
  if (e.norm_scale != nullptr) x = x * e.norm_scale[c] + e.norm_shift[c];
  if (residual != nullptr) x += residual[c];
  if (residual_codes != nullptr)
    x += static_cast<float>(residual_codes[c] - e.residual_offset) * e.residual_scale;
  if (e.clamp) x = std::min(std::max(x, e.clamp_low), e.clamp_high);
  return x;
}

void dispatch(const FinishJob& job) {
  using Finish = void (*)(const FinishJob&);
#if defined(TERN_KERNELS_X86)
  for_isa<Finish>(&epilogue_scalar::finish, &epilogue_avx2::finish, &epilogue_avx512::finish, nullptr)(job);
#elif defined(TERN_KERNELS_ARM)
  for_isa<Finish>(&epilogue_scalar::finish, &epilogue_neon::finish, nullptr)(job);
#else
  epilogue_scalar::finish(job);
#endif
}

}  // namespace

void epilogue_scalar::finish(const FinishJob& job) {
  const Epilogue& e = job.epilogue;
  for (std::int64_t p = 0; p < job.count; ++p) {
    const std::int64_t x = job.x + p;
    const float* const residual = e.residual.data != nullptr ? e.residual.at(job.y, x) : nullptr;
    const std::uint8_t* const residual_codes =
        e.residual_codes.data != nullptr ? e.residual_codes.at(job.y, x) : nullptr;
    float* const floats = e.floats.data != nullptr ? e.floats.at(job.y, x) : nullptr;
    std::uint8_t* const codes = e.codes.data != nullptr ? e.codes.at(job.y, x) : nullptr;
    for (std::int64_t i = 0; i < job.width; ++i) {
      const std::int64_t c = job.first + i;
      const float sum = job.sums != nullptr ? static_cast<float>(job.sums[p * job.acc_pixel + i])
                                            : job.float_sums[p * job.acc_pixel + i];
      const float value = finished(e, sum, c, residual, residual_codes);
      if (floats != nullptr) floats[c] = value;
      if (codes != nullptr)
        codes[c] = static_cast<std::uint8_t>(
            static_cast<std::int32_t>(round_small(std::min(std::max(value * e.inverse_scale, e.low), e.high))) +
            e.offset);
    }
  }
}

void finish(const Epilogue& epilogue, const std::int32_t* acc, std::int64_t acc_pixel, std::int64_t y, std::int64_t x,
            std::int64_t count, std::int64_t first, std::int64_t width) {
  dispatch({epilogue, acc, nullptr, acc_pixel, y, x, count, first, width});
}

void finish(const Epilogue& epilogue, const float* acc, std::int64_t acc_pixel, std::int64_t y, std::int64_t x,
            std::int64_t count, std::int64_t first, std::int64_t width) {
  dispatch({epilogue, nullptr, acc, acc_pixel, y, x, count, first, width});
}

}  // namespace tern::kernels
