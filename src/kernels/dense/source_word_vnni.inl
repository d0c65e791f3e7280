// What tiles of vpdpbusd share. Include after finish_tile_vnni.inl inside a namespace of a unit compiled for
// VNNI.

/// Four source bytes, for all channels.
static inline __attribute__((always_inline)) __m512i source_word(const std::uint8_t* from) {
  std::int32_t word;
  __builtin_memcpy(&word, from, 4);
  return _mm512_set1_epi32(word);
}

/// Ends the sums' life as operands of the loop; without this g++ 12 copies every one of them in each round.
template <int P, int N>
static inline __attribute__((always_inline)) void settle(__m512i (&acc)[P][N]) {
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) asm("" : "+v"(acc[p][n]));
}
