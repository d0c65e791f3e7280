#include "formats/events/nmnist_bin.hpp"

#include "formats/events/recorder.hpp"

namespace tern::formats {

Recording read_nmnist_bin(std::string_view bytes, std::string_view name) {
  constexpr int sensor = 34;
  constexpr int overflow_y = 240;
  constexpr std::int64_t overflow_us = 1 << 13;
  ByteReader reader(bytes, name);
  Recorder recorder(reader, sensor, sensor);
  recorder.reserve(bytes.size() / 5);
  std::int64_t overflow = 0;
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::string_view event = reader.take(5, "an N-MNIST event");
    const auto byte = [&](std::size_t i) { return std::int64_t{static_cast<std::uint8_t>(event[i])}; };
    if (byte(1) == overflow_y) {
      overflow += overflow_us;
      continue;
    }
    const std::int64_t t = (byte(2) & 0x7f) << 16 | byte(3) << 8 | byte(4);
    recorder.add(at, t + overflow, byte(0), byte(1), (byte(2) & 0x80) != 0);
  }
  return recorder.finish();
}

}  // namespace tern::formats
