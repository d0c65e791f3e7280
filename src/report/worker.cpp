// Who a worker is, and whether it still lives.
#include "report/worker.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

namespace tern::report {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

// Field 22 of /proc/PID/stat. The second field, the program's name, may hold spaces: count from its closing bracket.
std::int64_t start_ticks(std::int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(text.substr(bracket + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return std::strtoll(field.c_str(), nullptr, 10);
}

}  // namespace

Worker Worker::here(std::string name) {
  const std::int64_t pid = ::getpid();
  return {host_name(), pid, start_ticks(pid), std::move(name)};
}

std::string Worker::text() const { return fmt::format("{}|{}|{}|{}", host, pid, started, name); }

Worker parse_worker(const std::string& text) {
  Worker worker;
  std::istringstream parts(text);
  std::string pid, started;
  std::getline(parts, worker.host, '|');
  std::getline(parts, pid, '|');
  std::getline(parts, started, '|');
  std::getline(parts, worker.name, '\0');
  worker.pid = std::strtoll(pid.c_str(), nullptr, 10);
  worker.started = std::strtoll(started.c_str(), nullptr, 10);
  return worker;
}

bool is_gone(const Worker& worker) {
  if (worker.host != host_name() || worker.pid <= 0) return false;
  if (::kill(static_cast<pid_t>(worker.pid), 0) != 0 && errno == ESRCH) return true;
  const std::int64_t now = start_ticks(worker.pid);
  return worker.started > 0 && now > 0 && now != worker.started;
}

}  // namespace tern::report
