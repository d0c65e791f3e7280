// The text header that Prophesee's RAW (EVT2, EVT3) and DAT files share.
#pragma once

#include "formats/events/byte_reader.hpp"

namespace tern::formats {

/// What the lines "% keyword value" say of the sensor and the encoding; zero or empty where they do not say.
struct PropheseeHeader {
  int width = 0;
  int height = 0;
  std::string encoding;  ///< "2.0" or "3.0", from "% evt 3.0" or "% format EVT3;height=720;width=1280"
  int version = 0;       ///< of DAT files
};

/// Reads the header and leaves `reader` at the first byte after it. The sensor comes from "geometry WxH",
/// "Width" and "Height" or "format"; failing these from the generation in "plugin_name" (gen3: 640 x 480,
/// gen4: 1280 x 720). Errors: bad_data (a line without end).
PropheseeHeader read_prophesee_header(ByteReader& reader);

}  // namespace tern::formats
