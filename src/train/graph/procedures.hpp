// The registry of procedures: every way to train a graph network, by name.
#pragma once

#include <string_view>
#include <vector>

#include "train/graph/procedure.hpp"

namespace tern::train {

/// In the order that `tern list procedures` prints.
const std::vector<const GraphProcedure*>& graph_procedure_table();
/// Errors: usage with the nearest known name.
const GraphProcedure& find_graph_procedure(std::string_view name);

/// Errors: usage for a parameter that the procedure has not, naming those it has.
void check_parameters(const MethodInfo& info, const GraphProcedureOptions& options);

/// Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks": draws every
/// weight of a linear node anew, uniform in +-sqrt(6 / (fan_in + fan_out)), from `seed` and its name. What graph
/// networks' papers start from; learn::Model starts from +-1/sqrt(fan_in).
void draw_glorot(learn::Model& model, std::uint64_t seed);

}  // namespace tern::train
