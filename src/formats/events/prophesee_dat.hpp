// Prophesee DAT, version 2: decoded events.
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// Text header, a byte of event type (0 or 12: contrast detection), a byte of event size (8), then for each
/// event a little-endian 32-bit time in us (its wrap-around is undone) and 32 bits: x in 0..13, y in 14..27,
/// polarity in 28..31. The sensor comes from the header lines Width and Height; without them it is the
/// extents of the events. Errors: bad_data (truncated, outside the sensor, time goes back); unsupported
/// (other versions, types and sizes). Source: Prophesee, Metavision SDK documentation, "DAT file format";
/// Sironi et al., "HATS", 2018 (N-CARS).
Recording read_prophesee_dat(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
