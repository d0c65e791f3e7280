// What the commands on graphs share.
#pragma once

#include <memory>

#include "cli/command.hpp"
#include "data/graphs/graph_set.hpp"

namespace tern::cli {

/// Adds --path, --split, --train-per-class, --features, --component, --node-features and the like. The data
/// set's name is the positional DATA, or --data.
std::shared_ptr<data::GraphDataOptions> add_graph_data_options(CLI::App& command, bool positional);

/// Adds the command that prints what a graph data set holds, under any name.
void add_graph_info(CLI::App& parent, const std::string& name, GlobalOptions& globals,
                    std::function<int()>& action);

/// tern graph train (graph_train.cpp), tern graph run (graph_run.cpp).
void add_graph_train(CLI::App& parent, GlobalOptions& globals, std::function<int()>& action);
void add_graph_run(CLI::App& parent, GlobalOptions& globals, std::function<int()>& action);

}  // namespace tern::cli
