#include "formats/samples/sample_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "formats/archive.hpp"
#include "formats/images/jpeg.hpp"
#include "formats/images/pnm.hpp"
#include "formats/numpy/numpy_array.hpp"

namespace tern::formats {
namespace {

class SampleFile {
 public:
  SampleFile(const std::filesystem::path& path, const SampleTarget& target)
      : path_(path), place_(path.string()), target_(target), size_(net::num_elements(target.input.shape)) {}

  Samples read() const {
    const std::string bytes = tern::read_file(path_);
    if (bytes.empty()) fail(ErrorKind::bad_data, place_, "is empty");
    Samples samples = decode(bytes);
    for (const float value : samples.frames)
      if (!std::isfinite(value)) fail(ErrorKind::bad_data, place_, "holds values that are not finite");
    return samples;
  }

 private:
  Samples decode(const std::string& bytes) const {
    if (bytes.starts_with("\xff\xd8\xff")) return from_image(read_jpeg(bytes, place_));
    if (is_pnm(bytes)) return from_image(read_pnm(bytes, place_));
    if (bytes.starts_with("\x93NUMPY")) return from_array(read_npy(bytes, place_));
    if (bytes.starts_with("PK\x03\x04")) return from_array(array_of_archive());
    const std::string extension = path_.extension().string();
    if (extension == ".f32" || extension == ".raw" || extension == ".bin") return from_floats(bytes);
    fail(ErrorKind::unsupported, place_,
         "expected a JPEG, PGM, PPM, .npy or .npz file, or float32 in a file that ends with .f32, .raw or .bin");
  }

  Samples from_image(const Image& image) const {
    if (!target_.takes_images) fail(ErrorKind::usage, place_, "the model was trained on frames of events, not on images");
    const net::Shape shape{image.channels, image.height, image.width};
    if (shape != target_.input.shape) refuse(net::to_string(shape));
    Samples samples = of_extent(1, 1);
    std::transform(image.pixels.begin(), image.pixels.end(), samples.frames.begin(),
                   [scale = target_.byte_scale](std::uint8_t pixel) { return static_cast<float>(pixel) * scale; });
    return samples;
  }

  NumpyArray array_of_archive() const {
    std::map<std::string, std::string> arrays;
    for_each_file(path_, [&](const std::string& name, std::string bytes) {
      arrays.insert_or_assign(name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name, std::move(bytes));
    });
    std::string names;
    for (const auto& [name, bytes] : arrays) names += (names.empty() ? "" : ", ") + name;
    if (target_.array.empty() && arrays.size() != 1)
      fail(ErrorKind::usage, place_, "holds {} arrays, name one of them: {}", arrays.size(), names);
    const auto found = target_.array.empty() ? arrays.begin() : arrays.find(target_.array);
    if (found == arrays.end()) fail(ErrorKind::usage, place_, "has no array '{}', only {}", target_.array, names);
    return read_npy(found->second, place_ + ": " + found->first);
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

  Samples from_floats(const std::string& bytes) const {
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
  return SampleFile(path, target).read();
}

}  // namespace tern::formats
