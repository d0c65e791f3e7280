// AEDAT 4.0 as iniVation's DV software writes it: FlatBuffers packets, each compressed by itself.
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// The line "#!AER-DAT4.0", a size-prefixed IOHeader (compression, position of the data table, XML
/// description of the streams), then packets {stream, size: little-endian 32 bits} up to the data table or,
/// where that is missing (an interrupted recording), the end of the file. The first stream of type EVTS is
/// read, all others are skipped. Its packets are a size-prefixed EventPacket {elements: [{t_us: int64, x:
/// int16, y: int16, polarity: bool}]}, stored plainly or compressed by LZ4 (frames) or Zstandard, each at
/// most 256 MiB unpacked. Every buffer is checked by the FlatBuffers verifier before use. Errors: bad_data
/// (truncated, corrupt, no event stream, outside the sensor, time goes back); unsupported (an unknown
/// compression).
/// Source: iniVation, "AEDAT file formats", version 4.0.
Recording read_aedat4(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
