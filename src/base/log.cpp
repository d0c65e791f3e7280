#include "base/log.hpp"

#include <mutex>
#include <utility>

namespace tern {
namespace {

std::mutex& sink_mutex() {
  static std::mutex mutex;
  return mutex;
}

LogSink& current_sink() {
  static LogSink sink;
  return sink;
}

}  // namespace

void log(LogLevel level, std::string_view line) {
  const std::lock_guard lock(sink_mutex());
  if (current_sink()) current_sink()(level, line);
}

LogSink set_log_sink(LogSink sink) {
  const std::lock_guard lock(sink_mutex());
  return std::exchange(current_sink(), std::move(sink));
}

}  // namespace tern
