// unpack of one instruction set: weights of one block as bytes. Include inside the unit's namespace, after
// <immintrin.h> where that is for AVX-512.

/// Word j of the packed 64 bytes: factor * code - shift.
template <int Bits>
static inline void unpack_word(const std::uint8_t* packed, int j, std::int8_t* weights) {
  constexpr int factor = Bits == 1 ? 2 : 1, shift = 1 << (Bits - 1), most = (1 << Bits) - 1;
#ifdef __AVX512BW__
  const __m512i codes = _mm512_and_si512(
      _mm512_srli_epi16(_mm512_loadu_si512(packed), static_cast<unsigned>(Bits * j)), _mm512_set1_epi8(most));
  const __m512i scaled = factor == 2 ? _mm512_add_epi8(codes, codes) : codes;
  _mm512_storeu_si512(weights, _mm512_sub_epi8(scaled, _mm512_set1_epi8(shift)));
#else
  for (int i = 0; i < 64; ++i)
    weights[i] = static_cast<std::int8_t>(factor * ((packed[i] >> (Bits * j)) & most) - shift);
#endif
}

template <int Bits>
static void unpack_words(std::int64_t words, const std::uint8_t* packed, std::int8_t* weights) {
  constexpr int shared = 8 / Bits;
  for (std::int64_t word = 0; word < words; word += shared, packed += 64)
    for (int j = 0; j < shared && word + j < words; ++j, weights += 64) unpack_word<Bits>(packed, j, weights);
}

void unpack(int bits, std::int64_t words, const std::uint8_t* packed, std::int8_t* weights) {
  if (bits == 1) return unpack_words<1>(words, packed, weights);
  if (bits == 2) return unpack_words<2>(words, packed, weights);
  unpack_words<4>(words, packed, weights);
}
