// The largest connected part of a graph data set.
#pragma once

#include <string_view>

#include "graph/graph_data.hpp"

namespace tern::data {

/// `data` on the nodes of its largest connected component (the first of equal ones), in their order;
/// published splits lose the nodes that go. As Shchur et al. 2018 take their sets. Errors: usage where graphs
/// are classified.
graph::GraphData largest_component(const graph::GraphData& data, std::string_view place);

}  // namespace tern::data
