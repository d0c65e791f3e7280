// From bytes to the schema's messages. Private to formats/onnx.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "onnx.pb.h"

namespace tern::onnx {

inline constexpr std::int64_t oldest_opset = 7, newest_opset = 21;

struct SchemaFile {
  schema::ModelProto model;
  std::int64_t opset = 0;  ///< of the standard operators
};

/// Errors: ErrorKind::bad_data for bytes that are no model; ErrorKind::unsupported for opsets outside of
/// oldest_opset .. newest_opset.
SchemaFile parse_schema(std::string_view bytes, const std::string& place);

/// Deterministic bytes.
std::string to_bytes(const schema::ModelProto& model);

}  // namespace tern::onnx
