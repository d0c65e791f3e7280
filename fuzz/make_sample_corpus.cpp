// Writes the seeds of corpus/samples: images, arrays of NumPy and archives of them, and plain floats, for the networks of
// sample_file_fuzz.cpp.
//
//   make_sample_corpus FOLDER
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/seed.hpp"
#include "formats/images/image_files.hpp"
#include "formats/numpy/numpy_files.hpp"

namespace {

using namespace tern;
using namespace tern::formats;
using namespace tern::formats::testing;

Image image(int channels) {
  Image out{channels, 8, 8, {}};
  Rng rng(1);
  for (int i = 0; i < channels * 64; ++i) out.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  return out;
}

template <typename T>
std::string array(const std::string& type, const std::vector<std::int64_t>& shape, bool fortran = false) {
  std::vector<T> values;
  std::int64_t size = 1;
  for (const auto extent : shape) size *= extent;
  for (std::int64_t i = 0; i < size; ++i) values.push_back(static_cast<T>(i % 5));
  return npy<T>(type, shape, values, fortran);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  const auto write = [&](const std::string& name, const std::string& bytes) { write_file_atomically(folder + name, bytes); };
  for (const int channels : {1, 3})
    for (const bool progressive : {false, true})
      write("jpeg-" + std::to_string(channels) + (progressive ? "-progressive" : ""), jpeg(image(channels), progressive));
  const std::vector<std::uint8_t> grey = image(1).pixels, colour = image(3).pixels;
  write("pgm", "P5 # grey\n8 8\n255\n" + std::string(grey.begin(), grey.end()));
  write("ppm", "P6 8 8 255\n" + std::string(colour.begin(), colour.end()));
  write("npy-f4-row", array<float>("<f4", {4}));
  write("npy-f8-fortran", array<double>("<f8", {4, 2, 1, 2}, true));
  write("npy-i8-big", array<std::int64_t>(">i8", {2, 3, 2, 1, 2}));
  write("npy-u1-image", array<std::uint8_t>("|u1", {8, 8}));
  write("npy-u2-images", array<std::uint16_t>("<u2", {2, 3, 8, 8}));
  write("npy-b1", array<std::uint8_t>("|b1", {3, 2, 1, 2}));
  write_zip(folder + "npz-one", {{"x.npy", array<std::uint8_t>("|u1", {3, 8, 8})}});
  write_zip(folder + "npz-two", {{"x.npy", array<float>("<f4", {1, 8, 8})}, {"y.npy", array<std::int16_t>("<i2", {3, 4})}});
  write("floats", std::string(48, '\0') + std::string("\x00\x00\x80\x3f", 4) + std::string(44, '\0'));
  return 0;
}
