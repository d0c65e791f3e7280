// Which layer gets how many bits.
//
// Mixed precision: layers whose rounding the loss feels least have the fewest bits. Sensitivities come from the trace of
// the Hessian, the assignment from an exact knapsack; this folder knows no quantizer by name and no accelerator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/mixed/cost_table.hpp"
#include "compress/mixed/hessian_trace.hpp"

namespace tern::compress {

/// |Q(w) - w|^2 over the kept elements of the parameter, w its masked latent.
double quantization_error(const learn::Parameter& parameter, const learn::WeightQuantizer& quantizer);

/// Omega_l(b) = |Tr(H_l)| / n_l * |Q_b(w_l) - w_l|^2, n_l the kept elements.
/// Source: Dong et al. 2020, HAWQ-V2; Yao et al. 2021, HAWQ-V3, equation 8. Where we differ: the trace's magnitude, since
/// away from a minimum an estimate may be negative and would reward coarse rounding.
double sensitivity_of(const TraceEstimate& trace, std::int64_t num_weights, double squared_error);

struct LayerSensitivity {
  std::string name;                ///< weight, "conv1.weight"
  std::vector<double> of_choices;  ///< Omega for each candidate width
};

struct BitAssignment {
  std::vector<std::size_t> choices;  ///< by layer, indices of candidate widths
  std::int64_t cost = 0;             ///< with the table's fixed part
  double sensitivity = 0;            ///< sum of Omega
};

/// Refuses a budget below what the cheapest widths cost. Errors: ErrorKind::usage, place "plan", naming the smallest
/// budget possible.
void check_budget(const CostTable& table, std::int64_t budget);

/// min sum Omega with the table's costs within `budget`, exactly (solve_knapsack). Errors: as check_budget.
/// REQUIRES: the table has costs for each layer, one a choice.
BitAssignment assign_bits(const std::vector<LayerSensitivity>& layers, const CostTable& table, std::int64_t budget);

}  // namespace tern::compress
