#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions defaults{.layers = 2, .hidden = 16, .normalisation = "gcn", .norm = "none"};

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, "gcn");
  const GraphOptions& graph = resolved.graph;
  net::Net net = start("gcn", resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    const bool is_last = layer == graph.layers;
    last = add_dropout(net, layer, last, resolved);
    last =
        add_convolution(net, layer, last, is_last ? resolved.num_classes : graph.hidden, propagation(graph));
    if (!is_last) last = add_activation(net, layer, last, graph);
  }
  return net;
}

}  // namespace

/// 23,063 parameters at its defaults. Kipf and Welling decay linear1 alone (5e-4, added to the gradient).
const Architecture gcn{
    .info = {"gcn", "dropout, linear, propagate and relu: graph convolutions for classes of nodes",
             "Kipf and Welling 2017, Semi-Supervised Classification with Graph Convolutional Networks",
             gnn_parameters(defaults)},
    .build = build,
};

}  // namespace tern::zoo::gnn
