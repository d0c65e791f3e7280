// Kernels as rows: bits, zeros, range.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "learn/model.hpp"

namespace tern::cli {

std::string layer_table(const learn::Model& model);
nlohmann::ordered_json layers_to_json(const learn::Model& model);

}  // namespace tern::cli
