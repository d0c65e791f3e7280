#include "base/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace tern {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void on_signal(int signal_number) {
  stop.store(true);
  std::signal(signal_number, SIG_DFL);
}

}  // namespace

void install_stop_handlers() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool stop_requested() { return stop.load(); }

void request_stop(bool value) { stop.store(value); }

}  // namespace tern
