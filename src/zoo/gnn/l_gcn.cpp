#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions defaults{.layers = 2, .hidden = 16, .normalisation = "lgcn"};

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, "l-gcn");
  const GraphOptions& graph = resolved.graph;
  net::Net net = start("l-gcn", resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    const std::string number = std::to_string(layer);
    net.add("propagate" + number, "propagate", {last, "graph"}, propagation(graph));
    net.add("linear" + number, "linear", {"propagate" + number}, {{"out_features", graph.hidden}});
    last = net.add("act" + number, "relu", {"linear" + number});
  }
  net.add("classifier", "linear", {last}, {{"out_features", resolved.num_classes}});
  return net;
}

std::vector<ParameterInfo> parameters() {
  auto rows = gnn_parameters(defaults);
  std::erase_if(rows, [](const ParameterInfo& row) { return row.name == "dropout"; });
  return rows;
}

}  // namespace

/// Layers that training takes one after another; neither bias nor dropout.
const Architecture l_gcn{
    .info =
        {"l-gcn", "propagate, linear and relu, then a linear classifier: what layer-wise training makes",
         "You et al. 2020, L2-GCN: Layer-Wise and Learned Efficient Training of Graph Convolutional Networks",
         parameters()},
    .build = build,
};

}  // namespace tern::zoo::gnn
