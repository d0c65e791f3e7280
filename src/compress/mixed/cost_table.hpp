// What each layer costs in each width.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// Costs that a limit is put on, in whole numbers. Callers that know more than a Net (energy on an accelerator) fill in
/// one of their own; its costs are whole numbers of a part of the unit so small that rounding does not matter.
struct CostTable {
  std::string unit = {};       ///< "B", "G", "pJ": how limits are written
  double costs_per_unit = 1;   ///< 8 bits make one byte
  std::int64_t reference = 0;  ///< what a limit as a fraction is a fraction of
  std::int64_t fixed = 0;      ///< of the weights whose width is not for choice
  std::map<std::string, std::vector<std::int64_t>> costs = {};  ///< by weight name, one for each candidate width
};

/// Bits of storage of all kernels, those not in `names` in the width they have; without scales, codebooks and biases,
/// pruned weights counted like others. Unit: bytes. Fractions are of 32-bit floats.
CostTable size_costs(const learn::Model& model, const std::vector<std::string>& names, const std::vector<int>& bits);

/// Bit operations of one sample and step, MACs * b_w * b_a, where b_a is the width of the `quantize` node that the kernel
/// reads, 1 for spikes, else 32; pruned weights counted like others. Unit: 10^9. Fractions are of 8 by 8 bits.
/// Source: Wang et al. 2020, Differentiable Joint Pruning and Quantization (BOPs); Yao et al. 2021, HAWQ-V3.
CostTable bit_operation_costs(const learn::Model& model, const std::vector<std::string>& names,
                              const std::vector<int>& bits);

/// "0.1": a fraction (at most 1); "20000" (above 1) or "0.02G" (with the unit): an amount.
struct CostLimit {
  double amount = 0;
  bool is_fraction = false;
};
/// Errors: ErrorKind::usage, place "plan", for text that is no positive number, naming `option`.
CostLimit parse_cost_limit(std::string_view text, std::string_view unit, std::string_view option);

/// In the table's costs, rounded down.
std::int64_t budget_of(const CostTable& table, CostLimit limit);

}  // namespace tern::compress
