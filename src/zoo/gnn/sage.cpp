// Layers with one weight for the node itself and one for its neighbours.
#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions sage_defaults{.layers = 2, .hidden = 256, .normalisation = "row", .norm = "none"};
const GraphOptions graphconv_defaults{
    .layers = 2, .hidden = 32, .normalisation = "symmetric", .norm = "none"};

/// M (x W_neighbours) + x W_self + bias.
std::string add_two_paths(net::Net& net, std::int64_t index, const std::string& src, std::int64_t features,
                          const GraphOptions& options) {
  const std::string number = std::to_string(index);
  net.add("neighbours" + number, "linear", {src}, {{"out_features", features}});
  net.add("propagate" + number, "propagate", {"neighbours" + number, "graph"}, propagation(options));
  net.add("self" + number, "linear", {src}, {{"out_features", features}, {"bias", true}});
  return net.add("add" + number, "add", {"propagate" + number, "self" + number});
}

/// [M x, x] W + bias: the same with both weights side by side.
std::string add_joined(net::Net& net, std::int64_t index, const std::string& src, std::int64_t features,
                       const GraphOptions& options) {
  const std::string number = std::to_string(index);
  net.add("propagate" + number, "propagate", {src, "graph"}, propagation(options));
  net.add("concat" + number, "concat", {"propagate" + number, src});
  return net.add("linear" + number, "linear", {"concat" + number},
                 {{"out_features", features}, {"bias", true}});
}

net::Net build(const ArchitectureOptions& options, const GraphOptions& defaults, const std::string& name) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, name);
  const GraphOptions& graph = resolved.graph;
  net::Net net = start(name, resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    const bool is_last = layer == graph.layers;
    const std::int64_t features = is_last ? resolved.num_classes : graph.hidden;
    last = add_dropout(net, layer, last, resolved);
    // Neighbours are summed where rows are shorter.
    const bool shrinks = features <= net.type(last).shape[0];
    last = shrinks || name == "graphconv" ? add_two_paths(net, layer, last, features, graph)
                                          : add_joined(net, layer, last, features, graph);
    if (!is_last) last = add_activation(net, layer, last, graph);
  }
  return net;
}

}  // namespace

const Architecture sage{
    .info = {"sage", "mean of the neighbours beside the node itself, each with its own weight, and relu",
             "Hamilton et al. 2017, Inductive Representation Learning on Large Graphs (mean aggregator, all "
             "neighbours, "
             "rows not normalised)",
             gnn_parameters(sage_defaults)},
    .build = [](const ArchitectureOptions& options) { return build(options, sage_defaults, "sage"); },
};

const Architecture graphconv{
    .info = {"graphconv", "A x W + x W' with A = D^-1/2 A D^-1/2, and relu: graph convolutions with a skip",
             "Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling (its "
             "message passing)",
             gnn_parameters(graphconv_defaults)},
    .build =
        [](const ArchitectureOptions& options) { return build(options, graphconv_defaults, "graphconv"); },
};

}  // namespace tern::zoo::gnn
