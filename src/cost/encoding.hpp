// How a sparse tensor is written down, and how many bits that takes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/registry.hpp"

namespace tern::cost {

enum class Encoding { dense, rle, cp, uop, bitmask };

/// A tensor as the encodings see it: `rows` fibres of `row_length` elements of `bits` bits, of which the
/// fraction `density` (0..1) is not zero.
struct TensorStatistics {
  double rows = 1;
  double row_length = 1;
  int bits = 1;
  double density = 1;
  int run_bits = 4;  ///< width of a run-length counter, 1..16
  double elements() const { return rows * row_length; }
};

/// Stored size, split in the values themselves and everything else.
struct StoredBits {
  double payload = 0;
  double metadata = 0;
  double total() const { return payload + metadata; }
};

/// One row of the registry. `stored` is the expectation under independent zeros:
///
///   dense    N b
///   rle      (nnz + escapes) (b + r); an escape carries a run that fills the counter, see stored_bits()
///   cp       nnz (b + ceil(log2 row_length))                                coordinate and payload
///   uop      nnz (b + ceil(log2 row_length)) + (rows + 1) ceil(log2(N + 1))  offset pairs over cp: CSR
///   bitmask  N + nnz b
///
/// with N elements of b bits, nnz = density N and r = run_bits.
struct EncodingInfo {
  Encoding encoding;
  MethodInfo info;
  StoredBits (*stored)(const TensorStatistics&);
};

/// All encodings, dense first.
std::span<const EncodingInfo> encoding_table();
const EncodingInfo& encoding_info(Encoding encoding);
std::string_view name_of(Encoding encoding);

/// Unknown names: ErrorKind::usage with the nearest known one.
Encoding find_encoding(std::string_view name, std::string_view place = {});

/// Expected stored size. A zero run of length L costs floor(L / 2^r) escapes in RLE; under independent zeros
/// with q = 1 - density a nonzero is preceded by q^(2^r) / (1 - q^(2^r)) escapes on average. Source: Wu et
/// al. 2022, Sparseloop (format models); Chen et al. 2017, Eyeriss (run-length coding).
StoredBits stored_bits(Encoding encoding, const TensorStatistics& tensor);

/// The encoding among `allowed` with the smallest stored size; the earlier of equals.
Encoding cheapest_encoding(std::span<const Encoding> allowed, const TensorStatistics& tensor);

/// Encodings to use; nullopt: whichever makes the layer cheapest, dense included.
struct EncodingChoice {
  std::optional<Encoding> weights;
  std::optional<Encoding> inputs;
};

}  // namespace tern::cost
