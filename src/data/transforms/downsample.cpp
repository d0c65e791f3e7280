#include "data/transforms/transforms.hpp"

namespace tern::data::transforms {
namespace {

void apply_downsample(formats::Recording& recording, const TransformParameters& parameters, Rng&) {
  const int width = static_cast<int>(parameters.at("width"));
  const int height = static_cast<int>(parameters.at("height"));
  for (formats::Event& event : recording.events) {
    event.x = static_cast<std::int16_t>(event.x * width / recording.width);
    event.y = static_cast<std::int16_t>(event.y * height / recording.height);
  }
  recording.width = width;
  recording.height = height;
}

}  // namespace

const TransformRow downsample{
    .info = {"downsample",
             "scale the sensor; events of merged pixels add up",
             "tonic, Downsample",
             {{"height", "int", "32", "1..4096", "new height"},
              {"width", "int", "32", "1..4096", "new width"}}},
    .ranges = {{32, 1, 4096}, {32, 1, 4096}},
    .random = false,
    .apply = apply_downsample,
};

}  // namespace tern::data::transforms
