// A request to stop (Ctrl-C, SIGTERM) that long work polls between steps, so that it can leave a checkpoint.
#pragma once

namespace tern {

/// Installs handlers for SIGINT and SIGTERM that only set the flag below; a second SIGINT kills as usual.
void install_stop_handlers();

/// True once somebody asked to stop. Safe from any thread.
bool stop_requested();

/// Sets or clears the request: for tests and for embedding programs with their own signal handling.
void request_stop(bool stop = true);

}  // namespace tern
