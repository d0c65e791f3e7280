// AEDAT 3.1 as cAER writes it and DVS128 Gesture is published in.
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// Header: lines that start with '#', the first "#!AER-DAT3.1", the last "#!END-HEADER". Then packets: a
/// little-endian header of 28 bytes (type, source: 16 bits; size, time offset, time overflow, capacity,
/// number, valid: 32 bits) and `capacity` events of `size` bytes. Polarity packets (type 1): 32 bits with
/// valid in bit 0, polarity in bit 1, y in bits 2..16, x in bits 17..31, then a 31-bit time in us; t =
/// overflow * 2^31 + time. Packets of other types and invalid events are skipped. The sensor is taken from
/// the line "#Source 1: DVS128"; without a known name it is the extents of the events. Errors: bad_data
/// (truncated, impossible packet header, outside the sensor, time goes back). Source: iniVation, "AEDAT file
/// formats", version 3.1; Amir et al., "A Low Power, Fully Event-Based Gesture Recognition System", 2017 (the
/// data set).
Recording read_aedat31(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
