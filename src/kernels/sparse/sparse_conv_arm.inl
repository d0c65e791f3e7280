// Vectors of 4 pixels: floats by fused multiply-add, int8 words by dot products of signed bytes. Include inside a unit's
// namespace, after <arm_neon.h> and TERN_INLINE.
namespace {
#include "kernels/dot_arm.inl"

typedef int32x4_t Vec;
constexpr std::int64_t lanes = 4;

TERN_INLINE Vec load(const void* p) { return vld1q_s32(static_cast<const std::int32_t*>(p)); }
TERN_INLINE void store(void* p, Vec v) { vst1q_s32(static_cast<std::int32_t*>(p), v); }
TERN_INLINE Vec splat(std::int32_t value) { return vdupq_n_s32(value); }
TERN_INLINE Vec zero() { return vdupq_n_s32(0); }

/// dst[w][i] = word w of the pixel `places[i]` bytes from src, of `count` pixels.
static void pack_pixels(const char* src, const std::int64_t* places, std::int64_t count, std::int64_t words,
                        char* dst, std::int64_t pitch) {
  for (std::int64_t w = 0; w < words; ++w)
    for (std::int64_t i = 0; i < count; ++i)
      __builtin_memcpy(dst + w * pitch + i * 4, src + places[i] + w * 4, 4);
}

/// Finishes job.scratch.sums, [width channels][pitch pixels], of `count` pixels from pixel `first` on.
template <class Sum>
static void finish_sums(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t pitch,
                        std::int64_t from, std::int64_t width) {
  const std::int64_t out_w = job.shape.out_w;
  Sum pixels[8 * lanes][sparse_channels];
  for (std::int64_t o = 0; o < width; ++o)
    for (std::int64_t i = 0; i < count; ++i)
      __builtin_memcpy(&pixels[i][o], job.scratch.sums + o * pitch + i, 4);
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t x = (first + i) % out_w, left = count - i;
    const std::int64_t run = out_w - x < left ? out_w - x : left;
    finish(job.epilogue, pixels[i], sparse_channels, (first + i) / out_w, x, run, from, width);
    i += run;
  }
}

struct Codes {
  typedef std::int32_t Sum;
  static constexpr std::int64_t element = 1, most = 8;
  struct Weight {
    int8x16_t bytes;
    Vec lack;
  };
  TERN_INLINE Weight weight(const std::uint32_t* word) {
    const int8x16_t bytes = vreinterpretq_s8_u32(vdupq_n_u32(*word));
    return {bytes, lacking(bytes)};
  }
  TERN_INLINE Vec dot(Vec sum, const char* src, const Weight& weight) {
    const int8x16_t codes = make_signed(vreinterpretq_s8_s32(load(src)));
    return dot_bytes(vaddq_s32(sum, weight.lack), codes, weight.bytes);
  }
  TERN_INLINE Vec add(Vec a, Vec b) { return vaddq_s32(a, b); }
};

struct Floats {
  typedef float Sum;
  static constexpr std::int64_t element = 4, most = 8;
  TERN_INLINE float32x4_t weight(const std::uint32_t* word) { return vreinterpretq_f32_u32(vdupq_n_u32(*word)); }
  TERN_INLINE Vec dot(Vec sum, const char* src, float32x4_t weight) {
    return vreinterpretq_s32_f32(vfmaq_f32(vreinterpretq_f32_s32(sum), vreinterpretq_f32_s32(load(src)), weight));
  }
  TERN_INLINE Vec add(Vec a, Vec b) {
    return vreinterpretq_s32_f32(vaddq_f32(vreinterpretq_f32_s32(a), vreinterpretq_f32_s32(b)));
  }
};

#include "kernels/sparse/sparse_panels.inl"

constexpr Tile code_tiles[2][8] = TERN_SPARSE_TILES(TERN_SPARSE_EIGHT, sum_tile, Codes);
constexpr Tile float_tiles[2][8] = TERN_SPARSE_TILES(TERN_SPARSE_EIGHT, sum_tile, Floats);
}  // namespace

void conv_codes(const SparseJob& job) { conv<Codes>(job, code_tiles); }
void conv_floats(const SparseJob& job) { conv<Floats>(job, float_tiles); }
