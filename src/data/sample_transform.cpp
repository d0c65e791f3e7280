#include "data/sample_transform.hpp"

#include <cmath>

#include <fmt/format.h>

namespace tern::data {

FrameTransform sample_transform(const DataOptions& resolved) {
  FrameTransform transform;
  const auto append = [&](const std::string& text) {
    for (TransformStep& step : parse_transforms(text)) transform.steps.push_back(std::move(step));
  };
  if (resolved.denoise_us > 0) append(fmt::format("denoise:dt_us={}", resolved.denoise_us));
  append(resolved.transforms);
  if (resolved.height > 0)
    append(fmt::format("downsample:height={},width={}", resolved.height, resolved.width));
  transform.frames = {resolved.slicing == "time" ? Slicing::time : Slicing::count, resolved.num_steps,
                      std::llround(resolved.step_ms * 1000)};
  transform.seed = resolved.seed;
  return transform;
}

}  // namespace tern::data
