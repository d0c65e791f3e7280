// Tensors of a packed model as rows: bits, zeros, encoding, bytes.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "pack/model_file.hpp"

namespace tern::cli {

std::string storage_table(const pack::PackedModel& model, pack::PackOptions options = {});
nlohmann::ordered_json storage_to_json(const pack::PackedModel& model, pack::PackOptions options = {});

}  // namespace tern::cli
