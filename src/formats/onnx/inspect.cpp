#include "formats/onnx/inspect.hpp"

#include "base/error.hpp"
#include "onnx.pb.h"

namespace tern::onnx {

std::map<std::string, int> count_operators(std::string_view bytes, std::string_view place) {
  schema::ModelProto model;
  if (!model.ParseFromString(std::string(bytes))) fail(ErrorKind::bad_data, place, "not an ONNX model");
  std::map<std::string, int> counts;
  for (const auto& node : model.graph().node()) {
    const bool is_standard = node.domain().empty() || node.domain() == "ai.onnx";
    ++counts[is_standard ? node.op_type() : node.domain() + "." + node.op_type()];
  }
  return counts;
}

}  // namespace tern::onnx
