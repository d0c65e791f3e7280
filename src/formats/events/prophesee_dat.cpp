#include "formats/events/prophesee_dat.hpp"

#include "formats/events/prophesee_header.hpp"
#include "formats/events/recorder.hpp"

namespace tern::formats {

Recording read_prophesee_dat(std::string_view bytes, std::string_view name) {
  ByteReader reader(bytes, name);
  const PropheseeHeader header = read_prophesee_header(reader);
  if (header.version != 2)
    fail(ErrorKind::unsupported, name, "DAT version {} (only 2 is read)", header.version);
  const int type = reader.u8("the event type");
  const int size = reader.u8("the event size");
  if ((type != 0 && type != 12) || size != 8)
    fail(ErrorKind::unsupported, name, "DAT events of type {} and {} bytes (only types 0 and 12 of 8 bytes)",
         type, size);
  Recorder recorder(reader, header.width, header.height);
  recorder.reserve(reader.left() / 8);
  WrappingCounter clock(std::int64_t{1} << 32);
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::int64_t t = clock.unwrap(reader.u32("an event's time"));
    const std::uint32_t word = reader.u32("an event");
    recorder.add(at, t, word & 0x3fff, (word >> 14) & 0x3fff, (word >> 28) != 0);
  }
  return recorder.finish();
}

}  // namespace tern::formats
