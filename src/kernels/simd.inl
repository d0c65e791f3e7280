// Vectors of the instruction set being compiled (g++ vector extensions). Included inside a namespace of that set.
//
// Everything is static and always inlined, so that no copy escapes to another unit.

#define TERN_INLINE static inline __attribute__((always_inline))

typedef float Vec __attribute__((vector_size(TERN_VECTOR_BYTES)));
typedef std::int32_t IntVec __attribute__((vector_size(TERN_VECTOR_BYTES)));
typedef std::uint8_t ByteVec __attribute__((vector_size(TERN_VECTOR_BYTES / 4)));
typedef Vec UnalignedVec __attribute__((aligned(4), may_alias));
typedef ByteVec UnalignedByteVec __attribute__((aligned(1), may_alias));
constexpr std::int64_t lanes = TERN_VECTOR_BYTES / 4;

TERN_INLINE Vec load(const float* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
TERN_INLINE void store(float* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
TERN_INLINE Vec splat(float value) { return value - Vec{}; }
TERN_INLINE Vec absolute(Vec v) { return (Vec)((IntVec)v & 0x7fffffff); }

/// Writes around the caches: they would read the line first, and evict what is needed. `p` aligned to the vector.
TERN_INLINE void store_stream(float* p, Vec v) {
#if TERN_VECTOR_BYTES == 64
  _mm512_stream_ps(p, (__m512)v);
#elif TERN_VECTOR_BYTES == 32
  _mm256_stream_ps(p, (__m256)v);
#elif defined(__SSE2__)
  _mm_stream_ps(p, (__m128)v);
#else
  store(p, v);
#endif
}

/// Streaming stores become visible to other threads.
TERN_INLINE void finish_streams() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}
