// How each data set of the registry finds and reads its files. Private to data/graphs.
#pragma once

#include <string_view>

#include "data/graphs/graph_set.hpp"

namespace tern::data::graphs {

// Readers of rows: options are resolved. Errors: usage naming what was looked for; those of formats/graph.

graph::GraphData planetoid(const GraphDataOptions& options);  ///< ind.NAME.*, or a .npz of the same
graph::GraphData npz(const GraphDataOptions& options);        ///< any of the known .npz files of the set
graph::GraphData musae(const GraphDataOptions& options);      ///< NAME_edges.csv, NAME.json, NAME_target.csv
graph::GraphData small_graphs(const GraphDataOptions& options);    ///< NAME_A.txt .. (TU), or NAME.txt (GIN)
graph::GraphData graphsage(const GraphDataOptions& options);       ///< NAME-G.json ..
graph::GraphData open_benchmark(const GraphDataOptions& options);  ///< a folder of OGB with raw/ and split/
graph::GraphData edge_list(const GraphDataOptions& options);       ///< a text file
graph::GraphData block_model(const GraphDataOptions& options);     ///< generated

}  // namespace tern::data::graphs
