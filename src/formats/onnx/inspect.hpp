// What an ONNX file holds, without reading it as a Net.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tern::onnx {

/// Nodes by operator: "Conv", or "com.microsoft.QGemm" where the operator is not a standard one. Errors:
/// ErrorKind::bad_data.
std::map<std::string, int> count_operators(std::string_view bytes, std::string_view place = "model.onnx");

}  // namespace tern::onnx
