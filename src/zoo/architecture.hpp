// Architectures: functions that build a Net from a handful of options.
//
// This folder owns published network shapes and nothing else. It must not know how a Net is trained, costed
// or run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "net/net.hpp"

namespace tern::zoo {

/// Attributes of every spiking neuron of a network; see net/neuron.hpp for the recurrence.
struct NeuronOptions {
  std::string op = "lif";            ///< "lif" or "if"
  std::string form = "decay-input";  ///< decay-input, no-decay-input, beta, beta-scaled (lif only)
  double tau = 2.0;                  ///< steps, >= 1 (lif, decay-input and no-decay-input)
  double beta = 0.9;                 ///< 0..1 (lif, beta and beta-scaled)
  double v_threshold = 1.0;          ///< > 0
  double v_reset = 0.0;
  std::string reset = "hard";  ///< hard, soft or none
  bool detach_reset = true;
  std::string surrogate = "atan";
  double surrogate_alpha = 0.0;  ///< >= 0; 0 is the surrogate's own default
};

/// Of graph networks; as above, 0 and empty texts take the architecture's default.
struct GraphOptions {
  std::int64_t layers = 0;      ///< propagations
  std::int64_t hidden = 0;      ///< features of a hidden layer (of a head)
  std::int64_t heads = 0;       ///< attention
  std::string normalisation{};  ///< of propagation: see the operation `propagate`
  double lambda = 1;            ///< of the normalisation "diagonal"
  std::string norm{};           ///< behind hidden layers: none, batch, layer
  std::int64_t mean_degree = 0; ///< edges a node, for counting work
  std::int64_t clusters = 0;    ///< of the first pooling; later ones have half as many
};

/// What an architecture may be asked for. A value of 0 (or an empty list) takes the architecture's published
/// default, which is stated in its MethodInfo.
struct ArchitectureOptions {
  std::int64_t num_steps = 0;  ///< length of the time axis
  std::int64_t num_classes = 0;
  net::Shape input_shape{};              ///< [c, h, w] of one step
  std::vector<std::int64_t> channels{};  ///< output channels of each convolution
  double width = 1.0;    ///< multiplies every channel and hidden feature count, rounded, at least 1
  double dropout = 0.5;  ///< probability of a zero, 0..0.99; only where the architecture has dropout
  NeuronOptions neuron{};
  GraphOptions graph{};
};

/// One row of the registry.
struct Architecture {
  MethodInfo info;
  /// Errors: ErrorKind::usage for options that contradict the architecture (place: its name) or do not fit
  /// (place: the node).
  net::Net (*build)(const ArchitectureOptions& options) = nullptr;
};

/// All architectures, in the order `tern list architectures` prints them.
std::span<const Architecture* const> architecture_table();

/// Unknown names: ErrorKind::usage with the nearest known one.
const Architecture& find_architecture(std::string_view name, std::string_view place = {});

}  // namespace tern::zoo
