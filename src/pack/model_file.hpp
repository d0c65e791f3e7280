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
#include "pack/packed_tensor.hpp"
#include "pack/section.hpp"

namespace tern::pack {

/// A Net and a tensor for each parameter it asks for, named "NODE.PARAMETER": "conv1.weight", "bn1.running_mean".
struct PackedModel {
  net::Net net;
  std::map<std::string, PackedTensor> tensors;
  std::map<std::string, std::string> metadata;  ///< free text: class names, accuracy, provenance; not "tern.*"
};

/// How a tensor lies in the file: of all storage encodings (storage_encoding.hpp) the one of the fewest bytes.
struct StoredForm {
  std::string encoding;        ///< "f32", or a row of storage_encoding_table()
  bool entropy_coded = false;  ///< Huffman or range ANS on top
  std::int64_t bytes = 0;      ///< of data in the file, exactly: scales, codebook and codes
};
StoredForm stored_form(const PackedTensor& tensor, PackOptions options = {});
/// "bitmap", or "bitmap+entropy" where entropy coded.
std::string describe(const StoredForm& form);

/// Checks that every parameter of the Net is present in its shape, that nothing else is, that values are finite, codes
/// in range, scales positive and metadata names free.
/// Errors: `kind` with `place` and the tensor: "m.tern: conv1.weight: expected [16, 2, 3, 3], got [16, 1, 3, 3]".
void check_model(const PackedModel& model, std::string_view place = "model", ErrorKind kind = ErrorKind::usage);

/// The file's bytes; deterministic. Errors: as check_model.
std::string to_bytes(const PackedModel& model, PackOptions options = {});

/// The inverse, for format versions 1 and 2. The bytes may be hostile: beyond check_model's rules counts, pointers and
/// entropy codes must agree with each other, unused bits must be zero, and so must a checksum over everything.
/// Memory: the bytes themselves are read in place. Beside them at most `most_bytes_a_byte` for each is allocated at any
/// time, whatever they claim: a stored byte stands for at most 256 elements (docs/FORMAT.md), a tensor is decoded only
/// where its shape is the Net's, and an element takes at most 16 bytes while it is decoded.
/// Errors: ErrorKind::bad_data; ErrorKind::unsupported for a newer format version; ErrorKind::usage for a Net that is
/// not valid. `place` (a file) comes first in the message.
inline constexpr std::size_t most_bytes_a_byte = 4096;
PackedModel model_from_bytes(std::string_view bytes, std::string_view place = "model");

/// The same from a file, mapped while it is read, and to a file, which is written whole or not at all. Errors: also ErrorKind::io.
PackedModel read_model(const std::filesystem::path& path);
void write_model(const std::filesystem::path& path, const PackedModel& model, PackOptions options = {});

}  // namespace tern::pack
