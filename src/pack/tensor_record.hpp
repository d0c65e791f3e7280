// One tensor of a `.tern` file: its bytes and the line that describes them. Private to pack.
#pragma once

#include <string>

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

/// The inverse, for files of format version 2. Errors: ErrorKind::bad_data with `place`.
PackedTensor decode_tensor(const Tensor& stored, const nlohmann::json& description, const std::string& place);

/// A described tensor of format version 1: one scale in the description, dense or bitmap without section
/// bytes.
PackedTensor decode_tensor_v1(const Tensor& stored, const nlohmann::json& description,
                              const std::string& place);

}  // namespace tern::pack
