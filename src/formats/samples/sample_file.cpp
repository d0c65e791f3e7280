#include "formats/samples/sample_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "formats/archive.hpp"
#include "formats/images/jpeg.hpp"
#include "formats/images/pnm.hpp"
#include "formats/numpy/numpy_array.hpp"

namespace tern::formats {
namespace {

constexpr std::size_t most_named = 20;  // arrays in a message

class SampleFile {
 public:
  SampleFile(const std::filesystem::path& path, const SampleTarget& target)
      : path_(path), place_(path.string()), target_(target), size_(net::num_elements(target.input.shape)) {}

  Samples read(std::string_view bytes) const {
    if (bytes.empty()) fail(ErrorKind::bad_data, place_, "is empty");
    Samples samples = decode(bytes);
    for (const float value : samples.frames)
      if (!std::isfinite(value)) fail(ErrorKind::bad_data, place_, "holds values that are not finite");
    return samples;
  }

 private:
  Samples decode(std::string_view bytes) const {
    if (bytes.starts_with("\xff\xd8\xff")) {
      check_image(read_jpeg_header(bytes, place_));  // before pixels are allocated
      return from_image(read_jpeg(bytes, place_));
    }
    if (is_pnm(bytes)) return from_image(read_pnm(bytes, place_));
    if (bytes.starts_with("\x93NUMPY")) return from_array(read_npy(bytes, place_));
    if (bytes.starts_with("PK\x03\x04")) return from_array(array_of_archive(bytes));
    const std::string extension = path_.extension().string();
    if (extension == ".f32" || extension == ".raw" || extension == ".bin") return from_floats(bytes);
    fail(ErrorKind::unsupported, place_,
         "expected a JPEG, PGM, PPM, .npy or .npz file, or float32 in a file that ends with .f32, .raw or .bin");
  }

  void check_image(const Image& image) const {
    if (!target_.takes_images) fail(ErrorKind::usage, place_, "the model was trained on frames of events, not on images");
    const net::Shape shape{image.channels, image.height, image.width};
    if (shape != target_.input.shape) refuse(net::to_string(shape));
  }

  Samples from_image(const Image& image) const {
    check_image(image);
    Samples samples = of_extent(1, 1);
    std::transform(image.pixels.begin(), image.pixels.end(), samples.frames.begin(),
                   [scale = target_.byte_scale](std::uint8_t pixel) { return static_cast<float>(pixel) * scale; });
    return samples;
  }

  NumpyArray array_of_archive(std::string_view bytes) const {
    const std::uint64_t most = least_sample_bytes + most_unpacked_bytes * bytes.size();
    std::string names, chosen, content;
    std::size_t count = 0;
    for_each_zipped_file(
        bytes, place_,
        [&](const std::string& file, std::string unpacked) {
          const std::string name = file.ends_with(".npy") ? file.substr(0, file.size() - 4) : file;
          if (count++ < most_named) names += (count == 1 ? "" : ", ") + name;
          if (target_.array.empty() ? count > 1 : name != target_.array) return;
          chosen = name;
          content = std::move(unpacked);
        },
        {most, most});
    if (target_.array.empty() && count != 1)
      fail(ErrorKind::usage, place_, "holds {} arrays, name one of them: {}", count, names);
    if (chosen.empty()) fail(ErrorKind::usage, place_, "has no array '{}', only {}", target_.array, names);
    return read_npy(content, place_ + ": " + chosen);
  }

  Samples from_array(const NumpyArray& array) const {
    const net::Shape& shape = target_.input.shape;
    net::Shape got = array.shape;
    // An image of one channel is often an array without that axis.
    const bool lacks_channel = shape.size() == 3 && shape[0] == 1 && got.size() >= 2 && !ends_with_shape(got) &&
                               std::equal(shape.begin() + 1, shape.end(), got.end() - 2);
    if (lacks_channel) got.insert(got.end() - 2, 1);
    const std::size_t most_leading = target_.input.has_time ? 2 : 1, least_leading = most_leading - 1;
    const std::size_t leading = got.size() - std::min(got.size(), shape.size());
    if (!ends_with_shape(got) || leading < least_leading || leading > most_leading) refuse(net::to_string(array.shape));
    const std::int64_t n = leading == most_leading ? got[0] : 1;
    const std::int64_t num_steps = target_.input.has_time ? got[leading - 1] : 1;
    if (n == 0 || num_steps == 0) refuse(net::to_string(array.shape));
    check_steps(num_steps);
    Samples samples = of_extent(n, num_steps);
    std::vector<float> values = floats(array, place_);
    if (array.type == "u1")
      for (float& value : values) value *= target_.byte_scale;
    steps_first(values, samples);
    return samples;
  }

  Samples from_floats(std::string_view bytes) const {
    const auto num_steps = target_.input.has_time ? target_.num_steps : 1;
    if (num_steps == 0) fail(ErrorKind::usage, place_, "the model leaves its steps open: say how many a sample has");
    const auto sample_bytes = static_cast<std::size_t>(num_steps * size_) * sizeof(float);
    if (bytes.size() % sample_bytes != 0)
      refuse(fmt::format("{} bytes, no multiple of the {} of a sample", bytes.size(), sample_bytes));
    Samples samples = of_extent(static_cast<std::int64_t>(bytes.size() / sample_bytes), num_steps);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    steps_first(values, samples);
    return samples;
  }

  bool ends_with_shape(const net::Shape& shape) const {
    const net::Shape& end = target_.input.shape;
    return shape.size() >= end.size() && std::equal(end.begin(), end.end(), shape.end() - std::ssize(end));
  }

  void check_steps(std::int64_t num_steps) const {
    if (target_.input.has_time && target_.num_steps > 0 && num_steps != target_.num_steps)
      fail(ErrorKind::usage, place_, "the model runs with {} steps, the file has {}", target_.num_steps, num_steps);
  }

  Samples of_extent(std::int64_t n, std::int64_t num_steps) const {
    if (!target_.input.has_time) num_steps = 1;
    check_steps(num_steps);
    return {n, num_steps, std::vector<float>(static_cast<std::size_t>(n * num_steps * size_))};
  }

  /// From [n, num_steps, shape...] to [num_steps, n, shape...].
  void steps_first(const std::vector<float>& values, Samples& samples) const {
    for (std::int64_t sample = 0; sample < samples.n; ++sample)
      for (std::int64_t t = 0; t < samples.num_steps; ++t)
        std::copy_n(values.begin() + (sample * samples.num_steps + t) * size_, size_,
                    samples.frames.begin() + (t * samples.n + sample) * size_);
  }

  [[noreturn]] void refuse(const std::string& got) const {
    fail(ErrorKind::usage, place_, "the model takes {}, the file has {}", net::to_string(target_.input.shape), got);
  }

  const std::filesystem::path& path_;
  std::string place_;
  const SampleTarget& target_;
  std::int64_t size_;
};

}  // namespace

Samples read_samples(const std::filesystem::path& path, const SampleTarget& target) {
  return SampleFile(path, target).read(tern::read_file(path));
}

Samples read_samples(std::string_view bytes, const std::filesystem::path& name, const SampleTarget& target) {
  return SampleFile(name, target).read(bytes);
}

}  // namespace tern::formats
