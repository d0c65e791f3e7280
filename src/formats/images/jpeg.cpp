#include "formats/images/jpeg.hpp"

#include <algorithm>
#include <cctype>
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include <jerror.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern::formats {
namespace {

constexpr JDIMENSION most_pixels = 4096;  // each axis

/// libjpeg's state with errors that jump back to where `run` stands: no exception may pass through C frames.
class Decoder {
 public:
  Decoder(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {
    state_.err = jpeg_std_error(&errors_);
    errors_.error_exit = stop;
    errors_.emit_message = on_message;
    state_.client_data = this;
  }
  ~Decoder() { jpeg_destroy_decompress(&state_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  Image header() {
    if (bytes_.empty()) fail(ErrorKind::bad_data, place_, "not a readable JPEG: the file is empty");
    run(&Decoder::begin);
    if (state_.image_width > most_pixels || state_.image_height > most_pixels)
      fail(ErrorKind::bad_data, place_, "the image has {} x {} pixels: at most {} x {} are read",
           state_.image_width, state_.image_height, most_pixels, most_pixels);
    if (state_.num_components != 1 && state_.num_components != 3)
      fail(ErrorKind::bad_data, place_, "the image has {} channels: expected grey or colour",
           state_.num_components);
    return {state_.num_components, static_cast<int>(state_.image_height), static_cast<int>(state_.image_width), {}};
  }

  Image decode() {
    Image image = header();
    const std::size_t row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    image.pixels.resize(row * static_cast<std::size_t>(image.height));
    row_.resize(row);
    pixels_ = image.pixels.data();
    run(&Decoder::finish);
    return image;
  }

 private:
  /// Runs one stage. A stage holds no object with a destructor, since an error leaves it by longjmp.
  void run(void (Decoder::*stage)()) {
    if (setjmp(back_) == 0) {
      (this->*stage)();
      return;
    }
    fail(ErrorKind::bad_data, place_, "not a readable JPEG: {}", message_);
  }

  void begin() {
    jpeg_create_decompress(&state_);
    jpeg_mem_src(&state_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&state_, TRUE);
  }

  void finish() {
    state_.out_color_space = state_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    state_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&state_);
    const std::size_t width = state_.output_width, plane = width * state_.output_height;
    const int channels = state_.output_components;
    while (state_.output_scanline < state_.output_height) {
      JSAMPROW row = row_.data();
      std::uint8_t* dst = pixels_ + state_.output_scanline * width;
      jpeg_read_scanlines(&state_, &row, 1);
      for (int channel = 0; channel < channels; ++channel)
        for (std::size_t x = 0; x < width; ++x)
          dst[static_cast<std::size_t>(channel) * plane + x] =
              row[x * static_cast<std::size_t>(channels) + static_cast<std::size_t>(channel)];
    }
    jpeg_finish_decompress(&state_);
  }

  [[noreturn]] static void stop(j_common_ptr common) {
    auto* self = static_cast<Decoder*>(common->client_data);
    common->err->format_message(common, self->message_);
    std::longjmp(self->back_, 1);
  }

  /// libjpeg fills up what is missing and only warns; a sample of a data set must be whole. Stray bytes
  /// between two markers are common and harm nothing.
  static void on_message(j_common_ptr common, int level) {
    if (level < 0 && common->err->msg_code != JWRN_EXTRANEOUS_DATA) stop(common);
  }

  std::string_view bytes_;
  const std::string& place_;
  jpeg_error_mgr errors_{};
  jpeg_decompress_struct state_{};
  std::jmp_buf back_{};
  char message_[JMSG_LENGTH_MAX] = {};
  std::vector<JSAMPLE> row_;
  std::uint8_t* pixels_ = nullptr;
};

}  // namespace

bool has_jpeg_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg";
}

Image read_jpeg(std::string_view bytes, const std::string& place) { return Decoder(bytes, place).decode(); }

Image read_jpeg_header(std::string_view bytes, const std::string& place) { return Decoder(bytes, place).header(); }

Image read_jpeg(const std::filesystem::path& path) {
  return read_jpeg(tern::read_file(path), path.string());
}

}  // namespace tern::formats
