// Predicted energy, cycles and memory traffic of a Net on a described accelerator.
//
// This folder owns accelerator descriptions, sparse encodings, mappings and their reuse analysis. It reads a
// Net and a Profile; it must not know how a network is trained, compressed or run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost/accelerator.hpp"
#include "cost/encoding.hpp"
#include "cost/layer_profile.hpp"
#include "cost/mapping.hpp"
#include "net/net.hpp"

namespace tern::cost {

enum class Objective { edp, energy, cycles };

/// The graph that a network of propagations runs on; a sample is then the whole graph.
struct GraphSize {
  std::int64_t nodes = 0;  ///< 0: not known; a sample is one node with the mean degree that the Net states
  std::int64_t edges = 0;  ///< directed, without self loops
};

struct CostOptions {
  Objective objective = Objective::edp;  ///< what the mapping search minimises, layer by layer
  EncodingChoice encoding{};             ///< goes before the profile's
  GraphSize graph{};                     ///< linear layers then take a row of each node at once
};

/// One entry of a breakdown: "dram weights", "glb inputs", "noc", "spad psum", "accumulate", "neuron",
/// "metadata", ...
struct Component {
  std::string name;
  double energy_pj = 0;
  double accesses = 0;  ///< words for memories and noc, operations otherwise
};

/// One kernel, or the neurons of one node, for one sample (all steps).
struct LayerCost {
  std::string node;
  std::string op;
  std::string weight;  ///< the kernel's parameter ("weight", "time_weight"); empty for neurons
  std::int64_t macs_dense = 0;
  double macs_effectual = 0;  ///< dense x weight density x input density, each where it is exploited
  double energy_pj = 0;
  double cycles = 0;
  double utilization = 0;  ///< of the processing elements, 0..1
  Encoding weight_encoding = Encoding::dense;
  Encoding input_encoding = Encoding::dense;
  double weight_bits_stored = 0;
  double graph_bits_stored = 0;  ///< of a product with a graph: offsets, columns and coefficients
  double input_bits_stored = 0;  ///< all steps
  std::string dataflow;
  Mapping mapping;
  std::vector<Component> breakdown;
  std::string bound;  ///< what sets the cycles: "compute" or a memory level
};

struct CostReport {
  std::string accelerator;
  std::int64_t weights = 0;
  std::int64_t macs = 0;  ///< dense, a sample
  double energy_mj = 0;
  double cycles = 0;
  double latency_ms = 0;
  double edp_mj_ms = 0;
  std::vector<LayerCost> layers;
  std::vector<Component> breakdown;  ///< summed over layers, largest energy first
  std::int64_t weight_bytes = 0;     ///< as stored
  std::int64_t graph_bytes = 0;      ///< of the largest matrix that a propagation reads
};

/// Predicts one sample (all steps) at batch 1. Layers run one after another: cycles add up, and within a
/// layer
///
///   energy = sum over levels (words read x e_read + words written x e_write) + noc + metadata
///          + effectual MACs x e_op + neuron updates x (state read + state write + e_neuron)
///   cycles = max(compute, words / bandwidth of each level)
///
/// The mapping of each kernel is the best that search_mapping() finds; the result is the same on every run.
/// Errors: ErrorKind::usage where the Net has no num_steps or the Profile names an unknown node;
/// ErrorKind::bad_data for profile values out of range; ErrorKind::unsupported (place: the node) for an
/// operation with weights that has no loop nest, an encoding that a memory does not support, or a layer that
/// fits nowhere. Source: Wu et al. 2022, Sparseloop (densities, gating, skipping); Parashar et al. 2019,
/// Timeloop (reuse analysis); Schaefer et al. 2023, The Hardware Impact of Quantization and Pruning for
/// Weights in SNNs (what is modelled). We differ: membranes are a tensor of their own, multiplications are
/// counted where the input is not binary, and tcja kernels have their true one-dimensional sizes.
CostReport evaluate(const net::Net& net, const Profile& profile, const Accelerator& accelerator,
                    const CostOptions& options = {});

/// A table for people: a row a layer, the totals, the breakdown.
std::string to_table(const CostReport& report);

/// Keys: accelerator, weights, macs, energy_mj, cycles, latency_ms, edp, weight_bytes, breakdown, layers.
std::string to_json(const CostReport& report);

}  // namespace tern::cost
