// Packing of spikes. Included inside the namespace of an instruction set, after simd.inl.

/// One bit a lane: v == 1; `other` gathers lanes that are neither 0 nor 1.
TERN_INLINE std::uint64_t spike_bits(const float* x, std::uint64_t* other) {
#if TERN_VECTOR_BYTES == 64
  const __m512 v = _mm512_loadu_ps(x);
  const std::uint64_t ones = _mm512_cmp_ps_mask(v, _mm512_set1_ps(1.0F), _CMP_EQ_OQ);
  *other |= ones ^ _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  return ones;
#elif TERN_VECTOR_BYTES == 32
  const __m256 v = _mm256_loadu_ps(x);
  const auto ones = static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_set1_ps(1.0F), _CMP_EQ_OQ)));
  *other |= ones ^ static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
  return ones;
#elif defined(__SSE2__)
  const __m128 v = _mm_loadu_ps(x);
  const auto ones = static_cast<unsigned>(_mm_movemask_ps(_mm_cmpeq_ps(v, _mm_set1_ps(1.0F))));
  *other |= ones ^ static_cast<unsigned>(_mm_movemask_ps(_mm_cmpneq_ps(v, _mm_setzero_ps())));
  return ones;
#else
  std::uint64_t ones = 0;
  for (std::int64_t i = 0; i < lanes; ++i) {
    ones |= static_cast<std::uint64_t>(x[i] == 1.0F) << i;
    *other |= static_cast<std::uint64_t>(x[i] != 1.0F && x[i] != 0.0F);
  }
  return ones;
#endif
}

static bool pack_words(std::int64_t words, const float* x, std::uint64_t* bits) {
  std::uint64_t other = 0;
  for (std::int64_t w = 0; w < words; ++w, x += 64) {
    std::uint64_t word = 0;
#pragma GCC unroll 16
    for (std::int64_t i = 0; i < 64; i += lanes) word |= spike_bits(x + i, &other) << i;
    bits[w] = word;
  }
  return other == 0;
}

static void unpack_words(std::int64_t words, const std::uint64_t* bits, float* x) {
  const Vec one = splat(1.0F);
  IntVec lane_bit{};
  for (std::int64_t i = 0; i < lanes; ++i) lane_bit[i] = static_cast<std::int32_t>(1U << i);
  for (std::int64_t w = 0; w < words; ++w, x += 64)
#pragma GCC unroll 16
    for (std::int64_t i = 0; i < 64; i += lanes) {
      const IntVec chunk = IntVec{} + static_cast<std::int32_t>(bits[w] >> i);
      store(x + i, (chunk & lane_bit) != 0 ? one : Vec{});
    }
}
