#include "zoo/options.hpp"

#include <algorithm>
#include <cmath>

namespace tern::zoo {

std::int64_t scaled(std::int64_t channels, double width) {
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(channels) * width));
}

ArchitectureOptions with_defaults(const ArchitectureOptions& options, const ArchitectureOptions& defaults,
                                  std::string_view architecture) {
  ArchitectureOptions resolved = options;
  if (!(options.width > 0.0) || options.width > 1024.0)
    fail(ErrorKind::usage, architecture, "width: expected a factor in (0, 1024], got {}", options.width);
  for (const std::int64_t count : {options.num_steps, options.num_classes})
    if (count < 0)
      fail(ErrorKind::usage, architecture, "expected a count of steps or classes, got {}", count);
  if (options.num_steps == 0) resolved.num_steps = defaults.num_steps;
  if (options.num_classes == 0) resolved.num_classes = defaults.num_classes;
  if (options.input_shape.empty()) resolved.input_shape = defaults.input_shape;
  if (options.channels.empty()) resolved.channels = defaults.channels;
  if (resolved.input_shape.size() != 3)
    fail(ErrorKind::usage, architecture, "input_shape: expected [c, h, w], got {}",
         net::to_string(resolved.input_shape));
  return resolved;
}

}  // namespace tern::zoo
