// The one sink for remarks that are not errors: libraries call log(), the program decides where it goes.
#pragma once

#include <functional>
#include <string_view>

namespace tern {

enum class LogLevel { info, warning };
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Sends one line (no newline) to the sink; dropped where none is set. Safe from any thread.
void log(LogLevel level, std::string_view line);

/// Replaces the sink and returns the earlier one.
LogSink set_log_sink(LogSink sink);

}  // namespace tern
