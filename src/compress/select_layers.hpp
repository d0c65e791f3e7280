// Which layers a step is for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compress/options.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// Whether `name` matches a glob with '*' and '?'.
bool matches_glob(std::string_view pattern, std::string_view name);

/// Weight names ("conv1.weight") of the nodes that options `only` and `except` leave, in Net order.
/// Errors: ErrorKind::usage, place "plan", for a pattern that matches no node with weights (nearest name given).
std::vector<std::string> select_weights(const learn::Model& model, const Options& options);

/// The node of a parameter's full name: "conv1.weight" -> "conv1".
std::string_view node_of(std::string_view parameter);

}  // namespace tern::compress
