// How often each memory is read and written by one kernel under one mapping.
#pragma once

#include <array>

#include "cost/accelerator.hpp"
#include "cost/loop_nest.hpp"
#include "cost/mapping.hpp"

namespace tern::cost {

/// A kernel with everything that does not depend on the mapping. `bits` counts are of values as decoded;
/// `stored_bits` are averages an element as encoded, metadata included.
struct Workload {
  LoopNest nest;
  int weight_bits = 1, src_bits = 1, psum_bits = 1;
  double weight_stored_bits = 1, input_stored_bits = 1, dst_stored_bits = 1;
  double weight_nonzeros = 1;  ///< density where a compressed form is decoded, else 0
  double input_nonzeros = 1;
  double weight_factor = 1;  ///< fraction of MACs that zero weights leave, where that is exploited
  double input_factor = 1;
  bool weights_skip = false, inputs_skip = false;  ///< exploited by skipping; otherwise gating
  bool is_binary = false;                          ///< no multiplication
  bool step_by_step = false;                       ///< membranes are fetched and put back each step
  double membrane_resident_bits = 0;               ///< of all layers, where membranes persist on chip
  std::array<int, 4> home{};                       ///< level where each tensor lives, indexed by Tensor
  std::array<int, 4> inner{};                      ///< last level that holds it: what feeds the array

  int home_of(Tensor tensor) const { return home[static_cast<std::size_t>(tensor)]; }
  int inner_of(Tensor tensor) const { return inner[static_cast<std::size_t>(tensor)]; }
};

/// Traffic of one pass over all groups, in bits for memories, in operations otherwise. Indices: level,
/// Tensor.
struct AccessCounts {
  std::array<std::array<double, 4>, 2> read_bits{};
  std::array<std::array<double, 4>, 2> write_bits{};
  double noc_bits = 0;
  std::array<double, 3> spad_read_bits{};  ///< weights, inputs, psums
  std::array<double, 3> spad_write_bits{};
  double effectual_macs = 0;
  double decoded_values = 0;  ///< non-zeros of compressed tensors delivered to the array
  double compute_cycles = 0;
  double utilization = 0;  ///< MACs over what the array could do in its dense cycles
};

/// Loop counts derived from a mapping.
struct TileCounts {
  Extents outer{};  ///< buffer tiles in the whole kernel
  Extents inner{};  ///< array tiles in a buffer tile
  Extents array{};  ///< element x spatial
};
TileCounts tile_counts(const Extents& bounds, const Mapping& mapping);

/// How many times each element of `tensor` crosses a boundary that lies inside the given loops (outermost
/// first): the product of the loops that do not index it and have one that does inside them. Loops inside the
/// innermost indexing loop reuse what is there.
double refetch(Tensor tensor, const std::array<Dim, num_dims>& order, const Extents& counts);
double refetch(Tensor tensor, const std::array<Dim, num_dims>& outer_order, const Extents& outer,
               const std::array<Dim, num_dims>& inner_order, const Extents& inner);

/// Counts by reuse analysis: an operand crosses into a level once a tile, a tile is kept while consecutive
/// loops do not index it; elements that need the same operand get it by multicast (one read, one delivery
/// each); partial sums that leave before they are complete are read back. Source: Parashar et al. 2019,
/// Timeloop, section V; Chen et al. 2017, Eyeriss (row-stationary reuse). We differ: incomplete last tiles
/// move only what they hold.
AccessCounts count_accesses(const Workload& workload, const Mapping& mapping, const Accelerator& accelerator);

/// The membranes alone, for neurons without a kernel.
AccessCounts count_neuron_accesses(const Workload& workload, const Accelerator& accelerator);

/// Bits of the on-chip buffer that the mapping occupies: tiles of what lives off-chip, all of what lives on
/// chip.
double buffer_bits(const Workload& workload, const Mapping& mapping, const Accelerator& accelerator);

/// True where scratchpads and buffer hold the mapping's tiles.
bool fits(const Workload& workload, const Mapping& mapping, const Accelerator& accelerator);

}  // namespace tern::cost
