#include "compress/mixed/accelerator_costs.hpp"

#include <algorithm>
#include <cmath>

#include "compress/cost_profile.hpp"
#include "compress/layer_report.hpp"
#include "cost/cost.hpp"
#include "learn/activity.hpp"

namespace tern::compress {
namespace {

std::int64_t whole(const cost::LayerCost& layer, AcceleratorCost kind) {
  return std::llround(kind == AcceleratorCost::energy ? layer.energy_pj : layer.cycles);
}

}  // namespace

CostTable accelerator_costs(learn::Model& model, const std::vector<std::string>& names, const std::vector<int>& bits,
                            const Samples& samples, const cost::Accelerator& accelerator, AcceleratorCost kind) {
  learn::ActivityMeter meter(model);
  for (const auto& batch : samples) meter.measure(batch.frames, batch.num_steps, batch.graph);
  const auto activity = meter.result();
  std::vector<LayerReport> layers = report_layers(model);
  const auto is_open = [&](const std::string& weight) { return std::find(names.begin(), names.end(), weight) != names.end(); };
  const auto at_width = [&](int width) {
    for (auto& layer : layers)
      if (is_open(layer.parameter)) layer.bits = width;
    return cost::evaluate(model.net(), make_profile(model.net(), layers, activity), accelerator).layers;
  };

  constexpr int reference_bits = 8;
  CostTable table;
  table.unit = kind == AcceleratorCost::energy ? "uJ" : "cycles";
  table.costs_per_unit = kind == AcceleratorCost::energy ? 1e6 : 1;
  for (const auto& layer : at_width(reference_bits)) {
    table.reference += whole(layer, kind);
    if (!is_open(layer.node + "." + layer.weight)) table.fixed += whole(layer, kind);
  }
  for (const int width : bits)
    for (const auto& layer : at_width(width)) {
      const std::string weight = layer.node + "." + layer.weight;
      if (is_open(weight)) table.costs[weight].push_back(whole(layer, kind));
    }
  return table;
}

}  // namespace tern::compress
