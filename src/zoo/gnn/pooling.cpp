// Networks that classify graphs: three graph convolutions (propagate(linear x) + linear x) with a pooling
// between each two, then the mean over what is left. One pooling method a network.
#include "zoo/gnn/gnn.hpp"

#include <algorithm>

namespace tern::zoo::gnn {
namespace {

const GraphOptions defaults{.layers = 3, .hidden = 32, .clusters = 16};
constexpr std::int64_t assign_hidden = 16;  // of the perceptron that mincut's logits come from

/// Where the rows of `x` are, and the graph between them.
struct Place {
  std::string x, graph;
  bool is_coarse = false;  ///< behind soft clusters the matrix is normalised already
};

std::string matrix(const Place& at) {
  return at.is_coarse ? "sum" : "symmetric";
}

/// NAME = neighbours + own features; what it returns has no activation.
std::string add_graphconv(net::Net& net, const std::string& name, const Place& at, std::int64_t features) {
  net.add(name + "_neighbours", "linear", {at.x}, {{"out_features", features}});
  net.add(name + "_propagate", "propagate", {name + "_neighbours", at.graph},
          {{"normalisation", matrix(at)}});
  net.add(name + "_self", "linear", {at.x}, {{"out_features", features}, {"bias", true}});
  return net.add(name + "_add", "add", {name + "_propagate", name + "_self"});
}

Place add_pooling(net::Net& net, const std::string& name, const Place& at,
                  std::map<std::string, net::Attribute> coarsen) {
  net.add(name + "_x", "graph_pool", {at.x, name});
  net.add(name + "_graph", "graph_coarsen", {at.graph, name}, std::move(coarsen));
  return {name + "_x", name + "_graph", net.type(name).shape.size() == 1};
}

Place add_mincut(net::Net& net, const std::string& name, const Place& at, std::int64_t clusters) {
  net.add(name + "_hidden", "linear", {at.x}, {{"out_features", assign_hidden}, {"bias", true}});
  net.add(name + "_act", "relu", {name + "_hidden"});
  net.add(name + "_logits", "linear", {name + "_act"}, {{"out_features", clusters}, {"bias", true}});
  net.add(name, "mincut", {name + "_logits", at.graph}, {{"matrix", matrix(at)}});
  return add_pooling(net, name, at, {{"matrix", matrix(at)}});
}

Place add_diffpool(net::Net& net, const std::string& name, const Place& at, std::int64_t clusters) {
  net.add(name, "diffpool", {add_graphconv(net, name + "_logits", at, clusters), at.graph});
  return add_pooling(net, name, at, {{"matrix", "symmetric"}});
}

Place add_topk(net::Net& net, const std::string& name, const Place& at, std::int64_t) {
  net.add(name, "topk", {at.x, at.graph});
  return add_pooling(net, name, at, {});
}

Place add_sagpool(net::Net& net, const std::string& name, const Place& at, std::int64_t) {
  net.add(name, "sagpool", {add_graphconv(net, name + "_score", at, 1), at.graph});
  return add_pooling(net, name, at, {});
}

using Pooling = Place (*)(net::Net&, const std::string&, const Place&, std::int64_t clusters);

net::Net build_with(const std::string& architecture, Pooling pooling, const ArchitectureOptions& options) {
  const ArchitectureOptions resolved = with_graph_defaults(options, defaults, architecture);
  if (resolved.graph.clusters < 1)
    fail(ErrorKind::usage, architecture, "clusters: expected at least 1, got {}", resolved.graph.clusters);
  net::Net net = start(architecture, resolved);
  Place at{"input", "graph"};
  std::int64_t clusters = resolved.graph.clusters;
  for (std::int64_t layer = 1; layer <= resolved.graph.layers; ++layer) {
    const std::string number = std::to_string(layer), conv = "conv" + number;
    at.x = net.add(conv + "_act", "relu", {add_graphconv(net, conv, at, resolved.graph.hidden)});
    if (layer == resolved.graph.layers) break;
    at = pooling(net, "pool" + number, at, clusters);
    clusters = std::max<std::int64_t>(1, clusters / 2);
  }
  net.add("readout", "graph_readout", {at.x, at.graph});
  net.add("classifier", "linear", {"readout"}, {{"out_features", resolved.num_classes}, {"bias", true}});
  return net;
}

std::vector<ParameterInfo> parameters() {
  std::vector<ParameterInfo> rows = gnn_parameters(defaults);
  std::erase_if(rows, [](const ParameterInfo& row) { return row.name == "dropout"; });
  rows.push_back({"clusters", "int", std::to_string(defaults.clusters), "> 0",
                  "of the first soft pooling, published as half the mean number of nodes; later ones have "
                  "half as many"});
  return rows;
}

net::Net build_mincut(const ArchitectureOptions& o) {
  return build_with("mincut-net", add_mincut, o);
}
net::Net build_diffpool(const ArchitectureOptions& o) {
  return build_with("diffpool-net", add_diffpool, o);
}
net::Net build_topk(const ArchitectureOptions& o) {
  return build_with("topk-net", add_topk, o);
}
net::Net build_sagpool(const ArchitectureOptions& o) {
  return build_with("sagpool-net", add_sagpool, o);
}

}  // namespace

const Architecture mincut_net{
    .info = {"mincut-net", "three graph convolutions with mincut pooling between them: classes of graphs",
             "Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling",
             parameters()},
    .build = build_mincut,
};
const Architecture diffpool_net{
    .info = {"diffpool-net", "three graph convolutions with diffpool between them: classes of graphs",
             "Ying et al. 2018, in the setting of Bianchi et al. 2020", parameters()},
    .build = build_diffpool,
};
/// `clusters` does nothing in the last two: half of the nodes stay.
const Architecture topk_net{
    .info = {"topk-net", "three graph convolutions with topk between them: classes of graphs",
             "Gao and Ji 2019, in the setting of Bianchi et al. 2020", parameters()},
    .build = build_topk,
};
const Architecture sagpool_net{
    .info = {"sagpool-net", "three graph convolutions with sagpool between them: classes of graphs",
             "Lee et al. 2019, in the setting of Bianchi et al. 2020", parameters()},
    .build = build_sagpool,
};

}  // namespace tern::zoo::gnn
