#include "formats/images/pnm.hpp"

#include <cctype>

#include "base/error.hpp"

namespace tern::formats {
namespace {

constexpr int most_pixels = 4096;  // each axis

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// The header's numbers, one after another.
class Header {
 public:
  Header(std::string_view bytes, std::string_view place) : bytes_(bytes), place_(place) {}

  int number(const char* name, int largest) {
    skip_space();
    int value = 0;
    const std::size_t first = at_;
    for (; at_ < bytes_.size() && std::isdigit(static_cast<unsigned char>(bytes_[at_])); ++at_) {
      value = 10 * value + (bytes_[at_] - '0');
      if (value > largest) fail(ErrorKind::bad_data, place_, "the image's {} is more than {}", name, largest);
    }
    if (at_ == first || value == 0) fail(ErrorKind::bad_data, place_, "the image has no {}", name);
    return value;
  }

  /// What follows the one white space behind the header.
  std::string_view pixels() const {
    if (at_ >= bytes_.size() || !is_space(bytes_[at_])) fail(ErrorKind::bad_data, place_, "the image's header is damaged");
    return bytes_.substr(at_ + 1);
  }

 private:
  void skip_space() {
    for (; at_ < bytes_.size() && (is_space(bytes_[at_]) || bytes_[at_] == '#'); ++at_)
      if (bytes_[at_] == '#')
        while (at_ + 1 < bytes_.size() && bytes_[at_] != '\n') ++at_;
  }

  std::string_view bytes_, place_;
  std::size_t at_ = 2;
};

}  // namespace

bool is_pnm(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && std::string_view("2356").find(bytes[1]) != std::string_view::npos &&
         (is_space(bytes[2]) || bytes[2] == '#');
}

Image read_pnm(std::string_view bytes, std::string_view place) {
  if (!is_pnm(bytes)) fail(ErrorKind::bad_data, place, "is no PGM or PPM image");
  if (bytes[1] == '2' || bytes[1] == '3') fail(ErrorKind::unsupported, place, "the text form of PGM and PPM is not read");
  Header header(bytes, place);
  const int channels = bytes[1] == '5' ? 1 : 3;
  const int width = header.number("width", most_pixels), height = header.number("height", most_pixels);
  const int largest = header.number("largest value", 65535);
  if (largest != 255) fail(ErrorKind::unsupported, place, "the largest value must be 255, is {}", largest);
  const std::string_view pixels = header.pixels();
  const std::size_t plane = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t expected = plane * static_cast<std::size_t>(channels);
  if (pixels.size() != expected)
    fail(ErrorKind::bad_data, place, "{} x {} pixels take {} bytes, there are {}", width, height, expected, pixels.size());
  Image image{channels, height, width, std::vector<std::uint8_t>(expected)};
  for (std::size_t i = 0; i < expected; ++i)
    image.pixels[i % static_cast<std::size_t>(channels) * plane + i / static_cast<std::size_t>(channels)] =
        static_cast<std::uint8_t>(pixels[i]);
  return image;
}

}  // namespace tern::formats
