// Products of four signed bytes a lane, on ARM: one instruction (SDOT) where the unit is compiled for it, six elsewhere; the
// sums are the same. Include inside a unit's namespace, after <arm_neon.h>.

static inline __attribute__((always_inline)) int32x4_t dot_bytes(int32x4_t sum, int8x16_t a, int8x16_t b) {
#ifdef __ARM_FEATURE_DOTPROD
  return vdotq_s32(sum, a, b);
#else
  const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
  return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
#endif
}

/// Codes of 0 .. 255 less 128.
static inline __attribute__((always_inline)) int8x16_t make_signed(int8x16_t codes) {
  return veorq_s8(codes, vdupq_n_s8(-128));
}

/// 128 times the sums of four weights a lane: what products with signed codes lack.
static inline __attribute__((always_inline)) int32x4_t lacking(int8x16_t weights) {
  return vnegq_s32(dot_bytes(vdupq_n_s32(0), weights, vdupq_n_s8(-128)));
}
