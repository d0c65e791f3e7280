// What every image reader gives.
#pragma once

#include <cstdint>
#include <vector>

namespace tern::formats {

/// One image of bytes, channel planes one after another.
struct Image {
  int channels = 0;  ///< 1: grey; 3: red, green, blue
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;  ///< [channels, height, width]
};

}  // namespace tern::formats
