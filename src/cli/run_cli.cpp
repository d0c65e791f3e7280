#include <cstdio>
#include <cstdlib>
#include <functional>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "base/threads.hpp"
#include "cli/command.hpp"
#include "learn/memory.hpp"
#include "learn/torch.hpp"

namespace {

using namespace tern;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

const cli::AddCommand commands[] = {cli::add_study, cli::add_train, cli::add_compress, cli::add_cost, cli::add_pack,
                                    cli::add_run,   cli::add_bench, cli::add_diff,    cli::add_import, cli::add_export,
                                    cli::add_sensitivity, cli::add_show,  cli::add_data,     cli::add_graph,
                                    cli::add_list};

void set_up(const cli::GlobalOptions& globals) {
  learn::keep_freed_memory();
  install_stop_handlers();
  at::set_num_threads(globals.threads > 0 ? globals.threads : available_processors());
  set_log_sink([quiet = globals.quiet](LogLevel level, std::string_view line) {
    if (!quiet || level == LogLevel::warning)
      fmt::print(stderr, "{}{}\n", level == LogLevel::warning ? "warning: " : "", line);
  });
}

}  // namespace

namespace tern::cli {

int run_cli(int argc, char** argv) {
  // OpenBLAS picks half-speed kernels where these are exported; they must go before libtorch's first product.
  ::unsetenv("OPENBLAS_CORETYPE");
  ::unsetenv("OPENBLAS_L2_SIZE");
  CLI::App app("Tern: which network, trained how and compressed how, gives the best accuracy for the energy, memory and "
               "time I have?");
  app.name("tern");
  app.footer("First steps:\n"
             "  tern study studies/demo.yaml            the main job on bundled recordings: table, report, packed winner\n"
             "  tern list                               every method by name\n"
             "  tern COMMAND --help                     examples for each command");
  app.set_version_flag("--version", TERN_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  cli::GlobalOptions globals;
  app.add_flag("--json", globals.json, "print machine-readable output");
  app.add_flag("-q,--quiet", globals.quiet, "no progress");
  app.add_option("--threads", globals.threads, "threads to use (default: all processors)")->check(CLI::Range(1, 4096));
  std::function<int()> action;
  for (const auto add : commands) add(app, globals, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : exit_usage;
  }
  try {
    set_up(globals);
    return action();
  } catch (const Error& error) {
    fmt::print(stderr, "tern: {}\n", error.what());
    return error.kind() == ErrorKind::usage ? exit_usage : exit_failed;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "tern: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "tern: internal error: {}\n", error.what());
  }
  return exit_failed;
}

}  // namespace tern::cli
