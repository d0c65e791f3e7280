// One tensor of a packed model: floats, or low-bit codes with their scales and codebook.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/types.hpp"

namespace tern::pack {

/// Row-major over `shape`, n elements.
///
/// Floats, bits == 32: `values`, finite; everything else is empty.
///
/// Uniform codes, bits 1..16: value[i] = codes[i] * scale(i). With 1 bit the codes are -1 and 1 (0 where a mask
/// says so), otherwise they lie in -2^(bits-1) .. 2^(bits-1)-1.
///
/// Codebook, bits 1..16: `codebook` is [k, d], d = codebook_dim, k <= min(2^bits, 2^15); codes are its rows, one
/// for each run of d elements. value[i] = codebook[codes[i / d]][i % d] * scale(i).
///
/// scale(i) = scales[i / (n / scales.size())]: one scale for the tensor, for each slice along dimension 0 (an
/// output channel), or for each of g equal groups of such a slice. Finite and > 0.
struct PackedTensor {
  net::Shape shape;
  int bits = 32;
  std::vector<float> values{};
  std::vector<std::int16_t> codes{};
  std::vector<float> scales{};
  std::vector<float> codebook{};
  std::int64_t codebook_dim = 1;
  bool operator==(const PackedTensor&) const = default;

  bool is_float() const { return bits == 32; }
  bool uniform() const { return !is_float() && codebook.empty(); }
  /// Uniform codes whose scale is one for the tensor or one for each slice along dimension 0: what integer
  /// sums serve.
  bool scaled_by_channel() const {
    return uniform() && (scales.size() == 1 || static_cast<std::int64_t>(scales.size()) == shape[0]);
  }
};

/// The tensor's values, in the float arithmetic of learn::QuantizedWeight::values. REQUIRES: check_tensor
/// passed.
std::vector<float> dequantize(const PackedTensor& tensor);

/// Elements whose value is zero.
std::int64_t count_zeros(const PackedTensor& tensor);

/// Errors: `kind` with `place`: "conv1.weight: code 2 is -9, outside -8..7 of 4 bits".
void check_tensor(const PackedTensor& tensor, std::string_view place, ErrorKind kind);

}  // namespace tern::pack
