// What this processor can do at most, as a yardstick for layers.
#pragma once

namespace tern::engine {

/// Multiplications and additions a second, in units of 1e9, of the dense kernel on 8-bit weights and codes at a shape that
/// suits it (1x1, 256 to 64 channels, 128 places: everything in the nearest caches), on one thread; measured for some
/// milliseconds.
double dense_int8_ceiling();

}  // namespace tern::engine
