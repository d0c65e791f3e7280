// What is known of a layer's tensors beyond their shapes: bit widths, densities, encodings.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "cost/encoding.hpp"
#include "net/net.hpp"

namespace tern::cost {

/// Measured or assumed statistics of one layer. Densities are fractions of non-zero values, 0..1, over all
/// steps.
struct LayerProfile {
  int weight_bits = 32;  ///< 1..64
  double weight_density = 1;
  int src_bits = 32;  ///< 1..64: 1 for spikes, 8 for event counts or real-valued gates
  double src_density = 1;
  bool src_is_binary = false;  ///< the input holds only 0 and 1 (after pooling, attention): no multiplier
  double dst_density = 1;      ///< of what the layer hands to the next one (spikes, after pooling)
  EncodingChoice encoding;     ///< fixed encodings of this layer
};

/// Profiles by node name, for nodes with weights and for propagations (src_bits of a message, weight_bits of an
/// edge's coefficient, weight_density: share of the edges that is left). A node with several weights (tcja) may be split:
/// "tcja1.time_weight" goes before "tcja1". Layers that are not listed take LayerProfile's defaults: 32 bits,
/// dense.
using Profile = std::map<std::string, LayerProfile>;

/// Reads YAML:
///
///   default: {weight_bits: 8, src_bits: 1, src_density: 0.05, src_is_binary: true, encoding: {weights: rle}}
///   layers:
///     conv1: {src_bits: 8, src_is_binary: false}
///
/// `default` applies to every node of `net` with weights, `layers` overrides it key by key. The result has an
/// entry for each of profile_names(). Errors: ErrorKind::usage for unknown keys, nodes and encodings (with
/// the nearest known one), ErrorKind::bad_data for text that is no such YAML or values out of range; `place`
/// comes first in the message.
Profile parse_profile(std::string_view yaml, const net::Net& net, std::string_view place = "profile");
Profile read_profile(const std::filesystem::path& path, const net::Net& net);

/// Replaces every layer's src_density and dst_density (0..1): for sweeps over activity.
Profile with_activity(Profile profile, double density);

/// Names that a Profile of `net` may use: every node with weights, "NODE.WEIGHT" where it has more than one, and
/// every propagation.
std::vector<std::string> profile_names(const net::Net& net);

}  // namespace tern::cost
