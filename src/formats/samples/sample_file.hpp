// Samples for a network from one file: an image, an array of NumPy, or plain floats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "net/types.hpp"

namespace tern::formats {

/// What a network takes.
struct SampleTarget {
  net::TensorType input;          ///< of its input node
  std::int64_t num_steps = 0;     ///< of inputs with time: steps that it runs with; 0: as many as the file has
  float byte_scale = 1.0F / 255;  ///< what one count of a byte is worth
  bool takes_images = true;       ///< whether its bytes are pixels; otherwise counts of events
  std::string array{};            ///< name inside an .npz file; empty: the only one
};

struct Samples {
  std::int64_t n = 1, num_steps = 1;
  std::vector<float> frames;  ///< [num_steps, n, shape...], as engine::Program::run takes them
};

/// Reads, by what the file holds rather than by its name:
///   - a JPEG, or a binary PGM or PPM: one sample; grey has one channel, colour three (red, green, blue). Never resized;
///   - .npy, .npz: [shape...] or [n, shape...]; with time [num_steps, shape...] or [n, num_steps, shape...]. Values as
///     they are, except that unsigned bytes are multiplied by byte_scale. One channel may be left out of images, [h, w];
///   - anything else, where its name ends with .f32, .raw or .bin: float32 of this machine in the order
///     [n, num_steps, shape...].
/// Errors: io; bad_data (damaged; not finite); unsupported (no such format); usage where shapes disagree, saying both,
/// where an archive holds several arrays, and for steps that are left open.
Samples read_samples(const std::filesystem::path& path, const SampleTarget& target);

/// The same from bytes, which may be hostile; `name` stands for the file's. Allocated at any time are at most
/// `least_sample_bytes`, `most_sample_bytes` for each byte (in an .npz file: for each unpacked byte, of which there are at
/// most `most_unpacked_bytes` for each of the file's), and as many for each value of the network's input.
inline constexpr std::size_t least_sample_bytes = std::size_t{1} << 20, most_sample_bytes = 16, most_unpacked_bytes = 1100;
Samples read_samples(std::string_view bytes, const std::filesystem::path& name, const SampleTarget& target);

}  // namespace tern::formats
