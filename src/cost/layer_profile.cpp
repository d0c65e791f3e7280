#include "cost/layer_profile.hpp"

#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "cost/yaml_map.hpp"

namespace tern::cost {
namespace {

std::vector<std::string> weights_of(const net::Net& net, const net::Node& node) {
  std::vector<std::string> names;
  for (const auto& spec : net.parameters(node))
    if (spec.role == net::ParameterRole::weight) names.push_back(spec.name);
  return names;
}

/// `layer` with the keys of `map` put over it.
LayerProfile overlay(LayerProfile layer, YamlMap map) {
  layer.weight_bits = static_cast<int>(map.integer_or("weight_bits", layer.weight_bits, 1, 64));
  layer.weight_density = map.real_or("weight_density", layer.weight_density, 0, 1);
  layer.src_bits = static_cast<int>(map.integer_or("src_bits", layer.src_bits, 1, 64));
  layer.src_density = map.real_or("src_density", layer.src_density, 0, 1);
  layer.src_is_binary = map.flag_or("src_is_binary", layer.src_is_binary);
  layer.dst_density = map.real_or("dst_density", layer.dst_density, 0, 1);
  if (map.has("encoding")) {
    YamlMap encoding = map.map("encoding");
    const auto read = [&](const std::string& key, std::optional<Encoding>& choice) {
      if (!encoding.has(key)) return;
      const std::string name = encoding.text(key);
      choice = name == "auto" ? std::nullopt : std::optional(find_encoding(name, encoding.place_of(key)));
    };
    read("weights", layer.encoding.weights);
    read("inputs", layer.encoding.inputs);
    encoding.finish();
  }
  map.finish();
  return layer;
}

}  // namespace

std::vector<std::string> profile_names(const net::Net& net) {
  std::vector<std::string> names;
  for (const auto& node : net.nodes()) {
    const auto weights = weights_of(net, node);
    if (!weights.empty() || node.op == "propagate") names.push_back(node.name);
    if (weights.size() > 1)
      for (const auto& weight : weights) names.push_back(node.name + "." + weight);
  }
  return names;
}

Profile parse_profile(std::string_view yaml, const net::Net& net, std::string_view place) {
  YamlMap map(parse_yaml_map(yaml, place), std::string(place));
  const auto known = profile_names(net);
  LayerProfile fallback;
  if (map.has("default")) fallback = overlay(fallback, map.map("default"));
  Profile profile;
  for (const auto& name : known)
    if (name.find('.') == std::string::npos || net.contains(name)) profile[name] = fallback;
  if (map.has("layers")) {
    YamlMap layers = map.map("layers");
    auto names = layers.names();
    // A node before its weights, so that "tcja1.time_weight" starts from what "tcja1" says.
    std::stable_sort(names.begin(), names.end(),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const auto& name : names) {
      if (std::find(known.begin(), known.end(), name) == known.end())
        fail_unknown("node", name, known, layers.place_of(name));
      const auto base = profile.count(name) ? profile.at(name) : profile.at(name.substr(0, name.rfind('.')));
      profile[name] = overlay(base, layers.map(name));
    }
  }
  for (const auto& name : known)
    if (!profile.count(name)) profile[name] = profile.at(name.substr(0, name.rfind('.')));
  map.finish();
  return profile;
}

Profile read_profile(const std::filesystem::path& path, const net::Net& net) {
  return parse_profile(read_file(path), net, path.string());
}

Profile with_activity(Profile profile, double density) {
  if (!(density >= 0 && density <= 1))
    fail(ErrorKind::usage, "activity", "expected a density in [0, 1], got {}", density);
  for (auto& [name, layer] : profile) layer.src_density = layer.dst_density = density;
  return profile;
}

}  // namespace tern::cost
