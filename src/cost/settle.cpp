#include "cost/settle.hpp"

namespace tern::cost {
namespace {

std::vector<Component> breakdown_of(const Price& price, double passes, const Accelerator& accelerator) {
  std::vector<Component> parts;
  for (std::size_t part = 0; part < num_parts; ++part)
    if (price.accesses[part] > 0)
      parts.push_back(
          {part_name(part, accelerator), price.energy_pj[part] * passes, price.accesses[part] * passes});
  return parts;
}

}  // namespace

void settle(LayerCost& layer, const AccessCounts& counts, const Workload& work, double passes,
            const Accelerator& accelerator) {
  int bound = -1;
  layer.breakdown = breakdown_of(price(counts, work, accelerator), passes, accelerator);
  layer.energy_pj = 0;
  for (const Component& part : layer.breakdown) layer.energy_pj += part.energy_pj;
  layer.cycles = cycles_of(counts, accelerator, &bound) * passes;
  layer.utilization = counts.utilization;
  layer.macs_effectual = counts.effectual_macs * passes;
  layer.bound = bound < 0 ? "compute" : accelerator.memories[static_cast<std::size_t>(bound)].name;
}

}  // namespace tern::cost
