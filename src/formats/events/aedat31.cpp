#include "formats/events/aedat31.hpp"

#include <array>

#include "formats/events/recorder.hpp"

namespace tern::formats {
namespace {

struct Sensor {
  std::string_view name;
  int width, height;
};
constexpr std::array sensors{Sensor{"DVS128", 128, 128}, Sensor{"DAVIS128", 128, 128},
                             Sensor{"DAVIS240", 240, 180}, Sensor{"DAVIS346", 346, 260},
                             Sensor{"DAVIS640", 640, 480}};

Sensor read_header(ByteReader& reader) {
  if (!reader.looking_at("#!AER-DAT3.1")) reader.fail_here("expected the line '#!AER-DAT3.1'");
  Sensor found{"", 0, 0};
  while (reader.looking_at("#")) {
    const std::string_view line = reader.line();
    if (line.starts_with("#!END-HEADER")) return found;
    if (!line.starts_with("#Source")) continue;
    for (const Sensor& sensor : sensors)
      if (line.find(sensor.name) != std::string_view::npos) found = sensor;
  }
  reader.fail_here("truncated: the header has no line '#!END-HEADER'");
}

struct PacketHeader {
  std::uint16_t type;
  std::uint32_t size, offset, overflow, capacity, number;
};

PacketHeader read_packet_header(ByteReader& reader) {
  PacketHeader header{};
  const std::size_t at = reader.offset();
  const std::string_view what = "a packet header";
  if (reader.left() < 28) reader.fail_here("truncated: {} needs 28 bytes, {} are left", what, reader.left());
  header.type = reader.u16(what);
  reader.u16(what);  // source
  header.size = reader.u32(what);
  header.offset = reader.u32(what);
  header.overflow = reader.u32(what);
  header.capacity = reader.u32(what);
  header.number = reader.u32(what);
  reader.u32(what);  // valid events: each event says so itself
  constexpr std::uint32_t polarity_size = 8;
  if (header.number > header.capacity || header.overflow > 0x7fffffff || header.size == 0 ||
      (header.type == 1 && (header.size != polarity_size || header.offset != 4)))
    reader.fail_at(
        at, "impossible packet header: type {}, {} bytes an event, time at {}, overflow {}, {} of {} events",
        header.type, header.size, header.offset, header.overflow, header.number, header.capacity);
  return header;
}

void read_polarity_packet(ByteReader& reader, const PacketHeader& header, Recorder& recorder) {
  for (std::uint32_t i = 0; i < header.number; ++i) {
    const std::size_t at = reader.offset();
    const std::uint32_t word = reader.u32("a polarity event");
    const std::uint32_t time = reader.u32("a polarity event");
    if (time > 0x7fffffff) reader.fail_at(at, "negative time {}", static_cast<std::int32_t>(time));
    if ((word & 1) == 0) continue;
    const std::int64_t t = std::int64_t{header.overflow} << 31 | std::int64_t{time};
    recorder.add(at, t, word >> 17, (word >> 2) & 0x7fff, (word & 2) != 0);
  }
}

}  // namespace

Recording read_aedat31(std::string_view bytes, std::string_view name) {
  ByteReader reader(bytes, name);
  const Sensor sensor = read_header(reader);
  Recorder recorder(reader, sensor.width, sensor.height);
  recorder.reserve(reader.left() / 8);
  while (!reader.at_end()) {
    const PacketHeader header = read_packet_header(reader);
    const std::uint64_t body = std::uint64_t{header.capacity} * header.size;
    const std::size_t start = reader.offset();
    if (body > reader.left())
      reader.fail_here("truncated: a packet of {} bytes, {} are left", body, reader.left());
    if (header.type == 1) read_polarity_packet(reader, header, recorder);
    reader.take(static_cast<std::size_t>(body) - (reader.offset() - start), "a packet");
  }
  return recorder.finish();
}

}  // namespace tern::formats
