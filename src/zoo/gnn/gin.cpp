#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions node_defaults{.layers = 2, .hidden = 64, .normalisation = "sum", .norm = "batch"};
const GraphOptions graph_defaults{.layers = 4, .hidden = 64, .normalisation = "sum", .norm = "batch"};

/// Two linear layers behind the sum over the neighbours and 1 + eps times the node; the second one's output.
std::string add_layer(net::Net& net, std::int64_t layer, const std::string& src, std::int64_t features,
                      const GraphOptions& options) {
  auto attributes = propagation(options);
  attributes["eps"] = 1.0;
  attributes["train_eps"] = true;
  std::string last = add_convolution(net, 2 * layer - 1, src, options.hidden, std::move(attributes));
  last = add_activation(net, 2 * layer - 1, last, options);
  return net.add("linear" + std::to_string(2 * layer), "linear", {last},
                 {{"out_features", features}, {"bias", true}});
}

net::Net build_nodes(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, node_defaults, "gin");
  const GraphOptions& graph = resolved.graph;
  net::Net net = start("gin", resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    const bool is_last = layer == graph.layers;
    last = add_dropout(net, layer, last, resolved);
    last = add_layer(net, layer, last, is_last ? resolved.num_classes : graph.hidden, graph);
    if (!is_last) last = add_activation(net, 2 * layer, last, graph);
  }
  return net;
}

/// Scores of the graph from one layer's nodes, 0 being the input.
std::string add_scores(net::Net& net, std::int64_t layer, const std::string& src,
                       const ArchitectureOptions& resolved) {
  const std::string number = std::to_string(layer);
  net.add("readout" + number, "graph_readout", {src, "graph"}, {{"reduce", "sum"}});
  net.add("scores" + number, "linear", {"readout" + number},
          {{"out_features", resolved.num_classes}, {"bias", true}});
  return add_dropout(net, layer, "scores" + number, resolved);
}

net::Net build_graphs(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, graph_defaults, "gin-graph");
  const GraphOptions& graph = resolved.graph;
  net::Net net = start("gin-graph", resolved);
  std::string last = "input", sum = add_scores(net, 0, last, resolved);
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    last = add_layer(net, layer, last, graph.hidden, graph);
    last = add_activation(net, 2 * layer, last, graph);
    const std::string scores = add_scores(net, layer, last, resolved);
    sum = net.add("sum" + std::to_string(layer), "add", {sum, scores});
  }
  return net;
}

}  // namespace

const Architecture gin{
    .info = {"gin", "sums over neighbours and two linear layers, with batch norms, for classes of nodes",
             "Xu et al. 2019, How Powerful are Graph Neural Networks? (GIN-eps, its layers)",
             gnn_parameters(node_defaults)},
    .build = build_nodes,
};

const Architecture gin_graph{
    .info =
        {"gin-graph",
         "sums over neighbours and two linear layers; classes of graphs from the sums of every layer's nodes",
         "Xu et al. 2019, How Powerful are Graph Neural Networks? (GIN-eps, five layers with the input)",
         gnn_parameters(graph_defaults)},
    .build = build_graphs,
};

}  // namespace tern::zoo::gnn
