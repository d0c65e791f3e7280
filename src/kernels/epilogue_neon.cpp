// Eight channels of a pixel at a time; channels left over go through the plain function.
#include <arm_neon.h>

#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::epilogue_neon {
namespace {

/// A pixel's places in the planes that there are, from the job's first channel on.
struct Pixel {
  const float* residual;
  const std::uint8_t* residual_codes;
  float* floats;
  std::uint8_t* codes;
};

template <class T>
T* place(const Plane<T>& plane, const FinishJob& job, std::int64_t x) {
  return plane.data != nullptr ? plane.at(job.y, x) + job.first : nullptr;
}

/// As std::max and std::min order their operands: v comes through where both are equal.
inline float32x4_t at_least(float32x4_t v, float low) {
  const float32x4_t bound = vdupq_n_f32(low);
  return vbslq_f32(vcltq_f32(v, bound), bound, v);
}
inline float32x4_t at_most(float32x4_t v, float high) {
  const float32x4_t bound = vdupq_n_f32(high);
  return vbslq_f32(vcgtq_f32(v, bound), bound, v);
}

/// Four channels from channel c on; codes: of the residual.
inline float32x4_t value_of(const Epilogue& e, const Pixel& pixel, float32x4_t v, std::int64_t c, std::int64_t i,
                            uint16x4_t codes) {
  if (e.scale != nullptr) v = vmulq_f32(v, vld1q_f32(e.scale + c));
  if (e.bias != nullptr) v = vaddq_f32(v, vld1q_f32(e.bias + c));
  if (e.norm_scale != nullptr) v = vaddq_f32(vmulq_f32(v, vld1q_f32(e.norm_scale + c)), vld1q_f32(e.norm_shift + c));
  if (pixel.residual != nullptr) v = vaddq_f32(v, vld1q_f32(pixel.residual + i));
  if (pixel.residual_codes != nullptr) {
    const int32x4_t whole = vsubq_s32(vreinterpretq_s32_u32(vmovl_u16(codes)), vdupq_n_s32(e.residual_offset));
    v = vaddq_f32(v, vmulq_f32(vcvtq_f32_s32(whole), vdupq_n_f32(e.residual_scale)));
  }
  if (e.clamp) v = at_most(at_least(v, e.clamp_low), e.clamp_high);
  if (pixel.floats != nullptr) vst1q_f32(pixel.floats + i, v);
  return v;
}

/// Rounded to the nearest whole number, ties to even.
inline int16x4_t code_of(const Epilogue& e, float32x4_t v) {
  const float32x4_t clamped = at_most(at_least(vmulq_f32(v, vdupq_n_f32(e.inverse_scale)), e.low), e.high);
  return vqmovn_s32(vaddq_s32(vcvtnq_s32_f32(clamped), vdupq_n_s32(e.offset)));
}

}  // namespace

void finish(const FinishJob& job) {
  const Epilogue& e = job.epilogue;
  const std::int64_t whole = job.width / 8 * 8;
  for (std::int64_t p = 0; p < job.count; ++p) {
    const std::int64_t x = job.x + p;
    const Pixel pixel{place(e.residual, job, x), place(e.residual_codes, job, x), place(e.floats, job, x),
                      place(e.codes, job, x)};
    for (std::int64_t i = 0; i < whole; i += 8) {
      const std::int64_t at = p * job.acc_pixel + i;
      const uint16x8_t residual = vmovl_u8(pixel.residual_codes != nullptr ? vld1_u8(pixel.residual_codes + i) : vdup_n_u8(0));
      float32x4_t v[2];
      for (int half = 0; half < 2; ++half) {
        const std::int64_t from = at + 4 * half;
        v[half] = job.sums != nullptr ? vcvtq_f32_s32(vld1q_s32(job.sums + from)) : vld1q_f32(job.float_sums + from);
        v[half] = value_of(e, pixel, v[half], job.first + i + 4 * half, i + 4 * half,
                           half == 0 ? vget_low_u16(residual) : vget_high_u16(residual));
      }
      if (pixel.codes != nullptr) vst1_u8(pixel.codes + i, vqmovun_s16(vcombine_s16(code_of(e, v[0]), code_of(e, v[1]))));
    }
  }
  if (whole == job.width) return;
  FinishJob rest = job;
  if (rest.sums != nullptr) rest.sums += whole;
  if (rest.float_sums != nullptr) rest.float_sums += whole;
  rest.first += whole;
  rest.width -= whole;
  epilogue_scalar::finish(rest);
}

}  // namespace tern::kernels::epilogue_neon
