#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions defaults{.layers = 2, .hidden = 8, .heads = 8};

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, "gat");
  const GraphOptions& graph = resolved.graph;
  net::Net net = start("gat", resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= graph.layers; ++layer) {
    const bool is_last = layer == graph.layers;
    const std::string number = std::to_string(layer);
    const std::int64_t heads = is_last ? 1 : graph.heads,
                       features = is_last ? resolved.num_classes : graph.hidden;
    last = add_dropout(net, layer, last, resolved);
    last = net.add("linear" + number, "linear", {last}, {{"out_features", heads * features}});
    last = net.add("attention" + number, "graph_attention", {last, "graph"},
                   {{"heads", heads}, {"dropout", resolved.dropout}, {"bias", true}});
    if (!is_last) last = net.add("act" + number, "elu", {last});
  }
  return net;
}

}  // namespace

/// 92,373 parameters at its defaults. The paper drops 0.6 of features and of coefficients, and decays all
/// (5e-4).
const Architecture gat{
    .info = {"gat", "attention over neighbours with elu: 8 heads of 8 features, one head for the classes",
             "Velickovic et al. 2018, Graph Attention Networks (dropout 0.6)", gnn_parameters(defaults)},
    .build = build,
};

}  // namespace tern::zoo::gnn
