// What nodes bring to the first layer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/graph_data.hpp"

namespace tern::data {

/// Features joined of parts, columns in the order asked: attributes, tags, degree, clustering
/// (GraphDataOptions). Bianchi, Grattarola and Alippi, "Spectral clustering with graph neural networks for
/// graph pooling", 2020, take all four. Parts that the set has not (tags, attributes) are left out. Dense up
/// to 512 columns, else sparse. Errors: usage for an unknown part, or where nothing is left.
void make_node_features(graph::GraphData& data, std::string_view parts, std::string_view place);

/// Each row divided by its sum; rows that sum to 0 stay.
void normalise_feature_rows(graph::Features& features);

/// Each column less its mean, over its deviation (of the population), both over `nodes` alone; columns that
/// are constant there become 0. Sparse features become dense. Errors: usage where nodes is empty.
void standardise_features(graph::Features& features, const std::vector<std::int32_t>& nodes);

/// Errors: bad_data naming the first node with a value that is not finite.
void check_finite(const graph::Features& features, std::string_view place);

}  // namespace tern::data
