// What the graph networks share: the rows that architecture_table.cpp lists and the pieces they repeat.
// Samples are nodes of graphs: the input is [features] without a time axis, beside it stands the node
// "graph". ArchitectureOptions::num_steps, channels and neuron are not read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zoo/options.hpp"

namespace tern::zoo::gnn {

extern const Architecture gcn;                                              // gcn.cpp
extern const Architecture sage, graphconv;                                  // sage.cpp
extern const Architecture gin, gin_graph;                                   // gin.cpp
extern const Architecture gat;                                              // gat.cpp
extern const Architecture gcn_residual, sage_residual;                      // residual.cpp
extern const Architecture cluster_gcn;                                      // cluster_gcn.cpp
extern const Architecture l_gcn;                                            // l_gcn.cpp
extern const Architecture mincut_net, diffpool_net, topk_net, sagpool_net;  // pooling.cpp
extern const Architecture mincut_clustering;                                // clustering.cpp

/// Options whose zeros and empty texts are replaced by `defaults`, by 1433 features and 7 classes (Cora's);
/// hidden is multiplied with width. Heads or a norm that `defaults` lacks are not read. Errors
/// (ErrorKind::usage, place: the architecture): an input that is not [features], counts out of range, a norm
/// that is not none, batch or layer.
ArchitectureOptions with_graph_defaults(const ArchitectureOptions& options, const GraphOptions& defaults,
                                        std::string_view architecture);

/// A Net with "input" and "graph".
net::Net start(std::string name, const ArchitectureOptions& resolved);

/// Appends dropINDEX where the probability is not 0; returns what to go on with.
std::string add_dropout(net::Net& net, std::int64_t index, std::string src,
                        const ArchitectureOptions& resolved);

/// Appends normINDEX where there is one (eps of a layer norm as given) and actINDEX, an `activation`.
std::string add_activation(net::Net& net, std::int64_t index, std::string src, const GraphOptions& options,
                           const std::string& activation = "relu", double eps = 1e-5);

/// M x W + bias: linearINDEX and propagateINDEX, the one first that makes the other's rows shorter.
/// `attributes` are those of propagate.
std::string add_convolution(net::Net& net, std::int64_t index, const std::string& src, std::int64_t features,
                            std::map<std::string, net::Attribute> attributes);

/// The attributes normalisation and lambda of propagate.
std::map<std::string, net::Attribute> propagation(const GraphOptions& options);

/// Rows of MethodInfo::parameters that every graph network accepts, with its own defaults (0 heads: it has
/// none).
std::vector<ParameterInfo> gnn_parameters(const GraphOptions& defaults);

}  // namespace tern::zoo::gnn
