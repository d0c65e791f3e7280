// Residual blocks around a propagation and two linear layers, for graphs whose neighbours often differ.
#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions gcn_defaults{.layers = 5, .hidden = 512, .normalisation = "gcn", .norm = "layer"};
const GraphOptions sage_defaults{.layers = 5, .hidden = 512, .normalisation = "row", .norm = "layer"};

std::string add_norm(net::Net& net, const std::string& name, const std::string& src,
                     const GraphOptions& options) {
  if (options.norm == "none") return src;
  return net.add(name, options.norm == "batch" ? "batch_norm" : "layer_norm", {src});
}

std::string add_linear(net::Net& net, const std::string& name, const std::string& src,
                       std::int64_t features) {
  return net.add(name, "linear", {src}, {{"out_features", features}, {"bias", true}});
}

/// src + block(src): norm, propagation (`joined`: beside the node itself), linear, dropout, gelu, linear,
/// dropout.
std::string add_block(net::Net& net, std::int64_t layer, const std::string& src, bool joined,
                      const ArchitectureOptions& resolved) {
  const std::string number = std::to_string(layer);
  const GraphOptions& graph = resolved.graph;
  const std::string own = add_norm(net, "norm" + number, src, graph);
  std::string last = net.add("propagate" + number, "propagate", {own, "graph"}, propagation(graph));
  if (joined) last = net.add("concat" + number, "concat", {last, own});
  last = add_linear(net, "linear" + std::to_string(2 * layer - 1), last, graph.hidden);
  last = add_dropout(net, 2 * layer - 1, last, resolved);
  last = net.add("act" + number, "gelu", {last});
  last = add_linear(net, "linear" + std::to_string(2 * layer), last, graph.hidden);
  last = add_dropout(net, 2 * layer, last, resolved);
  return net.add("add" + number, "add", {src, last});
}

net::Net build(const ArchitectureOptions& options, const GraphOptions& defaults, const std::string& name,
               bool joined) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, name);
  net::Net net = start(name, resolved);
  std::string last = add_linear(net, "input_linear", "input", resolved.graph.hidden);
  last = add_dropout(net, 0, last, resolved);
  last = net.add("act0", "gelu", {last});
  for (std::int64_t layer = 1; layer <= resolved.graph.layers; ++layer)
    last = add_block(net, layer, last, joined, resolved);
  last = add_norm(net, "output_norm", last, resolved.graph);
  add_linear(net, "output_linear", last, resolved.num_classes);
  return net;
}

}  // namespace

/// Published training: dropout 0.2, Adam at 3e-5 for 1000 epochs without decay, 1 to 5 layers by validation.
const Architecture gcn_residual{
    .info = {"gcn-residual", "residual blocks of a norm, a graph convolution, two linear layers and gelu",
             "Platonov et al. 2023, A Critical Look at the Evaluation of GNNs under Heterophily (its GCN)",
             gnn_parameters(gcn_defaults)},
    .build =
        [](const ArchitectureOptions& options) {
          return build(options, gcn_defaults, "gcn-residual", false);
        },
};

const Architecture sage_residual{
    .info =
        {"sage-residual",
         "residual blocks of a norm, the neighbours' mean beside the node itself, two linear layers and gelu",
         "Platonov et al. 2023, A Critical Look at the Evaluation of GNNs under Heterophily (its SAGE)",
         gnn_parameters(sage_defaults)},
    .build =
        [](const ArchitectureOptions& options) {
          return build(options, sage_defaults, "sage-residual", true);
        },
};

}  // namespace tern::zoo::gnn
