// What each layer costs in each width on a described accelerator.
#pragma once

#include <string>
#include <vector>

#include "compress/mixed/cost_table.hpp"
#include "compress/samples.hpp"
#include "cost/accelerator.hpp"

namespace tern::compress {

enum class AcceleratorCost {
  energy,  ///< unit "uJ" of one sample, counted in pJ
  cycles   ///< unit "cycles" of one sample
};

/// cost::evaluate of the Model with every weight of `names` in each of the widths: a layer's cost depends on its own width
/// alone. Densities and binary inputs are measured on `samples`, zeros as they are. Fractions of a limit are of all of
/// `names` at 8 bits; neurons and other weights are fixed. Errors: as cost::evaluate.
CostTable accelerator_costs(learn::Model& model, const std::vector<std::string>& names, const std::vector<int>& bits,
                            const Samples& samples, const cost::Accelerator& accelerator, AcceleratorCost kind);

}  // namespace tern::compress
