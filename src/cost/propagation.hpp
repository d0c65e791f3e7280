// Products of a graph's matrix with the features of its nodes: sparse times dense, row by row.
#pragma once

#include <set>
#include <string>

#include "cost/cost.hpp"
#include "cost/workload.hpp"

namespace tern::cost {

/// One `propagate` node: dst[i, :] = sum over the edges (i, j) of coefficient * src[j, :].
struct Propagation {
  std::string node;
  double nodes = 1;
  double edges = 0;  ///< directed, of the whole graph
  double features = 1;
  double self = 0;  ///< nodes that add themselves: all of them or none
  bool is_weighted =
      false;              ///< coefficients differ within a row; otherwise rows are summed without multiplying
  bool is_known = false;  ///< the graph's size was given; otherwise one node with its mean degree is counted
  double terms(double kept) const { return edges * kept + self; }  ///< of all sums together, for one feature
};

/// What the node asks for on `graph`, or, where its size is 0, for one node of the mean degree that the Net
/// states. Sums of all normalisations but sum, row and row-self multiply each term (a row of these has one
/// factor, which is not counted); factors of edges make every sum a weighted one.
Propagation propagation_of(const net::Net& net, const net::Node& node, const GraphSize& graph);

/// Names of the Net's nodes whose samples are nodes of the graph, so that there are GraphSize::nodes of them:
/// all that come from its input with neither readout nor pooling between. Empty without a graph.
std::set<std::string> nodes_with_a_row_a_node(const net::Net& net);

/// Bits of the matrix in the encoding uop (CSR): kept edges * (ceil(log2 nodes) + coefficient) + (nodes + 1)
/// * ceil(log2(kept edges + 1)); indices have 32 bits where the graph is not known. Coefficients have
/// weight_bits where the product is weighted and none otherwise.
double graph_bits(const Propagation& product, const LayerProfile& profile);

/// Energy, cycles and traffic of the product. The profile: src_bits of a message, weight_bits of a
/// coefficient, weight_density: share of the edges that is left. Features count as dense, for rows are
/// fetched whole.
///
/// Every term fetches a row of features from the on-chip memory, delivers it and adds it to a sum that stays
/// in the scratchpads until its row is complete. Features that do not fit into half of that memory are taken
/// either
///   by columns: as many features of all nodes as fit at a time; the matrix is read once each time, or
///   by rows:    each term's row comes from off chip,
/// whichever costs less energy. The matrix passes once a time through the memories that hold weights; a
/// coefficient is delivered to every element that works on its row's features. After the dataflow of Yan et
/// al. 2020, HyGCN (aggregation) and Geng et al. 2020, AWB-GCN (columns); no load imbalance between rows.
LayerCost evaluate_propagation(const Propagation& product, const LayerProfile& profile,
                               const Accelerator& accelerator, bool reads_net_input);

}  // namespace tern::cost
