// unpack of one instruction set, by the compiler's own vectors. Include inside the unit's namespace.

static void unpack_pairs(std::int64_t words, const std::uint8_t* packed, std::int8_t* weights) {
  for (std::int64_t word = 0; word < words; word += 4, packed += 64)
    for (std::int64_t j = 0; j < 4 && word + j < words; ++j, weights += 64)
      for (int i = 0; i < 64; ++i) weights[i] = static_cast<std::int8_t>(((packed[i] >> (2 * j)) & 3) - 2);
}

static void unpack_nibbles(std::int64_t words, const std::uint8_t* packed, std::int8_t* weights) {
  for (std::int64_t word = 0; word < words; word += 2, packed += 64)
    for (std::int64_t j = 0; j < 2 && word + j < words; ++j, weights += 64)
      for (int i = 0; i < 64; ++i) weights[i] = static_cast<std::int8_t>(((packed[i] >> (4 * j)) & 15) - 8);
}

static void unpack_signs(std::int64_t words, const std::uint8_t* packed, std::int8_t* weights) {
  for (std::int64_t word = 0; word < words; ++word, packed += 8, weights += 64)
    for (int i = 0; i < 64; ++i)
      weights[i] = static_cast<std::int8_t>(2 * ((packed[i / 8] >> (i % 8)) & 1) - 1);
}

void unpack(int bits, std::int64_t words, const std::uint8_t* packed, std::int8_t* weights) {
  if (bits == 1) return unpack_signs(words, packed, weights);
  if (bits == 2) return unpack_pairs(words, packed, weights);
  unpack_nibbles(words, packed, weights);
}
