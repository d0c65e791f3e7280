// From a trained model and its measured activity to what the cost model asks for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compress/layer_report.hpp"
#include "cost/layer_profile.hpp"
#include "learn/activity.hpp"
#include "net/net.hpp"

namespace tern::study {

/// Bits and zeros of each kernel from `layers`, densities from `activity`. An input of zeros and ones costs one bit and
/// accumulates; any other (event counts, gated or averaged spikes) costs 8 bits and multiplies.
cost::Profile make_profile(const net::Net& net, const std::vector<compress::LayerReport>& layers,
                           const std::map<std::string, learn::NodeActivity>& activity);

}  // namespace tern::study
