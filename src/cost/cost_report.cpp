#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cost/cost.hpp"

namespace tern::cost {
namespace {

using Json = nlohmann::ordered_json;

Json breakdown_json(const std::vector<Component>& parts) {
  Json list = Json::array();
  for (const Component& part : parts)
    list.push_back({{"name", part.name}, {"energy_pj", part.energy_pj}, {"accesses", part.accesses}});
  return list;
}

Json layer_json(const LayerCost& layer) {
  return {{"node", layer.node},
          {"op", layer.op},
          {"weight", layer.weight},
          {"macs_dense", layer.macs_dense},
          {"macs_effectual", layer.macs_effectual},
          {"energy_pj", layer.energy_pj},
          {"cycles", layer.cycles},
          {"utilization", layer.utilization},
          {"weight_encoding", name_of(layer.weight_encoding)},
          {"input_encoding", name_of(layer.input_encoding)},
          {"weight_bits_stored", layer.weight_bits_stored},
          {"graph_bits_stored", layer.graph_bits_stored},
          {"input_bits_stored", layer.input_bits_stored},
          {"dataflow", layer.dataflow},
          {"mapping", layer.macs_dense && layer.op != "propagate" ? to_string(layer.mapping) : std::string()},
          {"bound", layer.bound},
          {"breakdown", breakdown_json(layer.breakdown)}};
}

std::string name_of_kernel(const LayerCost& layer) {
  return layer.weight.empty() || layer.weight == "weight" ? layer.node : layer.node + "." + layer.weight;
}

}  // namespace

std::string to_json(const CostReport& report) {
  Json layers = Json::array();
  for (const LayerCost& layer : report.layers) layers.push_back(layer_json(layer));
  const Json json{{"accelerator", report.accelerator},
                  {"weights", report.weights},
                  {"weight_bytes", report.weight_bytes},
                  {"graph_bytes", report.graph_bytes},
                  {"macs", report.macs},
                  {"energy_mj", report.energy_mj},
                  {"cycles", report.cycles},
                  {"latency_ms", report.latency_ms},
                  {"edp", report.edp_mj_ms},
                  {"breakdown", breakdown_json(report.breakdown)},
                  {"layers", layers}};
  return json.dump(2);
}

std::string to_table(const CostReport& report) {
  std::string text = fmt::format("{:<22} {:>9} {:>9} {:>12} {:>12} {:>6} {:>9} {:<8} {:<8} {:<17} {}\n",
                                 "layer", "MMAC", "effectual", "energy uJ", "kcycles", "use %", "stored B",
                                 "weights", "inputs", "dataflow", "bound");
  for (const LayerCost& layer : report.layers)
    text += fmt::format(
        "{:<22} {:>9.2f} {:>9.2f} {:>12.3f} {:>12.2f} {:>6.1f} {:>9.0f} {:<8} {:<8} {:<17} {}\n",
        name_of_kernel(layer), static_cast<double>(layer.macs_dense) * 1e-6, layer.macs_effectual * 1e-6,
        layer.energy_pj * 1e-6, layer.cycles * 1e-3, layer.utilization * 100,
        (layer.weight_bits_stored + layer.graph_bits_stored) / 8, name_of(layer.weight_encoding),
        name_of(layer.input_encoding), layer.dataflow, layer.bound);
  text += fmt::format(
      "\n{}: {:.6g} mJ, {:.6g} ms ({:.0f} cycles), EDP {:.6g} mJ ms, {} weights in {} bytes, {} MACs\n\n",
      report.accelerator, report.energy_mj, report.latency_ms, report.cycles, report.edp_mj_ms,
      report.weights, report.weight_bytes, report.macs);
  text += fmt::format("{:<22} {:>14} {:>7} {:>16}\n", "component", "energy uJ", "%", "accesses");
  for (const Component& part : report.breakdown)
    text += fmt::format("{:<22} {:>14.3f} {:>7.2f} {:>16.0f}\n", part.name, part.energy_pj * 1e-6,
                        report.energy_mj > 0 ? part.energy_pj * 1e-7 / report.energy_mj : 0.0, part.accesses);
  return text;
}

}  // namespace tern::cost
