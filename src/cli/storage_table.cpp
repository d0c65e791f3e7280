#include "cli/storage_table.hpp"

#include <fmt/format.h>

namespace tern::cli {
namespace {

/// Scales, or the codebook's extents: "16 scales", "codebook 16x4".
std::string parts_of(const pack::PackedTensor& tensor) {
  if (tensor.is_float()) return "";
  if (tensor.uniform())
    return fmt::format("{} scale{}", tensor.scales.size(), tensor.scales.size() == 1 ? "" : "s");
  const auto rows = tensor.codebook.size() / static_cast<std::size_t>(tensor.codebook_dim);
  return fmt::format("codebook {}x{}", rows, tensor.codebook_dim);
}

}  // namespace

std::string storage_table(const pack::PackedModel& model, pack::PackOptions options) {
  std::string text = fmt::format("{:<24} {:>9} {:>5} {:>7} {:>16} {:>16} {:>11} {:>11}\n", "tensor", "values",
                                 "bits", "zeros", "parts", "stored as", "bytes", "as float32");
  for (const auto& [name, tensor] : model.tensors) {
    const std::int64_t values = net::num_elements(tensor.shape);
    const pack::StoredForm form = pack::stored_form(tensor, options);
    text +=
        fmt::format("{:<24} {:>9} {:>5} {:>6.1f}% {:>16} {:>16} {:>11} {:>11}\n", name, values, tensor.bits,
                    100 * static_cast<double>(pack::count_zeros(tensor)) / static_cast<double>(values),
                    parts_of(tensor), pack::describe(form), form.bytes, 4 * values);
  }
  return text;
}

nlohmann::ordered_json storage_to_json(const pack::PackedModel& model, pack::PackOptions options) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const auto& [name, tensor] : model.tensors) {
    const pack::StoredForm form = pack::stored_form(tensor, options);
    tensors.push_back({{"tensor", name},
                       {"values", net::num_elements(tensor.shape)},
                       {"bits", tensor.bits},
                       {"zeros", pack::count_zeros(tensor)},
                       {"encoding", form.encoding},
                       {"entropy_coded", form.entropy_coded},
                       {"bytes", form.bytes}});
  }
  return tensors;
}

}  // namespace tern::cli
