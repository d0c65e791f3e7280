#include "formats/events/aedat2.hpp"

#include "formats/events/recorder.hpp"

namespace tern::formats {
namespace {

void skip_header(ByteReader& reader, std::string_view name) {
  if (!reader.looking_at("#!AER-DAT2.0")) reader.fail_here("expected the line '#!AER-DAT2.0'");
  while (reader.looking_at("#")) {
    const std::string_view line = reader.line();
    const std::size_t chip = line.find("AEChip:");
    if (chip != std::string_view::npos && line.find("DVS128", chip) == std::string_view::npos)
      fail(ErrorKind::unsupported, name, "AEDAT 2.0 of another chip than the DVS128: '{}'", line);
  }
}

}  // namespace

Recording read_aedat2(std::string_view bytes, std::string_view name) {
  constexpr int sensor = 128;
  constexpr std::uint32_t special = 1u << 15;
  ByteReader reader(bytes, name);
  skip_header(reader, name);
  Recorder recorder(reader, sensor, sensor);
  recorder.reserve(reader.left() / 8);
  WrappingCounter clock(std::int64_t{1} << 32);
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::uint32_t address = reader.u32_big("an event's address");
    const std::int64_t t = clock.unwrap(reader.u32_big("an event's time"));
    if (address > 0xffff) reader.fail_at(at, "address {:#x} is not one of a DVS128 (16 bits)", address);
    if (address & special) continue;
    recorder.add(at, t, (address >> 1) & 127, (address >> 8) & 127, (address & 1) != 0);
  }
  return recorder.finish();
}

}  // namespace tern::formats
