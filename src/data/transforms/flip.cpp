#include "data/transforms/transforms.hpp"

namespace tern::data::transforms {
namespace {

template <typename Flip>
void flip_with(formats::Recording& recording, const TransformParameters& parameters, Rng& rng, Flip flip) {
  if (rng.uniform() >= parameters.at("p")) return;
  for (formats::Event& event : recording.events) flip(event);
}

void apply_flip_x(formats::Recording& recording, const TransformParameters& parameters, Rng& rng) {
  flip_with(recording, parameters, rng, [&](formats::Event& event) {
    event.x = static_cast<std::int16_t>(recording.width - 1 - event.x);
  });
}

void apply_flip_y(formats::Recording& recording, const TransformParameters& parameters, Rng& rng) {
  flip_with(recording, parameters, rng, [&](formats::Event& event) {
    event.y = static_cast<std::int16_t>(recording.height - 1 - event.y);
  });
}

void apply_flip_polarity(formats::Recording& recording, const TransformParameters& parameters, Rng& rng) {
  flip_with(recording, parameters, rng, [](formats::Event& event) { event.polarity = !event.polarity; });
}

TransformRow flip_row(const char* name, const char* summary, decltype(TransformRow::apply) apply) {
  return {{name, summary, "", {{"p", "float", "1", "0..1", "probability of flipping a sample"}}},
          {{1, 0, 1}},
          true,
          apply};
}

}  // namespace

const TransformRow flip_x = flip_row("flip_x", "mirror left and right", apply_flip_x);
const TransformRow flip_y = flip_row("flip_y", "mirror top and bottom", apply_flip_y);
const TransformRow flip_polarity = flip_row("flip_polarity", "exchange on and off", apply_flip_polarity);

}  // namespace tern::data::transforms
