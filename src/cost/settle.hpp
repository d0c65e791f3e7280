// From access counts to a LayerCost.
#pragma once

#include "cost/cost.hpp"
#include "cost/energy.hpp"

namespace tern::cost {

/// Fills in what energy, cycles and counts say; `passes` is how often the workload runs for one sample.
void settle(LayerCost& layer, const AccessCounts& counts, const Workload& work, double passes,
            const Accelerator& accelerator);

}  // namespace tern::cost
