#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions defaults{.layers = 2, .hidden = 16, .normalisation = "lgcn"};

/// P x W without bias, the product first that makes the other's rows shorter: joint training of the same
/// network would otherwise multiply P with bags of words in every step.
std::string add_product(net::Net& net, const std::string& number, const std::string& src,
                        const GraphOptions& graph) {
  const bool shrinks = graph.hidden <= net.type(src).shape[0];
  const std::string linear = "linear" + number, propagate = "propagate" + number;
  if (!shrinks) net.add(propagate, "propagate", {src, "graph"}, propagation(graph));
  net.add(linear, "linear", {shrinks ? src : propagate}, {{"out_features", graph.hidden}});
  return shrinks ? net.add(propagate, "propagate", {linear, "graph"}, propagation(graph)) : linear;
}

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, "l-gcn");
  const GraphOptions& graph = resolved.graph;
  net::Net net = start("l-gcn", resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    const std::string number = std::to_string(layer);
    last = add_product(net, number, last, graph);
    last = net.add("act" + number, "relu", {last});
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
