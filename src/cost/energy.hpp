// From access counts to energy and cycles.
#pragma once

#include <array>
#include <string>

#include "cost/accelerator.hpp"
#include "cost/reuse.hpp"

namespace tern::cost {

/// Parts of the energy, in the order of breakdowns: two levels of four tensors, then the rest.
enum class Part : std::size_t {
  memory = 0,  ///< + level * 4 + tensor
  noc = 8,
  weight_spad,
  input_spad,
  psum_spad,
  multiply,
  accumulate,
  metadata,
  neuron,
  count
};
inline constexpr std::size_t num_parts = static_cast<std::size_t>(Part::count);

/// "dram weights", "noc", "spad psum", ...
std::string part_name(std::size_t part, const Accelerator& accelerator);

struct Price {
  std::array<double, num_parts> energy_pj{};
  std::array<double, num_parts> accesses{};
  double total_pj() const;
};

/// Memories charge by the bit at energy per word / word bits: words are packed. An addition costs in
/// proportion to the width of the partial sum, a multiplication to the product of the operand widths. A
/// neuron update is an addition and a comparison, and for `lif` a multiplication by the leak, at the partial
/// sum's width.
Price price(const AccessCounts& counts, const Workload& workload, const Accelerator& accelerator);

/// max(compute, words / bandwidth of each level); `bound` receives -1 for compute or the level.
double cycles_of(const AccessCounts& counts, const Accelerator& accelerator, int* bound = nullptr);

}  // namespace tern::cost
