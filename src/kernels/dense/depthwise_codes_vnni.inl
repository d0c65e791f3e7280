// Results of depthwise_vnni.cpp: 32 sums in registers to codes, or through finish. Include inside its
// namespace.
#include "kernels/dense/finish_tile_vnni.inl"

/// 32 lanes of 32 bits.
struct Pair {
  __m512i low, high;
};

DEPTHWISE_INLINE Pair load_pair(const void* from) {
  const auto* const at = static_cast<const char*>(from);
  return {_mm512_loadu_si512(at), _mm512_loadu_si512(at + 64)};
}

/// What does not change from block to block.
struct CodesPlan {
  explicit CodesPlan(const DepthwiseJob& job) {
    const Epilogue& e = *job.epilogue;
    serves = e.codes.data != nullptr && e.floats.data == nullptr && e.residual.data == nullptr &&
             e.residual_codes.data == nullptr && (job.pixels == 1 || e.codes.pixel == job.channels);
    bounds = code_bounds(e);
    const float* const given[4] = {e.scale, e.bias, e.norm_scale, e.norm_shift};
    for (int part = 0; part < 4; ++part) {
      from[part] = given[part];
      if (given[part] == nullptr || job.pixels == 1) continue;
      for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane)
        spread[part][lane] = given[part][lane % job.channels];
      from[part] = spread[part];
    }
  }
  bool serves;
  CodeBounds bounds;
  const float* from[4];  // scale, bias, norm_scale, norm_shift of the lanes
  float spread[4][depthwise_lanes];
};

/// Where only codes are wanted: the steps of kernels/epilogue.hpp without leaving registers.
class ToCodes {
 public:
  ToCodes(const DepthwiseJob& job, const CodesPlan& plan, std::int64_t first)
      : whole_(*job.epilogue, plan.bounds),
        norm_(plan.from[2] != nullptr),
        lanes_(job.channels - first < 32 ? job.channels - first : 32),
        codes_{job.epilogue->codes.data + first, job.epilogue->codes.pixel, job.epilogue->codes.row} {
    const Epilogue& e = *job.epilogue;
    const std::int64_t left = job.pixels > 1 ? 32 : lanes_;
    // Parts that are missing become 1 and 0: codes do not tell 0 from -0.
    const auto factors = [&](int part, float missing, __m512& low, __m512& high) {
      const float* const from = plan.from[part];
      low = from == nullptr ? _mm512_set1_ps(missing) : _mm512_loadu_ps(from + first);
      high = from == nullptr || left <= 16 ? _mm512_set1_ps(missing) : _mm512_loadu_ps(from + first + 16);
    };
    factors(0, 1, scale_low_, scale_high_);
    factors(1, 0, bias_low_, bias_high_);
    factors(2, 1, norm_low_, norm_high_);
    factors(3, 0, shift_low_, shift_high_);
    offset_ = _mm256_set1_epi8(static_cast<char>(e.offset));
    bytes_ = _mm512_load_si512(lowest_bytes.places);
  }

  DEPTHWISE_INLINE void operator()(Pair acc, std::int64_t y, std::int64_t x, std::int64_t count) const {
    __m512 low = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(acc.low), scale_low_), bias_low_);
    __m512 high = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(acc.high), scale_high_), bias_high_);
    if (norm_) {
      low = _mm512_add_ps(_mm512_mul_ps(low, norm_low_), shift_low_);
      high = _mm512_add_ps(_mm512_mul_ps(high, norm_high_), shift_high_);
    }
    // Whole numbers from -offset to 255 - offset: their lowest bytes, plus offset modulo 256, are the codes.
    const __m512i bytes = _mm512_permutex2var_epi8(whole_(low), bytes_, whole_(high));
    const __m256i codes = _mm256_add_epi8(_mm512_castsi512_si256(bytes), offset_);
    std::uint8_t* const to = codes_.at(y, x);
    const std::int64_t wanted = count * lanes_;
    if (wanted == 32)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), codes);
    else
      _mm256_mask_storeu_epi8(to, (std::uint32_t{1} << wanted) - 1, codes);
  }

 private:
  ToWhole whole_;
  bool norm_;
  std::int64_t lanes_;
  Plane<std::uint8_t> codes_;
  __m512 scale_low_, scale_high_, bias_low_, bias_high_, norm_low_, norm_high_, shift_low_, shift_high_;
  __m256i offset_;
  __m512i bytes_;
};

/// Anything else.
struct ToFinish {
  DEPTHWISE_INLINE void operator()(Pair acc, std::int64_t y, std::int64_t x, std::int64_t count) const {
    alignas(64) std::int32_t sums[depthwise_lanes];
    _mm512_store_si512(sums, acc.low);
    _mm512_store_si512(sums + 16, acc.high);
    const std::int64_t width =
        job.channels - first < depthwise_lanes ? job.channels - first : depthwise_lanes;
    finish(*job.epilogue, sums, width, y, x, count, first, width);
  }
  const DepthwiseJob& job;
  std::int64_t first;
};
