// JPEG images, through libjpeg.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "formats/images/image.hpp"

namespace tern::formats {

/// Whether the extension is that of JPEG: .jpg or .jpeg, in any case.
bool has_jpeg_extension(const std::filesystem::path& path);

/// Decodes a baseline or progressive JPEG of up to 4096 x 4096 pixels; `place` names it in errors. Grey
/// images have one channel, all others three. The integer transform of libjpeg ("islow") and its smooth
/// upsampling of colour, so that pixels do not depend on the processor. Thread-safe. Errors: bad_data (no
/// JPEG, damaged or truncated, larger than allowed, four channels).
Image read_jpeg(std::string_view bytes, const std::string& place);

/// Its header alone: an image without pixels. Errors: bad_data, as above.
Image read_jpeg_header(std::string_view bytes, const std::string& place);

/// Reads the file first. Errors: also io.
Image read_jpeg(const std::filesystem::path& path);

}  // namespace tern::formats
