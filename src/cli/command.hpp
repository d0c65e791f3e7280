// The shape of a command: it adds its options to the parser and says what to call.
//
// `cli` turns words on a command line into calls and results into text. Each command is one file in commands/ and one
// line in main.cpp. Data goes to standard output, progress and remarks to standard error.
#pragma once

#include <functional>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace tern::cli {

/// Options that every command understands.
struct GlobalOptions {
  bool json = false;
  bool quiet = false;
  int threads = 0;  ///< 0: all processors
};

/// The whole program: parses, runs one command, prints one line for an error. Returns the exit code: 0 done, 1 failed,
/// 2 wrong usage.
int run_cli(int argc, char** argv);

/// Registers a command on `app` and stores what to run in `action` when it was chosen.
using AddCommand = void (*)(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);

void add_study(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_train(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_compress(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_sensitivity(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_cost(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_pack(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_import(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_export(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_run(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_bench(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_diff(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_show(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_graph(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_list(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);
void add_data(CLI::App& app, GlobalOptions& globals, std::function<int()>& action);

}  // namespace tern::cli
