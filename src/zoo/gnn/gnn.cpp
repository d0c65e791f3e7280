#include "zoo/gnn/gnn.hpp"

#include <algorithm>
#include <utility>

namespace tern::zoo::gnn {
namespace {

constexpr std::int64_t cora_features = 1433, cora_classes = 7;
constexpr std::int64_t most_layers = 256, most_features = 1 << 20;

void check_count(std::string_view architecture, std::string_view what, std::int64_t value,
                 std::int64_t most) {
  if (value < 1 || value > most)
    fail(ErrorKind::usage, architecture, "{}: expected 1 to {}, got {}", what, most, value);
}

}  // namespace

ArchitectureOptions with_graph_defaults(const ArchitectureOptions& options, const GraphOptions& defaults,
                                        std::string_view architecture) {
  ArchitectureOptions resolved = options;
  if (!(options.width > 0.0) || options.width > 1024.0)
    fail(ErrorKind::usage, architecture, "width: expected a factor in (0, 1024], got {}", options.width);
  if (options.num_classes == 0) resolved.num_classes = cora_classes;
  if (options.input_shape.empty()) resolved.input_shape = {cora_features};
  if (resolved.input_shape.size() != 1)
    fail(ErrorKind::usage, architecture, "input_shape: expected [features] of a node, got {}",
         net::to_string(resolved.input_shape));
  GraphOptions& graph = resolved.graph;
  if (graph.layers == 0) graph.layers = defaults.layers;
  if (graph.hidden == 0) graph.hidden = defaults.hidden;
  if (graph.heads == 0) graph.heads = defaults.heads;
  if (graph.normalisation.empty()) graph.normalisation = defaults.normalisation;
  if (graph.norm.empty()) graph.norm = defaults.norm;
  if (graph.clusters == 0) graph.clusters = defaults.clusters;
  check_count(architecture, "num_classes", resolved.num_classes, most_features);
  check_count(architecture, "layers", graph.layers, most_layers);
  check_count(architecture, "hidden", graph.hidden, most_features);
  if (defaults.heads > 0) check_count(architecture, "heads", graph.heads, 64);
  graph.hidden = scaled(graph.hidden, options.width);
  const std::vector<std::string> norms{"none", "batch", "layer"};
  if (!defaults.norm.empty() && std::find(norms.begin(), norms.end(), graph.norm) == norms.end())
    fail_unknown("norm", graph.norm, norms, architecture);
  return resolved;
}

net::Net start(std::string name, const ArchitectureOptions& resolved) {
  net::Net net(std::move(name));
  net.add("input", "input", {}, {{"shape", resolved.input_shape}, {"time", false}});
  net.add("graph", "graph", {}, {{"mean_degree", resolved.graph.mean_degree}});
  return net;
}

std::string add_dropout(net::Net& net, std::int64_t index, std::string src,
                        const ArchitectureOptions& resolved) {
  if (resolved.dropout == 0) return src;
  return net.add("drop" + std::to_string(index), "dropout", {std::move(src)}, {{"p", resolved.dropout}});
}

std::string add_activation(net::Net& net, std::int64_t index, std::string src, const GraphOptions& options,
                           const std::string& activation, double eps) {
  const std::string number = std::to_string(index);
  if (options.norm == "batch") src = net.add("norm" + number, "batch_norm", {std::move(src)});
  if (options.norm == "layer") src = net.add("norm" + number, "layer_norm", {std::move(src)}, {{"eps", eps}});
  return net.add("act" + number, activation, {std::move(src)});
}

std::string add_convolution(net::Net& net, std::int64_t index, const std::string& src, std::int64_t features,
                            std::map<std::string, net::Attribute> attributes) {
  const std::string linear = "linear" + std::to_string(index),
                    propagate = "propagate" + std::to_string(index);
  const bool shrinks = features <= net.type(src).shape[0];
  attributes["bias"] = shrinks;
  if (!shrinks) net.add(propagate, "propagate", {src, "graph"}, attributes);
  net.add(linear, "linear", {shrinks ? src : propagate}, {{"out_features", features}, {"bias", !shrinks}});
  return shrinks ? net.add(propagate, "propagate", {linear, "graph"}, attributes) : linear;
}

std::map<std::string, net::Attribute> propagation(const GraphOptions& options) {
  return {{"normalisation", options.normalisation}, {"lambda", options.lambda}};
}

std::vector<ParameterInfo> gnn_parameters(const GraphOptions& defaults) {
  std::vector<ParameterInfo> rows{
      {"num_classes", "int", std::to_string(cora_classes), "> 0", "classes"},
      {"input_shape", "int list", std::to_string(cora_features), "> 0", "features of a node"},
      {"layers", "int", std::to_string(defaults.layers), "1..256", "propagations"},
      {"hidden", "int", std::to_string(defaults.hidden), "> 0", "features of a hidden layer"},
      {"width", "float", "1", "> 0", "multiplies hidden"},
      {"dropout", "float", "0.5", "0..0.99", "probability of a zero"},
      {"mean_degree", "int", "0", ">= 0", "edges a node, for counting work"}};
  if (defaults.heads > 0)
    rows.push_back({"heads", "int", std::to_string(defaults.heads), "1..64", "of hidden layers"});
  if (!defaults.normalisation.empty()) {
    rows.push_back(
        {"normalisation", "string", defaults.normalisation, "as of propagate", "the graph's matrix"});
    rows.push_back({"lambda", "float", "1", ">= 0", "of the normalisation diagonal"});
  }
  if (!defaults.norm.empty())
    rows.push_back({"norm", "string", defaults.norm, "none|batch|layer", "behind hidden layers"});
  return rows;
}

}  // namespace tern::zoo::gnn
