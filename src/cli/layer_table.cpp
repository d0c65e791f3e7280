#include "cli/layer_table.hpp"

#include "base/error.hpp"
#include "compress/layer_report.hpp"

namespace tern::cli {

std::string layer_table(const learn::Model& model) {
  std::string text =
      fmt::format("{:<22} {:>9} {:>5} {:>8} {:>11} {:>11}\n", "kernel", "weights", "bits", "zeros", "min", "max");
  for (const auto& layer : compress::report_layers(model))
    text += fmt::format("{:<22} {:>9} {:>5} {:>7.1f}% {:>11.4g} {:>11.4g}\n", layer.parameter, layer.weights, layer.bits,
                        100 * layer.zero_fraction(), layer.min, layer.max);
  return text;
}

nlohmann::ordered_json layers_to_json(const learn::Model& model) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const auto& layer : compress::report_layers(model))
    layers.push_back({{"parameter", layer.parameter}, {"weights", layer.weights}, {"bits", layer.bits},
                      {"zeros", layer.zero_fraction()}, {"min", layer.min}, {"max", layer.max}});
  return layers;
}

}  // namespace tern::cli
