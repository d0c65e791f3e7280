// Networks that learn from a graph alone, without labels.
#include "zoo/gnn/gnn.hpp"

namespace tern::zoo::gnn {
namespace {

const GraphOptions defaults{.layers = 1, .hidden = 16};

net::Net build_mincut_clustering(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, "mincut-clustering");
  net::Net net = start("mincut-clustering", resolved);
  std::string last = "input";
  for (std::int64_t layer = 1; layer <= resolved.graph.layers; ++layer) {
    const std::string number = std::to_string(layer);
    net.add("neighbours" + number, "linear", {last}, {{"out_features", resolved.graph.hidden}});
    net.add("propagate" + number, "propagate", {"neighbours" + number, "graph"},
            {{"normalisation", "symmetric"}});
    net.add("self" + number, "linear", {last}, {{"out_features", resolved.graph.hidden}, {"bias", true}});
    net.add("add" + number, "add", {"propagate" + number, "self" + number});
    last = net.add("act" + number, "elu", {"add" + number});
  }
  net.add("logits", "linear", {last}, {{"out_features", resolved.num_classes}, {"bias", true}});
  net.add("mincut", "mincut", {"logits", "graph"});
  net.add("clusters", "softmax", {"logits"});
  return net;
}

std::vector<ParameterInfo> parameters() {
  std::vector<ParameterInfo> rows = gnn_parameters(defaults);
  std::erase_if(rows, [](const ParameterInfo& row) { return row.name == "dropout"; });
  return rows;
}

}  // namespace

const Architecture mincut_clustering{
    .info = {"mincut-clustering",
             "a graph convolution and logits of clusters, trained on mincut's losses; the output is each "
             "node's share in them",
             "Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling",
             parameters()},
    .build = build_mincut_clustering,
};

}  // namespace tern::zoo::gnn
