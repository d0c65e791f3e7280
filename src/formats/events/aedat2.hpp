// AEDAT 2.0 as jAER writes it for the DVS128 camera (128 x 128).
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// Header: lines that start with '#', the first "#!AER-DAT2.0". Then for each event a big-endian 32-bit
/// address and a big-endian 32-bit time in us (its wrap-around is undone): x = (a >> 1) & 127, y = (a >> 8) &
/// 127, polarity = a & 1. Addresses with bit 15 set are special (synchronisation) events and are skipped.
/// Errors: bad_data (truncated, address beyond 16 bits, time goes back); unsupported (a header that names a
/// chip other than the DVS128). Source: iniVation, "AEDAT file formats", version 2.0. Where we differ: jAER
/// shows bit 0 inverted and x mirrored; we give the stored values.
Recording read_aedat2(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
