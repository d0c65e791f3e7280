// Small image files made in memory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>
#include <zlib.h>

#include "formats/events/event_files.hpp"
#include "formats/images/image.hpp"

namespace tern::formats::testing {

inline std::string idx_header(const std::vector<std::uint64_t>& shape) {
  std::string out{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const std::uint64_t extent : shape) out += big(extent, 4);
  return out;
}

inline std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// The image as a JPEG of quality 100 without subsampled colour; 4 channels are written as CMYK.
inline std::string jpeg(const Image& image, bool progressive = false) {
  jpeg_compress_struct state{};
  jpeg_error_mgr errors{};
  state.err = jpeg_std_error(&errors);
  jpeg_create_compress(&state);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&state, &memory, &size);
  state.image_width = static_cast<JDIMENSION>(image.width);
  state.image_height = static_cast<JDIMENSION>(image.height);
  state.input_components = image.channels;
  state.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, 100, TRUE);
  state.comp_info[0].h_samp_factor = state.comp_info[0].v_samp_factor = 1;
  if (progressive) jpeg_simple_progression(&state);
  jpeg_start_compress(&state, TRUE);
  const auto plane = static_cast<std::size_t>(image.height * image.width);
  const auto channels = static_cast<std::size_t>(image.channels),
             width = static_cast<std::size_t>(image.width);
  std::vector<JSAMPLE> row(channels * width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t c = 0; c < channels; ++c)
        row[x * channels + c] = image.pixels[c * plane + y * width + x];
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&state, &pointer, 1);
  }
  jpeg_finish_compress(&state);
  std::string out(reinterpret_cast<char*>(memory), size);
  jpeg_destroy_compress(&state);
  std::free(memory);
  return out;
}

/// An image whose channel c is `values[c]` everywhere.
inline Image plain_image(const std::vector<std::uint8_t>& values, int height, int width) {
  Image image{static_cast<int>(values.size()), height, width, {}};
  for (const std::uint8_t value : values)
    image.pixels.insert(image.pixels.end(), static_cast<std::size_t>(height * width), value);
  return image;
}

}  // namespace tern::formats::testing
