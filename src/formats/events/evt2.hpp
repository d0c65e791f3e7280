// Prophesee EVT 2.0 (RAW files): little-endian 32-bit words.
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// Word types (bits 28..31): 0 / 1 an event off / on (time bits 22..27, x 11..21, y 0..10); 8 the upper 28
/// bits of the time, whose wrap-around (every 2^34 us) is undone; 10 external trigger, 14 other and 15
/// continued are skipped. Events before the first time word are skipped, as their time is unknown. Errors:
/// bad_data (truncated word, unknown word type, outside the sensor, time goes back). Source: Prophesee,
/// Metavision SDK documentation, "EVT 2.0 format".
Recording read_evt2(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
