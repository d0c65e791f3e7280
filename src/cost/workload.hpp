// From a loop nest and its profile to the workloads that the mapping search compares: one for each pair of
// encodings.
#pragma once

#include <vector>

#include "cost/cost.hpp"
#include "cost/loop_nest.hpp"
#include "cost/reuse.hpp"

namespace tern::cost {

/// What concerns all layers together.
struct WorkloadContext {
  bool membranes_persist_on_chip = false;  ///< step by step: all of them fit into half of the on-chip memory
  double membrane_bits = 0;                ///< of all layers
};

struct EncodedWorkload {
  Workload work;
  Encoding weights = Encoding::dense;
  Encoding inputs = Encoding::dense;
  double passes = 1;  ///< runs a sample: num_steps step by step, else 1
};

/// Where a tensor may live: the first and the last level that hold it.
void place(Workload& work, Tensor tensor, const Accelerator& accelerator);

/// Producer and consumer meet on chip, so each activation may take half of the buffer.
bool fits_half(double bits, int level, const Accelerator& accelerator);

/// The layer's profile: "NODE.WEIGHT", else "NODE", else the defaults; `options` goes before its encodings.
LayerProfile profile_of(const LoopNest& nest, const Profile& profile, const CostOptions& options);

/// Width of partial sums and membranes. The accelerator's psum_bits, or the exact width of the sum of C R S
/// products,
///
///   weight_bits + (src_bits, unless the input is binary) + ceil(log2(C R S))
///
/// and 32 at most: wider values are taken for floating point.
int psum_bits_of(const LoopNest& nest, const LayerProfile& profile, const Accelerator& accelerator);

WorkloadContext workload_context(const net::Net& net, const std::vector<LoopNest>& nests,
                                 const Profile& profile, const Accelerator& accelerator,
                                 const CostOptions& options);

/// A fixed encoding, or dense and the cheapest compressed one, for weights and inputs.
/// Errors: ErrorKind::unsupported where a memory that holds the tensor does not support the fixed encoding.
std::vector<EncodedWorkload> encoded_workloads(const LoopNest& nest, const LayerProfile& profile,
                                               const Accelerator& accelerator,
                                               const WorkloadContext& context);

/// Neurons that stand alone (one step of them, step by step), with 32 bits of state or the accelerator's
/// psum_bits.
Workload neuron_workload(const net::Net& net, const net::Node& node, const Accelerator& accelerator,
                         const WorkloadContext& context);

}  // namespace tern::cost
