#include "data/transforms/transforms.hpp"

namespace tern::data::transforms {
namespace {

void apply_crop_time(formats::Recording& recording, const TransformParameters& parameters, Rng&) {
  if (recording.events.empty()) return;
  const std::int64_t first = recording.events.front().t_us;
  const auto start = first + static_cast<std::int64_t>(parameters.at("start_us"));
  const auto stop = first + static_cast<std::int64_t>(parameters.at("stop_us"));
  std::erase_if(recording.events,
                [&](const formats::Event& event) { return event.t_us < start || event.t_us >= stop; });
}

}  // namespace

const TransformRow crop_time{
    .info = {"crop_time",
             "keep the events of one span of time, counted from the first event",
             "tonic, CropTime",
             {{"start_us", "int", "0", "0..1e12", "first time kept"},
              {"stop_us", "int", "1e12", "0..1e12", "first time dropped again"}}},
    .ranges = {{0, 0, 1e12}, {1e12, 0, 1e12}},
    .random = false,
    .apply = apply_crop_time,
};

}  // namespace tern::data::transforms
