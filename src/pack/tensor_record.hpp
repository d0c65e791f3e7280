// One tensor of a `.tern` file: its bytes and the line that describes them. Private to pack.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "pack/packed_tensor.hpp"
#include "pack/safetensors.hpp"
#include "pack/section.hpp"

namespace tern::pack {

/// The smallest form of a tensor. Floats that no encoding shrinks are "f32" and have no description (null).
struct TensorRecord {
  std::string encoding;
  bool entropy_coded = false;
  Tensor stored;
  nlohmann::json description;
};
TensorRecord encode_tensor(const PackedTensor& tensor, PackOptions options);

/// The inverse, for files of format version 2. Errors: ErrorKind::bad_data with `place`, also for a tensor of another
/// shape than `expected`: nothing is allocated before that, nor for more than 256 elements a stored byte.
PackedTensor decode_tensor(const TensorView& stored, const nlohmann::json& description, const net::Shape& expected,
                           const std::string& place);

/// A described tensor of format version 1: one scale in the description, dense or bitmap without section
/// bytes.
PackedTensor decode_tensor_v1(const TensorView& stored, const nlohmann::json& description,
                              const net::Shape& expected, const std::string& place);

/// Throws ErrorKind::bad_data "PLACE: expected [16, 2, 3, 3], got [16, 1, 3, 3]" unless the shapes are equal.
void check_shape(const net::Shape& shape, const net::Shape& expected, std::string_view place);

}  // namespace tern::pack
