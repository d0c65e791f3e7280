#include "study/cost_profile.hpp"

#include <algorithm>

namespace tern::study {

cost::Profile make_profile(const net::Net& net, const std::vector<compress::LayerReport>& layers,
                           const std::map<std::string, learn::NodeActivity>& activity) {
  const auto names = cost::profile_names(net);
  cost::Profile profile;
  for (const auto& layer : layers) {
    const bool split = std::find(names.begin(), names.end(), layer.parameter) != names.end();
    cost::LayerProfile& entry = profile[split ? layer.parameter : layer.node];
    entry.weight_bits = layer.bits;
    entry.weight_density = 1.0 - layer.zero_fraction();
    const auto found = activity.find(layer.node);
    if (found == activity.end()) continue;
    entry.src_density = found->second.src_density;
    entry.dst_density = found->second.dst_density;
    entry.src_is_binary = found->second.src_is_binary;
    entry.src_bits = found->second.src_is_binary ? 1 : 8;
  }
  return profile;
}

}  // namespace tern::study
