// The `.tern` file: a Net with its packed weights, as a valid safetensors file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/net.hpp"

namespace tern::pack {

/// One tensor of a packed model, row-major over `shape`: float values or low-bit codes.
struct PackedTensor {
  net::Shape shape;
  int bits = 32;                   ///< 32: `values`; 2..8: `codes`, each in -(2^(bits-1)-1) .. 2^(bits-1)-1
  std::vector<float> values;       ///< bits == 32: finite; else empty
  std::vector<std::int8_t> codes;  ///< bits < 32; else empty
  float scale = 1;                 ///< value = scale * code; finite and > 0. Unused where bits == 32.
  bool operator==(const PackedTensor&) const = default;
};

/// A Net and a tensor for each parameter it asks for, named "NODE.PARAMETER": "conv1.weight", "bn1.running_mean".
struct PackedModel {
  net::Net net;
  std::map<std::string, PackedTensor> tensors;
  std::map<std::string, std::string> metadata;  ///< free text: class names, accuracy, provenance; not "tern.*"
};

/// How a low-bit tensor lies in the file; whichever is smaller (docs/FORMAT.md).
enum class Encoding {
  f32,    ///< 4 bytes a value
  dense,  ///< b bits a code
  bitmap  ///< one bit an element, then b bits for each code that is not zero
};
Encoding encoding_of(const PackedTensor& tensor);
std::string_view name_of(Encoding encoding);

/// Bytes of the tensor's data in the file, exactly: 4n, ceil(n*b/8) or ceil(n/8) + ceil(nonzeros*b/8).
std::int64_t packed_bytes(const PackedTensor& tensor);

/// The tensor's values: `values`, or scale * code.
std::vector<float> dequantize(const PackedTensor& tensor);

/// Checks that every parameter of the Net is present in its shape, that nothing else is, that values are finite, codes
/// in range, scales positive and metadata names free.
/// Errors: `kind` with `place` and the tensor: "m.tern: conv1.weight: expected [16, 2, 3, 3], got [16, 1, 3, 3]".
void check_model(const PackedModel& model, std::string_view place = "model", ErrorKind kind = ErrorKind::usage);

/// The file's bytes; deterministic. Errors: as check_model.
std::string to_bytes(const PackedModel& model);

/// The inverse. The bytes may be hostile: beyond check_model's rules a bitmap's population must equal its number of
/// codes, unused bits must be zero, and a checksum over everything must agree.
/// Errors: ErrorKind::bad_data; ErrorKind::unsupported for a newer format version; ErrorKind::usage for a Net that is
/// not valid. `place` (a file) comes first in the message.
PackedModel model_from_bytes(std::string_view bytes, std::string_view place = "model");

/// The same from and to a file. The file is written whole or not at all. Errors: also ErrorKind::io.
PackedModel read_model(const std::filesystem::path& path);
void write_model(const std::filesystem::path& path, const PackedModel& model);

}  // namespace tern::pack
