// Between the Net's order, c, h, w, and the engine's, h, w, c.
#pragma once

#include <cstdint>

#include "net/types.hpp"

namespace tern::engine {

/// Whether an activation of this shape is stored in another order than the Net's: [c, h, w], neither c nor h * w one.
bool is_transposed(const net::Shape& shape);

/// src [frames, c, h, w] to dst [frames, h, w, c]; a copy where nothing is transposed. No overlap.
void to_channels_last(const net::Shape& shape, std::int64_t frames, const float* src, float* dst);
/// src [frames, h, w, c] to dst [frames, c, h, w].
void to_channels_first(const net::Shape& shape, std::int64_t frames, const float* src, float* dst);

}  // namespace tern::engine
