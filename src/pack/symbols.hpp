// A tensor's elements as unsigned symbols, one of which stands for zero: what storage encodings work on.
#pragma once

#include <cstdint>
#include <vector>

#include "pack/packed_tensor.hpp"

namespace tern::pack {

/// One symbol an element (an index of a codebook: a run of elements), row-major.
///   floats              their 32 bits; zero is 0
///   codes of b >= 2     two's complement of b bits; zero is 0
///   codes of 1 bit      0 for 1, 1 for -1; zero is 2, which only encodings that leave zeros out can hold
///   codebook            the index; zero is the first row of zeros, or `no_zero`
struct Symbols {
  static constexpr std::uint32_t no_zero = 0xFFFFFFFFU;

  std::vector<std::uint32_t> values;
  int bits = 32;
  std::uint32_t zero = 0;
  std::int64_t rows = 1;  ///< the first dimension where it divides the number of symbols, else 1

  std::int64_t size() const { return static_cast<std::int64_t>(values.size()); }
  std::int64_t columns() const { return size() / rows; }
  /// Whether `zero` can be written with `bits`.
  bool zero_fits() const { return bits == 32 || zero >> bits == 0; }
};

Symbols to_symbols(const PackedTensor& tensor);

/// As to_symbols for a tensor whose codes or values are not known yet: `count` symbols, all `zero`.
Symbols blank_symbols(const PackedTensor& tensor, std::int64_t count);

/// The inverse: fills tensor.values or tensor.codes.
void from_symbols(const Symbols& symbols, PackedTensor& tensor);

}  // namespace tern::pack
