// The rows of transform_table(), one family a file.
#pragma once

#include "data/transform.hpp"

namespace tern::data::transforms {

/// Keeps an event only if one of its four neighbours had an event at most dt_us before it (tonic's Denoise).
extern const TransformRow denoise;

/// Scales the sensor to height x width: x -> floor(x * width / old width), y alike; all events are kept.
extern const TransformRow downsample;

/// With probability p: x -> width - 1 - x; y -> height - 1 - y; polarity -> not polarity.
extern const TransformRow flip_x, flip_y, flip_polarity;

/// t -> t + N(0, std_us), rounded; events are sorted again, keeping the order of equal times.
extern const TransformRow time_jitter;

/// (x, y) -> (x + N(0, std), y + N(0, std)), rounded; events that leave the sensor are dropped.
extern const TransformRow spatial_jitter;

/// Keeps events with start_us <= t - (time of the first event) < stop_us.
extern const TransformRow crop_time;

}  // namespace tern::data::transforms
