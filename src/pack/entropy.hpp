// Entropy coders over small alphabets: canonical Huffman and range ANS.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tern::pack {

/// Widest symbols that are entropy coded: wider alphabets' tables outgrow what they save.
inline constexpr int most_entropy_bits = 12;

/// Canonical Huffman codes of at most 15 bits (Huffman 1952; Schwartz and Kallick 1964 for the canonical
/// form).
/// Bytes: the alphabet (2^bits bits, 1 where a symbol occurs), the 4-bit code length of each symbol that occurs
/// (0 where there is only one), the codes, each of the three padded to whole bytes. A code's most significant
/// bit comes first. REQUIRES: 1 <= bits <= 12, values < 2^bits, at least one value.
std::string huffman_encode(std::span<const std::uint32_t> values, int bits);
/// Errors: ErrorKind::bad_data with `place` unless `bytes` is a complete code and exactly `count` values.
std::vector<std::uint32_t> huffman_decode(std::string_view bytes, std::int64_t count, int bits,
                                          std::string_view place);

/// Range asymmetric numeral system (Duda 2013): state of 31 bits, renormalised by bytes, probabilities of 12
/// bits.
/// Bytes: the alphabet as above, probability * 4096 - 1 of each symbol that occurs in 12 bits, padded; then the
/// final state, most significant byte first, and the bytes that decoding shifts in. Decoding ends at state 2^23,
/// bytes used up. REQUIRES and errors: as above.
std::string rans_encode(std::span<const std::uint32_t> values, int bits);
std::vector<std::uint32_t> rans_decode(std::string_view bytes, std::int64_t count, int bits,
                                       std::string_view place);

/// How often each of 2^bits symbols occurs.
std::vector<std::int64_t> histogram(std::span<const std::uint32_t> values, int bits);

/// The symbols that occur, as huffman_encode and rans_encode begin. take_alphabet removes it from `bytes`.
std::string pack_alphabet(const std::vector<std::int64_t>& counts);
std::vector<std::uint32_t> take_alphabet(std::string_view& bytes, int bits, std::string_view place);

/// The next `count` fields of `bits` bits, removed from `bytes`. Errors: ErrorKind::bad_data where there are
/// fewer.
std::vector<std::uint32_t> take_fields(std::string_view& bytes, std::int64_t count, int bits,
                                       std::string_view place);

}  // namespace tern::pack
