// Prophesee EVT 3.0 (RAW files): little-endian 16-bit words that change a running state.
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// Word types (bits 12..15): 0 sets y; 2 an event at x (bits 0..10) with polarity (bit 11); 3 sets the base x
/// and polarity of vectors; 4 / 5 a vector: one event for each set bit of 12 / 8, after which the base moves
/// by 12 / 8; 6 / 8 the lower / upper 12 bits of the time, whose wrap-around (every 2^24 us) is undone; 7,
/// 10, 14, 15 (continued, trigger, other) are skipped. Events before the first upper time or the first y are
/// skipped. A changed upper half clears the lower one. Errors: bad_data (truncated word, unknown word type,
/// outside the sensor, time goes back). Source: Prophesee, Metavision SDK documentation, "EVT 3.0 format".
Recording read_evt3(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
