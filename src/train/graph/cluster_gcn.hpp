// The procedure "cluster-gcn": train::train on the batches of ClusterSource.
#pragma once

#include "train/graph/procedure.hpp"

namespace tern::train {

/// The row "cluster-gcn" of the registry of procedures. Its notes say how the graph was cut. With the
/// parameter precompute, plans are refused, the checkpoint holds the network that reads [A X, X], and the
/// model is returned with its first propagation as "sum", so that it takes features as they are.
const GraphProcedure& cluster_gcn_procedure();

}  // namespace tern::train
