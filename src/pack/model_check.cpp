// The rules that a packed model keeps, whether it comes from memory or from a file.
#include <set>

#include "base/error.hpp"
#include "pack/model_file.hpp"

namespace tern::pack {

void check_model(const PackedModel& model, std::string_view place, ErrorKind kind) {
  std::set<std::string> asked;
  for (const auto& node : model.net.nodes()) {
    for (const auto& parameter : model.net.parameters(node)) {
      const std::string name = node.name + "." + parameter.name, at = fmt::format("{}: {}", place, name);
      const auto found = model.tensors.find(name);
      if (found == model.tensors.end())
        fail(kind, at, "the Net asks for {}, but the tensor is missing", net::to_string(parameter.shape));
      if (found->second.shape != parameter.shape)
        fail(kind, at, "expected {}, got {}", net::to_string(parameter.shape), net::to_string(found->second.shape));
      check_tensor(found->second, at, kind);
      asked.insert(name);
    }
  }
  for (const auto& [name, tensor] : model.tensors)
    if (!asked.contains(name)) fail(kind, place, "unknown tensor '{}': no node of the Net asks for it", name);
  for (const auto& [key, value] : model.metadata)
    if (key.starts_with("tern.")) fail(kind, place, "metadata '{}': names that begin with 'tern.' are reserved", key);
}

}  // namespace tern::pack
