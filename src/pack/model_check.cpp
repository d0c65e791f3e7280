// The rules that a packed model keeps, whether it comes from memory or from a file.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "pack/bits.hpp"
#include "pack/model_file.hpp"
#include "pack/safetensors_header.hpp"

namespace tern::pack {
namespace {

void check_size(const PackedTensor& tensor, std::string_view place, ErrorKind kind) {
  const std::size_t elements = checked_bytes(tensor.shape, "U8", place, kind);
  const std::size_t held = tensor.bits == 32 ? tensor.values.size() : tensor.codes.size();
  const std::size_t idle = tensor.bits == 32 ? tensor.codes.size() : tensor.values.size();
  if (held != elements || idle != 0)
    fail(kind, place, "{} takes {} {}, got {} values and {} codes", net::to_string(tensor.shape), elements,
         tensor.bits == 32 ? "values" : "codes", tensor.values.size(), tensor.codes.size());
}

void check_tensor(const PackedTensor& tensor, std::string_view place, ErrorKind kind) {
  if (tensor.bits != 32 && (tensor.bits < 2 || tensor.bits > 8))
    fail(kind, place, "expected 2 to 8 bits or 32, got {}", tensor.bits);
  check_size(tensor, place, kind);
  if (tensor.bits == 32) {
    const auto wild =
        std::find_if(tensor.values.begin(), tensor.values.end(), [](float v) { return !std::isfinite(v); });
    if (wild != tensor.values.end())
      fail(kind, place, "element {} is not finite: {}", wild - tensor.values.begin(), *wild);
    return;
  }
  const int most = max_code(tensor.bits);
  const auto wild =
      std::find_if(tensor.codes.begin(), tensor.codes.end(), [most](int code) { return code < -most || code > most; });
  if (wild != tensor.codes.end())
    fail(kind, place, "code {} is {}, outside {}..{} of {} bits", wild - tensor.codes.begin(), static_cast<int>(*wild),
         -most, most, tensor.bits);
  if (!std::isfinite(tensor.scale) || !(tensor.scale > 0))
    fail(kind, place, "expected a scale > 0, got {}", tensor.scale);
}

}  // namespace

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
