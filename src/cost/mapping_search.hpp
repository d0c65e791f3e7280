// The best mapping of one kernel.
#pragma once

#include <optional>

#include "cost/cost.hpp"
#include "cost/energy.hpp"
#include "cost/reuse.hpp"

namespace tern::cost {

struct MappedKernel {
  Mapping mapping;
  AccessCounts counts;
  double energy_pj = 0;
  double cycles = 0;
  double score = 0;  ///< energy x cycles, energy or cycles
};

/// Exhaustive over a pruned space, in a fixed order, so that equal inputs give equal mappings; nullopt where
/// nothing fits. The space, for both dataflows:
///   row-stationary     the array holds kernel rows R; M, C and P share what is left; columns Q slide past
///   output-stationary  M, P and Q share the array; each element holds its whole window
/// - spatial extents are powers of two and the bound itself; tiles inside elements split what is left in 1,
/// 2, 4, ...
///   balanced parts. Either is left out where it could still grow: a larger tile never needs more traffic;
/// - the buffer takes M in balanced splits of array tiles, C whole or one array tile, T whole or one step,
/// and the
///   largest P x Q tile that fits;
/// - loop orders: all permutations of {T, M, C, PQ} over buffer tiles, and within them those that suit the
/// dataflow:
///   weights stay while rows slide, or partial sums stay while channels pass.
/// Source: Parashar et al. 2019, Timeloop (mapspace); Chen et al. 2017, Eyeriss (row-stationary).
std::optional<MappedKernel> search_mapping(const Workload& workload, const Accelerator& accelerator,
                                           Objective objective);

}  // namespace tern::cost
