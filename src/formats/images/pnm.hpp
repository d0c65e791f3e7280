// Portable grey maps and pixel maps: .pgm and .ppm.
//
// "P5" (grey) or "P6" (red, green, blue at each pixel), width, height and the largest value as decimal numbers between
// white space, with comments from # to the end of a line; one white space; then the bytes, row by row. Source: the Netpbm
// project's pgm(5) and ppm(5).
#pragma once

#include <string>
#include <string_view>

#include "formats/images/image.hpp"

namespace tern::formats {

/// Whether the bytes begin as a PGM or PPM file does, in its binary or its text form.
bool is_pnm(std::string_view bytes);

/// Decodes the binary form, of up to 4096 x 4096 pixels with values up to 255. The largest value must be 255: pixels are
/// never scaled. Errors: bad_data at `place` (a damaged header, truncated, larger than allowed, bytes left over);
/// unsupported (the text form, two bytes a value, another largest value).
Image read_pnm(std::string_view bytes, std::string_view place);

}  // namespace tern::formats
