#include "formats/events/evt2.hpp"

#include "formats/events/prophesee_header.hpp"
#include "formats/events/recorder.hpp"

namespace tern::formats {

Recording read_evt2(std::string_view bytes, std::string_view name) {
  ByteReader reader(bytes, name);
  const PropheseeHeader header = read_prophesee_header(reader);
  Recorder recorder(reader, header.width, header.height);
  recorder.reserve(reader.left() / 4);
  WrappingCounter high_words(std::int64_t{1} << 28);
  std::int64_t high = -1;
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::uint32_t word = reader.u32("an EVT2 word");
    const std::uint32_t type = word >> 28;
    switch (type) {
      case 0:
      case 1:
        if (high >= 0)
          recorder.add(at, high << 6 | ((word >> 22) & 63), (word >> 11) & 2047, word & 2047, type == 1);
        break;
      case 8: {
        const std::int64_t next = high_words.unwrap(word & 0x0fffffff);
        if (next < high) reader.fail_at(at, "time goes back from {} to {} us", high << 6, next << 6);
        high = next;
        break;
      }
      case 10:
      case 14:
      case 15:
        break;
      default:
        reader.fail_at(at, "unknown EVT2 word type {}", type);
    }
  }
  return recorder.finish();
}

}  // namespace tern::formats
